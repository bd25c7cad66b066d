/** The review kinds: a POST asks, the answer comes back in `status`, nothing is stored. */
import type { Attributes, User } from './auth.ts'
import { bodyOf, type Call, respondPlain } from './call.ts'
import { decodeBody } from './decode/decode.ts'
import { record } from './equality.ts'
import { badRequest, field, invalid, methodNotAllowed } from './errors.ts'

export async function review(call: Call): Promise<Response> {
  const { kind, request } = call
  if (call.verb !== 'create') throw methodNotAllowed()
  const { object } = await decodeBody({
    bytes: await bodyOf(request),
    contentType: request.headers.get('content-type'),
    expected: kind,
  })
  const spec = record(object.spec) ?? {}
  const status = await answer(call, spec)
  const { metadata, ...rest } = object
  return respondPlain(call, { ...rest, metadata: { ...metadata }, status }, 201)
}

async function answer(call: Call, spec: Record<string, unknown>): Promise<object> {
  const { user } = call
  switch (call.kind.resource) {
    case 'selfsubjectreviews':
      return { userInfo: userInfo(user) }
    case 'selfsubjectaccessreviews':
      return verdict(call, user, spec)
    case 'localsubjectaccessreviews':
      checkLocal(call, spec)
      return verdict(call, subjectOf(call, spec), spec)
    case 'subjectaccessreviews':
      return verdict(call, subjectOf(call, spec), spec)
    case 'selfsubjectrulesreviews':
      return rulesOf(call, text(spec.namespace))
    case 'tokenreviews':
      return tokenReview(call, spec)
    default:
      throw badRequest(`reviews of kind ${call.kind.kind} are not modelled`)
  }
}

export const userInfo = ({ username, uid, groups, extra }: User): object => ({
  username,
  ...(uid ? { uid } : {}),
  groups,
  ...(extra ? { extra } : {}),
})

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** `evaluationError` names what RBAC stumbled over; it is the reason too. */
function verdict(call: Call, subject: User, spec: Record<string, unknown>): object {
  const { allowed, reason } = call.parts.authorizer.authorize(subject, attributesOf(call, spec))
  return { allowed, ...(reason ? { reason } : {}), ...(reason && !allowed ? { evaluationError: reason } : {}) }
}

function attributesOf({ kind }: Call, spec: Record<string, unknown>): Attributes {
  const nonResource = record(spec.nonResourceAttributes)
  const asked = record(spec.resourceAttributes)
  if (nonResource && !asked) return { path: text(nonResource.path), verb: text(nonResource.verb) }
  if (!asked || nonResource) {
    const says = nonResource
      ? field.invalid(
          'spec.nonResourceAttributes',
          nonResource,
          'cannot be specified in combination with resourceAttributes',
        )
      : field.invalid(
          'spec.resourceAttributes',
          null,
          'exactly one of nonResourceAttributes or resourceAttributes must be specified',
        )
    throw invalid(kind, '', [says])
  }
  return {
    verb: text(asked.verb),
    group: text(asked.group),
    resource: text(asked.resource),
    subresource: text(asked.subresource) || undefined,
    namespace: text(asked.namespace) || undefined,
    name: text(asked.name) || undefined,
  }
}

/** @throws StatusError 422 when nobody is named (kubernetes/kubernetes pkg/apis/authorization/validation/validation.go) */
function subjectOf({ kind }: Call, spec: Record<string, unknown>): User {
  const groups = Array.isArray(spec.groups) ? spec.groups.map(String) : []
  if (!spec.user && groups.length === 0)
    throw invalid(kind, '', [field.invalid('spec.user', '', 'at least one of user or group must be specified')])
  return { username: text(spec.user), groups }
}

function checkLocal({ kind, namespace = '' }: Call, spec: Record<string, unknown>): void {
  if (record(spec.nonResourceAttributes))
    throw invalid(kind, '', [
      field.invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, 'disallowed on this kind of request'),
    ])
  const asked = text(record(spec.resourceAttributes)?.namespace)
  if (asked !== namespace) throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`)
}

/** @throws StatusError 400 without a namespace, as upstream */
function rulesOf({ parts, user }: Call, namespace: string): object {
  if (namespace === '') throw badRequest('no namespace on request')
  const { rules, errors } = parts.authorizer.rulesFor(user, namespace)
  return {
    resourceRules: rules
      .filter(({ resources }) => resources?.length)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames?.length ? { resourceNames } : {}),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: errors.length > 0,
    ...(errors.length > 0 ? { evaluationError: errors.join(', ') } : {}),
  }
}

async function tokenReview({ parts }: Call, spec: Record<string, unknown>): Promise<object> {
  const audiences = Array.isArray(spec.audiences) ? spec.audiences.map(String) : undefined
  const found = await parts.tokens.verify(text(spec.token), audiences)
  if ('error' in found) return { user: {}, error: found.error }
  return { authenticated: true, user: userInfo(found.user), audiences: found.audiences }
}
