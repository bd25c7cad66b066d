/**
 * DestinationRules: which one a caller's sidecar goes by for a host, how several for one host merge, and the traffic
 * policy of a port or subset. Upstream: pilot/pkg/model/push_context.go (destinationRule, setDestinationRules),
 * pilot/pkg/model/destination_rule.go (mergeDestinationRule), pilot/pkg/networking/util/util.go
 * (GetPortLevelTrafficPolicy, MergeSubsetTrafficPolicy), pilot/pkg/model/sidecar.go (DestinationRule).
 */
import type { KubeObject } from '../../kube/api.ts'
import { fullName } from '../match/hosts.ts'
import { hasLabels, type Labels } from '../match/labels.ts'
import { type Fields, fields, isFields, labelMap, list, refOf, text, texts } from './read.ts'
import { exportedTo } from './registry.ts'
import { unmodelledParts } from './unmodelled.ts'

/** A piece of a policy with the place where it stands. */
export interface Placed {
  value: Fields
  object: KubeObject
  /** `spec.trafficPolicy.tls` */
  field: string
}

/** What a cluster is configured with. */
export interface TrafficPolicy {
  tls?: Placed
  connectionPool?: Placed
  outlierDetection?: Placed
  loadBalancer?: Placed
  /** A part that is not modelled. */
  unmodelled?: Placed
}

export interface Subset {
  name: string
  labels: Readonly<Record<string, string>>
  policy?: Placed
  object: KubeObject
  index: number
}

/** One host's rules as they count together. */
export interface MergedRule {
  /** The oldest. */
  object: KubeObject
  /** As it is written, capitals too: names of services have none, so such a rule is for nobody. */
  host: string
  namespace: string
  /** As it is written: `.` is a namespace of its own to istiod when rules merge. */
  exportTo: readonly string[]
  /** Present: only for callers of the rule's own namespace with these labels. */
  selector?: Readonly<Record<string, string>>
  policy?: Placed
  subsets: Subset[]
}

interface HostIndex {
  exact: Map<string, MergedRule[]>
  /** Longest first. */
  wildcard: [suffix: string, rules: MergedRule[]][]
}

export interface DestinationRules {
  root: string
  /** For callers in the namespace itself. */
  local: ReadonlyMap<string, HostIndex>
  /** For callers elsewhere: without the private ones. */
  exported: ReadonlyMap<string, HostIndex>
}

const readRule = (object: KubeObject): MergedRule => {
  const spec = fields(object.spec)
  const namespace = object.metadata.namespace ?? 'default'
  const selector = fields(spec.workloadSelector)
  return {
    object,
    host: fullName(text(spec.host) ?? '', namespace),
    namespace,
    // A rule for some workloads is never exported, whatever it says (setDestinationRules).
    exportTo: isFields(spec.workloadSelector) ? ['.'] : texts(spec.exportTo),
    ...(isFields(spec.workloadSelector) ? { selector: labelMap(selector.matchLabels) } : {}),
    ...(isFields(spec.trafficPolicy)
      ? { policy: { value: fields(spec.trafficPolicy), object, field: 'spec.trafficPolicy' } }
      : {}),
    subsets: list(spec.subsets).map((each, index) => {
      const subset = fields(each)
      const policy = isFields(subset.trafficPolicy)
        ? { value: fields(subset.trafficPolicy), object, field: `spec.subsets[${index}].trafficPolicy` }
        : undefined
      const base = { name: text(subset.name) ?? '', labels: labelMap(subset.labels), object, index }
      return policy === undefined ? base : { ...base, policy }
    }),
  }
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each) => b.includes(each))

const sameLabels = (a: Labels, b: Labels): boolean => hasLabels(a, b) && hasLabels(b, a)

/**
 * Adds a rule to those of its host: the older one's policy stays, subsets of new names are added. Whether it also stands
 * on its own is what the last of them says, as in mergeDestinationRule.
 */
const merge = (merged: MergedRule[], rule: MergedRule): void => {
  let apart = true
  for (const [at, old] of merged.entries()) {
    const same = sameSet(old.exportTo, rule.exportTo)
    const wider = old.exportTo.length > 0 && old.exportTo.every((each) => rule.exportTo.includes(each))
    apart = !same
    if (!same && !wider) continue
    const bothSelect = old.selector !== undefined && rule.selector !== undefined
    const alike = bothSelect ? sameLabels(old.selector, rule.selector) : old.selector === rule.selector
    if (bothSelect && !alike) {
      apart = true
      continue
    }
    if (alike) apart = false
    const known = new Set(old.subsets.map((each) => each.name))
    merged[at] = {
      ...old,
      ...(old.policy === undefined && rule.policy !== undefined ? { policy: rule.policy } : {}),
      subsets: [...old.subsets, ...rule.subsets.filter((each) => !known.has(each.name))],
    }
  }
  if (apart) merged.push(rule)
}

const indexOf = (rules: readonly MergedRule[]): HostIndex => {
  const byHost = new Map<string, MergedRule[]>()
  for (const rule of rules) {
    const found = byHost.get(rule.host)
    if (found === undefined) byHost.set(rule.host, [rule])
    else merge(found, rule)
  }
  const wildcard = [...byHost].filter(([host]) => host.startsWith('*'))
  return {
    exact: byHost,
    wildcard: wildcard
      .map(([host, found]): [string, MergedRule[]] => [host.slice(1), found])
      .sort(([a], [b]) => b.length - a.length),
  }
}

const perNamespace = (rules: readonly MergedRule[]): Map<string, HostIndex> => {
  const namespaces = new Map<string, MergedRule[]>()
  for (const rule of rules) namespaces.set(rule.namespace, [...(namespaces.get(rule.namespace) ?? []), rule])
  return new Map([...namespaces].map(([namespace, found]) => [namespace, indexOf(found)]))
}

/** `objects` oldest first. Rules with a selector are taken before those without, as istiod sorts them. */
export const readDestinationRules = (objects: readonly KubeObject[], root: string): DestinationRules => {
  const all = objects.map(readRule)
  const sorted = [...all.filter((rule) => rule.selector), ...all.filter((rule) => !rule.selector)]
  const isPrivate = ({ exportTo, namespace }: MergedRule): boolean =>
    exportTo.length === 1 && (exportTo[0] === '.' || exportTo[0] === namespace)
  // A rule that is exported to others alone does not count at home.
  const isLocal = (rule: MergedRule): boolean =>
    rule.namespace === root ? isPrivate(rule) : exportedTo(rule.exportTo, rule.namespace, rule.namespace)
  return {
    root,
    local: perNamespace(sorted.filter(isLocal)),
    exported: perNamespace(sorted.filter((rule) => !isPrivate(rule))),
  }
}

const mostSpecific = (index: HostIndex | undefined, host: string): readonly MergedRule[] | undefined =>
  index?.exact.get(host) ??
  index?.wildcard.find(([suffix]) => host.endsWith(suffix) && host.length > suffix.length)?.[1]

/**
 * The rule that a caller goes by: of its own namespace, else the service's, else the root namespace's; inside one the
 * exact host before wildcards. A rule that selects the caller comes before one for all.
 */
export const findRule = (
  rules: DestinationRules,
  about: { host: string; home: string; from: string; labels: Labels; outbound?: boolean },
): MergedRule | undefined => {
  const visible = (namespace: string): MergedRule[] =>
    (mostSpecific(rules.exported.get(namespace), about.host) ?? []).filter(
      ({ exportTo }) => exportTo.length === 0 || exportTo.includes('*') || exportTo.includes(about.from),
    )
  let found: readonly MergedRule[] = mostSpecific(rules.local.get(about.from), about.host) ?? []
  if (found.length === 0) found = visible(about.home)
  if (found.length === 0) found = visible(rules.root)
  const selected = found.find(
    (rule) =>
      about.outbound !== false &&
      rule.selector !== undefined &&
      rule.namespace === about.from &&
      hasLabels(rule.selector, about.labels),
  )
  return selected ?? found.findLast((rule) => rule.selector === undefined)
}

const part = (policy: Placed | undefined, name: string): Placed | undefined =>
  policy !== undefined && isFields(policy.value[name])
    ? { value: fields(policy.value[name]), object: policy.object, field: `${policy.field}.${name}` }
    : undefined

/** Settings for the service port replace the whole policy: nothing is inherited. */
const atPort = (policy: Placed, port: number): { policy: Placed; ofPort: boolean } => {
  const settings = list(policy.value.portLevelSettings)
  const index = settings.findIndex((each) => fields(fields(each).port).number === port)
  if (index < 0) return { policy, ofPort: false }
  const value = fields(settings[index])
  return {
    policy: { value, object: policy.object, field: `${policy.field}.portLevelSettings[${index}]` },
    ofPort: true,
  }
}

const partNames = ['tls', 'connectionPool', 'outlierDetection', 'loadBalancer'] as const

const partsOf = (policy: Placed): TrafficPolicy => {
  const parts: TrafficPolicy = {}
  for (const name of partNames) {
    const found = part(policy, name)
    if (found !== undefined) parts[name] = found
  }
  const unmodelled = unmodelledParts.map((name) => part(policy, name)).find((found) => found !== undefined)
  return unmodelled === undefined ? parts : { ...parts, unmodelled }
}

/** The policy of a cluster: the rule's for the port, overridden by the subset's. */
export const policyFor = (rule: MergedRule | undefined, port: number, subset?: Subset): TrafficPolicy => {
  const base = rule?.policy === undefined ? undefined : partsOf(atPort(rule.policy, port).policy)
  if (subset?.policy === undefined) return base ?? {}
  const own = atPort(subset.policy, port)
  const parts = partsOf(own.policy)
  return own.ofPort || base === undefined ? parts : { ...base, ...parts }
}

const tlsAt = (policy: Placed | undefined, port: number): Placed | undefined =>
  policy && (part(atPort(policy, port).policy, 'tls') ?? part(policy, 'tls'))

/**
 * The `tls` that istiod marks endpoints by. Unlike a cluster's it is inherited: settings for a port that have none leave
 * the rule's own (pilot/pkg/xds/endpoints/mtls_checker.go, tlsModeForDestinationRule).
 */
export const endpointTls = (rule: MergedRule | undefined, port: number, subset?: Subset): Placed | undefined =>
  tlsAt(subset?.policy, port) ?? tlsAt(rule?.policy, port)

export const refOfPlaced = (placed: Placed) => ({ object: refOf(placed.object), field: placed.field })
