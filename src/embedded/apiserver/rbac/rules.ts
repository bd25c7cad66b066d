/**
 * What a rule of a Role allows, and whether one set of rules covers another. Pure. Follows kubernetes/kubernetes
 * pkg/apis/rbac/v1/evaluation_helpers.go and staging/src/k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go.
 */
import type { Attributes } from '../auth.ts'

/** A rule as it stands in a Role or ClusterRole. */
export interface PolicyRule {
  verbs?: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

const holds = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value))

const urlMatches = (pattern: string, path: string): boolean =>
  pattern === '*' ||
  pattern === path ||
  (pattern.endsWith('*') && path.startsWith(pattern.slice(0, pattern.search(/\*+$/))))

const resourceMatches = (rule: PolicyRule, resource: string, subresource: string | undefined): boolean => {
  const combined = subresource ? `${resource}/${subresource}` : resource
  return holds(rule.resources, combined) || (!!subresource && !!rule.resources?.includes(`*/${subresource}`))
}

/** `pods` does not cover `pods/log`; `*` covers everything, `*` + `/log` the logs of whatever has some. */
export const ruleAllows = (rule: PolicyRule, asked: Attributes): boolean => {
  if (!holds(rule.verbs, asked.verb)) return false
  if ('path' in asked) return (rule.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, asked.path))
  return (
    holds(rule.apiGroups, asked.group) &&
    resourceMatches(rule, asked.resource, asked.subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(asked.name ?? ''))
  )
}

/** One rule per verb, group, resource and name, so that each can be looked for alone. */
const breakDown = (rule: PolicyRule): PolicyRule[] => {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const parts: PolicyRule[] = []
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if (resourceNames.length === 0) parts.push(part)
        for (const name of resourceNames) parts.push({ ...part, resourceNames: [name] })
      }
    }
  }
  for (const url of nonResourceURLs) for (const verb of verbs) parts.push({ nonResourceURLs: [url], verbs: [verb] })
  return parts
}

/** Whether the owner's rule covers a part that names one of each. */
const covers = (owner: PolicyRule, part: PolicyRule): boolean => {
  if (!holds(owner.verbs, part.verbs![0]!)) return false
  const [url] = part.nonResourceURLs ?? []
  if (url !== undefined) return (owner.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, url))
  const [resource = '', subresource] = part.resources![0]!.split('/')
  const names = owner.resourceNames ?? []
  return (
    holds(owner.apiGroups, part.apiGroups![0]!) &&
    resourceMatches(owner, resource, subresource) &&
    (names.length === 0 || (part.resourceNames?.length === 1 && names.includes(part.resourceNames[0]!)))
  )
}

/** What is missing from `owned` to cover `wanted`, verbs of the same resource together; empty when nothing is. */
export const missingRules = (owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] => {
  const missing = wanted.flatMap(breakDown).filter((part) => !owned.some((rule) => covers(rule, part)))
  const compact = new Map<string, PolicyRule>()
  for (const { verbs = [], ...rest } of missing) {
    // Only rules about resources are put together (kubernetes/kubernetes pkg/registry/rbac/validation/policy_compact.go).
    const key = JSON.stringify(rest.nonResourceURLs ? [rest, verbs] : rest)
    const known = compact.get(key)
    if (!known) compact.set(key, { ...rest, verbs: [...verbs] })
    else if (!known.verbs!.includes(verbs[0]!)) known.verbs!.push(...verbs)
  }
  return [...compact.values()]
}

const goList = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}` */
export const describeRule = (rule: PolicyRule): string => {
  const parts: [string, string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ]
  return `{${parts.flatMap(([name, values]) => (values?.length ? [`${name}:${goList(values)}`] : [])).join(', ')}}`
}
