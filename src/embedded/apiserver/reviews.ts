/** The review kinds: a POST asks, the answer comes back in `status`, nothing is stored. */
import { type Attributes, authorize, type User } from './auth.ts'
import { bodyOf, type Call, respondPlain } from './call.ts'
import { decodeBody } from './decode/decode.ts'
import { record } from './equality.ts'
import { badRequest, methodNotAllowed } from './errors.ts'

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
      return authorize(user, attributesOf(spec))
    case 'subjectaccessreviews':
    case 'localsubjectaccessreviews':
      return authorize(subjectOf(spec), attributesOf(spec))
    case 'selfsubjectrulesreviews':
      return rulesOf(user)
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

function attributesOf(spec: Record<string, unknown>): Attributes {
  const nonResource = record(spec.nonResourceAttributes)
  if (nonResource) return { path: text(nonResource.path), verb: text(nonResource.verb) }
  const asked = record(spec.resourceAttributes)
  if (!asked)
    throw badRequest(
      'spec.resourceAttributes: Required value: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
  return {
    verb: text(asked.verb),
    group: text(asked.group),
    resource: text(asked.resource),
    subresource: text(asked.subresource) || undefined,
    namespace: text(asked.namespace) || undefined,
    name: text(asked.name) || undefined,
  }
}

const subjectOf = (spec: Record<string, unknown>): User => ({
  username: text(spec.user),
  groups: Array.isArray(spec.groups) ? spec.groups.map(String) : [],
})

function rulesOf(user: User): object {
  const all = user.groups.includes('system:masters')
  return {
    resourceRules: all
      ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]
      : [
          {
            verbs: ['create'],
            apiGroups: ['authorization.k8s.io'],
            resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
          },
        ],
    nonResourceRules: all ? [{ verbs: ['*'], nonResourceURLs: ['*'] }] : [],
    incomplete: false,
  }
}

async function tokenReview({ parts }: Call, spec: Record<string, unknown>): Promise<object> {
  const audiences = Array.isArray(spec.audiences) ? spec.audiences.map(String) : undefined
  const found = await parts.tokens.verify(text(spec.token), audiences)
  if ('error' in found) return { user: {}, error: found.error }
  return { authenticated: true, user: userInfo(found.user), audiences: found.audiences }
}
