/**
 * Which requests a policy or a webhook speaks of: rules, selectors, exclusions. Follows kubernetes/kubernetes
 * staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates and plugin/policy/matching. `matchPolicy` makes no
 * difference, because a request is met in the version in which it came and the kinds here have one form.
 */
import type { LabelSelector } from '../../kube/kinds.ts'
import type { AdmissionRequest } from '../admission.ts'
import { selects } from '../kinds/selector.ts'
import type { Registry } from '../registry.ts'

export interface Rule {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
  resourceNames?: string[]
}

export interface MatchResources {
  resourceRules?: Rule[]
  excludeResourceRules?: Rule[]
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
}

const namespaces = { group: '', resource: 'namespaces' }
const holds = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value))

const resourceMatches = (pattern: string, resource: string, subresource = ''): boolean => {
  const [name, sub = ''] = pattern.split('/')
  if (pattern === '*/*') return true
  return (name === '*' || name === resource) && (sub === subresource || (sub === '*' && pattern.includes('/')))
}

export const ruleMatches = (rule: Rule, request: AdmissionRequest): boolean => {
  const { operation, group, resource, subresource, namespace, name = '', object, oldObject } = request
  const version = (object ?? oldObject)!.apiVersion.split('/').pop()!
  const isNamespaced = namespace !== undefined
  const { scope = '*' } = rule
  return (
    holds(rule.operations, operation) &&
    holds(rule.apiGroups, group) &&
    holds(rule.apiVersions, version) &&
    (rule.resources ?? []).some((pattern) => resourceMatches(pattern, resource, subresource)) &&
    (scope === '*' || (scope === 'Namespaced') === isNamespaced) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(name))
  )
}

/** A Namespace is chosen by its own labels, other cluster-wide objects always. An absent selector chooses everything. */
export const selectorsMatch = (
  registry: Registry,
  { namespaceSelector = {}, objectSelector = {} }: Pick<MatchResources, 'namespaceSelector' | 'objectSelector'>,
  { group, resource, namespace, object, oldObject }: AdmissionRequest,
): boolean => {
  const isNamespace = group === '' && resource === 'namespaces'
  const home = isNamespace ? (object ?? oldObject) : namespace ? registry.get(namespaces, namespace) : undefined
  if (home && !selects(namespaceSelector, home.metadata.labels)) return false
  return [object, oldObject].some((one) => one !== undefined && selects(objectSelector, one.metadata.labels))
}

export const matchesResources = (
  registry: Registry,
  match: MatchResources | undefined,
  request: AdmissionRequest,
  /** What no rules at all mean: everything for a binding, nothing for a policy. */
  withoutRules: boolean,
): boolean => {
  if (!match) return withoutRules
  if (!selectorsMatch(registry, match, request)) return false
  if (match.excludeResourceRules?.some((rule) => ruleMatches(rule, request))) return false
  const { resourceRules = [] } = match
  return resourceRules.length === 0 ? withoutRules : resourceRules.some((rule) => ruleMatches(rule, request))
}
