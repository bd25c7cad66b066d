/**
 * What an object uses of a quota's resources. Follows kubernetes/kubernetes pkg/quota/v1/evaluator/core (pods.go,
 * services.go, persistent_volume_claims.go). Not modelled: quotas of volume attributes classes and of device claims.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { PodObject, Quantities, ServiceObject } from '../../kinds/types.ts'
import type { GroupResource } from '../../registry.ts'
import { podResources } from '../pod-resources.ts'

export interface Quota extends KubeObject {
  spec?: {
    hard?: Quantities
    scopes?: string[]
    scopeSelector?: { matchExpressions?: ScopeRequirement[] }
  }
  status?: { hard?: Quantities; used?: Quantities }
}

export interface ScopeRequirement {
  scopeName: string
  operator: string
  values?: string[]
}

const isCore = (kind: GroupResource, resource: string): boolean => kind.group === '' && kind.resource === resource

/** Kinds that a quota counts by their plain name. */
const plainCounts = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
])
const withLimits = new Set(['cpu', 'memory', 'ephemeral-storage'])

const isOver = ({ status }: PodObject): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

const podUsage = (pod: PodObject): Quantities => {
  const spec = pod.spec ?? {}
  if (isOver(pod)) return {}
  const usage: Quantities = { pods: '1' }
  for (const [name, value] of Object.entries(podResources(spec, 'requests'))) {
    usage[`requests.${name}`] = value
    if (withLimits.has(name)) usage[name] = value
  }
  for (const [name, value] of Object.entries(podResources(spec, 'limits')))
    if (withLimits.has(name)) usage[`limits.${name}`] = value
  return usage
}

const serviceUsage = ({ spec }: ServiceObject): Quantities => {
  const isBalanced = spec?.type === 'LoadBalancer'
  const hasPorts = spec?.type === 'NodePort' || (isBalanced && spec?.allocateLoadBalancerNodePorts !== false)
  return {
    ...(isBalanced ? { 'services.loadbalancers': '1' } : {}),
    ...(hasPorts ? { 'services.nodeports': String(spec?.ports?.length ?? 0) } : {}),
  }
}

const claimUsage = (claim: KubeObject): Quantities => {
  const spec = claim.spec as { storageClassName?: string; resources?: { requests?: Quantities } } | undefined
  const storage = spec?.resources?.requests?.storage ?? '0'
  const ofClass = `${spec?.storageClassName}.storageclass.storage.k8s.io`
  return {
    'requests.storage': storage,
    ...(spec?.storageClassName
      ? { [`${ofClass}/requests.storage`]: storage, [`${ofClass}/persistentvolumeclaims`]: '1' }
      : {}),
  }
}

/** By the quota's names: `pods`, `requests.cpu`, `services.nodeports`, `count/deployments.apps`. */
export const usageOf = (kind: GroupResource, object: KubeObject): Quantities => ({
  [`count/${kind.resource}${kind.group ? `.${kind.group}` : ''}`]: '1',
  ...(kind.group === '' && plainCounts.has(kind.resource) ? { [kind.resource]: '1' } : {}),
  ...(isCore(kind, 'pods') ? podUsage(object as PodObject) : {}),
  ...(isCore(kind, 'services') ? serviceUsage(object as ServiceObject) : {}),
  ...(isCore(kind, 'persistentvolumeclaims') ? claimUsage(object) : {}),
})

const scopeHolds = ({ scopeName, operator, values = [] }: ScopeRequirement, { spec = {} }: PodObject): boolean => {
  const hasDeadline = (spec.activeDeadlineSeconds ?? -1) >= 0
  const isBestEffort = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].every(
    ({ resources }) =>
      Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length === 0,
  )
  switch (scopeName) {
    case 'Terminating':
      return hasDeadline
    case 'NotTerminating':
      return !hasDeadline
    case 'BestEffort':
      return isBestEffort
    case 'NotBestEffort':
      return !isBestEffort
    case 'PriorityClass': {
      const name = spec.priorityClassName ?? ''
      if (operator === 'Exists') return name !== ''
      if (operator === 'DoesNotExist') return name === ''
      return values.includes(name) === (operator === 'In')
    }
    default: // CrossNamespacePodAffinity
      return JSON.stringify(spec.affinity ?? {}).match(/"namespaces":\["|"namespaceSelector":\{/) !== null
  }
}

/** Scopes narrow a quota to some pods; what is no pod does not match a quota with scopes. */
export const isInScope = ({ spec }: Quota, kind: GroupResource, object: KubeObject): boolean => {
  const scopes: ScopeRequirement[] = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ]
  return (
    scopes.length === 0 || (isCore(kind, 'pods') && scopes.every((scope) => scopeHolds(scope, object as PodObject)))
  )
}

/** Kinds of which at least one of these resources speaks. */
export const isCounted = (kind: GroupResource, hard: readonly string[]): boolean => {
  const name = `${kind.resource}${kind.group ? `.${kind.group}` : ''}`
  return hard.some((resource) => {
    if (resource.startsWith('count/')) return resource === `count/${name}`
    if (kind.group !== '') return false
    if (plainCounts.has(resource)) return kind.resource === resource
    if (resource.startsWith('services.')) return kind.resource === 'services'
    if (resource === 'requests.storage' || resource.includes('.storageclass.storage.k8s.io/'))
      return kind.resource === 'persistentvolumeclaims'
    return kind.resource === 'pods'
  })
}
