/**
 * ValidatingAdmissionPolicies and their bindings. Follows kubernetes/kubernetes
 * staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/{dispatcher,validator}.go.
 *
 * Not modelled: audit annotations (there is no audit log), CONNECT requests such as exec, the `authorizer` variable.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../admission.ts'
import { failure } from '../../apiserver/errors.ts'
import { qualifiedResource, splitApiVersion } from '../../apiserver/kind-table.ts'
import { toCel } from '../../crds/cel/values.ts'
import type { PolicyBinding, ValidatingPolicy, Validation } from '../../kinds/admission-policies.ts'
import { selects } from '../../kinds/selector.ts'
import type { Registry } from '../../registry.ts'
import { matchesResources } from '../match.ts'
import { type Bindings, compileExpression } from './engine.ts'
import { requestOf } from './request.ts'

const group = 'admissionregistration.k8s.io'
const policies = { group, resource: 'validatingadmissionpolicies' }
const bindings = { group, resource: 'validatingadmissionpolicybindings' }
const namespaces = { group: '', resource: 'namespaces' }

/** Policies never judge themselves, so that a wrong one can be taken away. */
const exempt = /^(validating|mutating)admissionpolic(ies|ybindings)$/

interface Denial {
  message: string
  reason?: string
}

/** What went wrong before anything could be judged: counts as a denial unless the policy ignores failures. */
class ConfigurationError extends Error {}

const evaluate = (source: string, values: Bindings): unknown => {
  const expression = compileExpression(source)
  if ('problem' in expression) throw new Error(`compilation error: ${expression.problem}`)
  return expression.evaluate(values)
}

/** Each variable is worked out when it is first asked for, and may use those before it. */
const withVariables = (policy: ValidatingPolicy, values: Bindings): Bindings => {
  const variables = {}
  const all = { ...values, variables }
  for (const { name = '', expression = '' } of policy.spec?.variables ?? [])
    Object.defineProperty(variables, name, {
      enumerable: true,
      configurable: true,
      get: () => {
        const value = evaluate(expression, all)
        Object.defineProperty(variables, name, { value, enumerable: true })
        return value
      },
    })
  return all
}

const messageOf = ({ message = '', messageExpression, expression = '' }: Validation, values: Bindings): string => {
  if (messageExpression) {
    try {
      const text = evaluate(messageExpression, values)
      if (typeof text === 'string' && text.trim() !== '' && !text.includes('\n')) return text.trim()
    } catch {
      // The plain message stands in, as upstream does it.
    }
  }
  return message.trim() || `failed expression: ${expression.trim()}`
}

/** What the policy says against the request, with one set of parameters. */
const judge = (policy: ValidatingPolicy, values: Bindings): Denial[] => {
  const { matchConditions = [], validations = [], failurePolicy } = policy.spec ?? {}
  const failed = (error: unknown): Denial[] =>
    failurePolicy === 'Ignore' ? [] : [{ message: error instanceof Error ? error.message : String(error) }]
  try {
    for (const { expression = '' } of matchConditions) if (evaluate(expression, values) !== true) return []
  } catch (error) {
    return failed(error)
  }
  return validations.flatMap((validation): Denial[] => {
    try {
      if (evaluate(validation.expression ?? '', values) === true) return []
      return [{ message: messageOf(validation, values), reason: validation.reason }]
    } catch (error) {
      return failed(error)
    }
  })
}

const codes: Record<string, number> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 }

export const validatingPolicyPlugin = (registry: Registry): AdmissionPlugin => {
  /** @throws ConfigurationError */
  const paramsOf = (policy: ValidatingPolicy, binding: PolicyBinding, namespace?: string): (KubeObject | null)[] => {
    const { paramKind } = policy.spec ?? {}
    const { paramRef } = binding.spec ?? {}
    if (!paramKind || !paramRef) return [null]
    const { apiVersion = '', kind: name } = paramKind
    const kind = registry.kinds().find((one) => one.kind === name && one.group === splitApiVersion(apiVersion).group)
    if (!kind)
      throw new ConfigurationError(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${name}'`)
    const home = kind.namespaced ? paramRef.namespace || namespace : undefined
    if (kind.namespaced && !home)
      throw new ConfigurationError(
        'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
      )
    const found = paramRef.name
      ? [registry.get(kind, paramRef.name, home)].filter((object) => object !== undefined)
      : registry.list(kind, {
          namespace: home,
          where: (object) => selects(paramRef.selector ?? {}, object.metadata.labels),
        })
    if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny')
      throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction')
    return found
  }

  const refuse = (request: AdmissionRequest, message: string, reason = 'Invalid') => {
    const { resource, name = '' } = request
    const about = { group: request.group, resource }
    return failure(
      codes[reason] ?? 422,
      reason,
      `${qualifiedResource(about)}${name ? ` "${name}"` : ''} is forbidden: ${message}`,
      {
        ...(name ? { name } : {}),
        ...(about.group ? { group: about.group } : {}),
        kind: resource,
        causes: [{ message }],
      },
    )
  }

  const apply = (policy: ValidatingPolicy, request: AdmissionRequest): void => {
    const base = {
      object: toCel(undefined, request.object ?? null),
      oldObject: toCel(undefined, request.oldObject ?? null),
      request: requestOf(request),
      namespaceObject: toCel(undefined, registry.get(namespaces, request.namespace ?? '') ?? null),
      variables: {},
    }
    for (const object of registry.list(bindings)) {
      const binding = object as PolicyBinding
      const { policyName, matchResources, validationActions = [] } = binding.spec ?? {}
      if (policyName !== policy.metadata.name || !matchesResources(registry, matchResources, request, true)) continue
      const where = `ValidatingAdmissionPolicy '${policyName}' with binding '${binding.metadata.name}'`
      let denials: Denial[]
      try {
        denials = paramsOf(policy, binding, request.namespace).flatMap((params) =>
          judge(policy, withVariables(policy, { ...base, params: toCel(undefined, params) })),
        )
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        if (policy.spec?.failurePolicy === 'Ignore') continue
        throw refuse(request, `${where} denied request: failed to configure binding: ${error.message}`)
      }
      if (validationActions.includes('Warn'))
        for (const { message } of denials) request.warn(`Validation failed for ${where}: ${message}`)
      const [first] = denials
      if (first && validationActions.includes('Deny'))
        throw refuse(request, `${where} denied request: ${first.message}`, first.reason)
    }
  }

  return {
    name: 'ValidatingAdmissionPolicy',
    validate: (request) => {
      if (request.group === group && exempt.test(request.resource)) return
      for (const policy of registry.list(policies) as ValidatingPolicy[])
        if (matchesResources(registry, policy.spec?.matchConstraints, request, false)) apply(policy, request)
    },
  }
}
