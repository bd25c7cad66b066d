/**
 * LimitRanges: fill in what containers leave out, and refuse pods and claims outside of the range. Follows
 * kubernetes/kubernetes plugin/pkg/admission/limitranger/admission.go. Not modelled: pod-level resources.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { forbidden } from '../apiserver/errors.ts'
import type { Limit, LimitRange } from '../kinds/limits.ts'
import { parseQuantity } from '../kinds/quantity.ts'
import type { ContainerSpec, PodObject, PodSpec, Quantities } from '../kinds/types.ts'
import type { Registry } from '../registry.ts'
import { addQuantities } from './pod-resources.ts'

const limitRanges = { group: '', resource: 'limitranges' }
const annotation = 'kubernetes.io/limit-ranger'

interface Claim extends KubeObject {
  spec?: { resources?: { requests?: Quantities; limits?: Quantities } }
}

const amount = (value: string | number | undefined): number => parseQuantity(value ?? 0) ?? 0
const byName = (list: Quantities | undefined): [string, string][] =>
  Object.entries(list ?? {})
    .map(([name, value]): [string, string] => [name, String(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** Requests and limits of one thing against one limit, in the plugin's words. */
const breaches = (limit: Limit, requests: Quantities = {}, limits: Quantities = {}): string[] => {
  const { type } = limit
  const found: (string | undefined)[] = []
  for (const [name, value] of byName(limit.min)) {
    const says = `minimum ${name} usage per ${type} is ${value}`
    if (requests[name] === undefined) found.push(`${says}.  No request is specified`)
    else if (amount(requests[name]) < amount(value)) found.push(`${says}, but request is ${requests[name]}`)
    else if (limits[name] !== undefined && amount(limits[name]) < amount(value))
      found.push(`${says}, but limit is ${limits[name]}`)
  }
  for (const [name, value] of byName(limit.max)) {
    const says = `maximum ${name} usage per ${type} is ${value}`
    if (limits[name] === undefined) found.push(`${says}.  No limit is specified`)
    else if (amount(limits[name]) > amount(value)) found.push(`${says}, but limit is ${limits[name]}`)
    else if (amount(requests[name]) > amount(value)) found.push(`${says}, but request is ${requests[name]}`)
  }
  for (const [name, value] of byName(limit.maxLimitRequestRatio)) {
    const says = `${name} max limit to request ratio per ${type} is ${value}`
    const ratio = amount(limits[name]) / amount(requests[name])
    if (amount(requests[name]) === 0) found.push(`${says}, but no request is specified or request is 0`)
    else if (amount(limits[name]) === 0) found.push(`${says}, but no limit is specified or limit is 0`)
    else if (ratio > amount(value)) found.push(`${says}, but provided ratio is ${ratio.toFixed(6)}`)
  }
  return found.filter((text) => text !== undefined)
}

/** Claims have no limits: their request is measured against both ends. */
const claimBreaches = (limit: Limit, requests: Quantities = {}): string[] => [
  ...byName(limit.min).flatMap(([name, value]) =>
    amount(requests[name]) < amount(value)
      ? [`minimum ${name} usage per ${limit.type} is ${value}, but request is ${requests[name] ?? 0}`]
      : [],
  ),
  ...byName(limit.max).flatMap(([name, value]) =>
    amount(requests[name]) > amount(value)
      ? [`maximum ${name} usage per ${limit.type} is ${value}, but request is ${requests[name]}`]
      : [],
  ),
]

/** Resources named by all containers count; one that says nothing leaves the pod without a sum. */
const podTotals = (containers: readonly ContainerSpec[], which: 'requests' | 'limits'): Quantities => {
  const lists = containers.map(({ resources }) => resources?.[which] ?? {})
  const total = addQuantities(lists)
  return Object.fromEntries(Object.entries(total).filter(([name]) => lists.every((list) => list[name] !== undefined)))
}

const podBreaches = (limit: Limit, spec: PodSpec): string[] => {
  const containers = spec.containers ?? []
  if (limit.type === 'Container')
    return [...containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
      breaches(limit, resources?.requests, resources?.limits),
    )
  return limit.type === 'Pod' ? breaches(limit, podTotals(containers, 'requests'), podTotals(containers, 'limits')) : []
}

/** Fills in a container's resources. @returns what was set, for the annotation */
const fillIn = (container: ContainerSpec, limit: Limit, called: string): string[] => {
  const set = (which: 'requests' | 'limits', defaults: Quantities | undefined): string[] => {
    const missing = byName(defaults).filter(([name]) => container.resources?.[which]?.[name] === undefined)
    if (missing.length > 0)
      container.resources = {
        ...container.resources,
        [which]: { ...container.resources?.[which], ...Object.fromEntries(missing) },
      }
    return missing.map(([name]) => name)
  }
  const limits = set('limits', limit.default)
  const requests = set('requests', limit.defaultRequest)
  const note = (names: string[], what: string) =>
    names.length > 0 ? [`${names.join(', ')} ${what} for ${called} ${container.name}`] : []
  return [...note(requests, 'request'), ...note(limits, 'limit')]
}

const applyDefaults = (pod: PodObject, limit: Limit): void => {
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  const notes = [
    ...containers.flatMap((container) => fillIn(container, limit, 'container')),
    ...initContainers.flatMap((container) => fillIn(container, limit, 'init container')),
  ]
  if (notes.length > 0)
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
    }
}

const isNewPod = ({ operation, group, resource, subresource, object }: AdmissionRequest): boolean =>
  operation === 'CREATE' && group === '' && resource === 'pods' && !subresource && object !== undefined

export const limitRangerPlugin = (registry: Registry): AdmissionPlugin => {
  const limitsOf = (namespace = ''): Limit[] =>
    (registry.list(limitRanges, { namespace }) as LimitRange[]).flatMap(({ spec }) => spec?.limits ?? [])
  return {
    name: 'LimitRanger',
    mutate: (request) => {
      if (!isNewPod(request)) return
      for (const limit of limitsOf(request.namespace))
        if (limit.type === 'Container') applyDefaults(request.object as PodObject, limit)
    },
    validate: (request) => {
      const { group, resource, subresource, operation, object, namespace } = request
      const isClaim = group === '' && resource === 'persistentvolumeclaims' && !subresource && operation !== 'DELETE'
      if (!isClaim && !isNewPod(request)) return
      const found = limitsOf(namespace).flatMap((limit) => {
        if (!isClaim) return podBreaches(limit, (object as PodObject).spec ?? {})
        return limit.type === 'PersistentVolumeClaim'
          ? claimBreaches(limit, (object as Claim).spec?.resources?.requests)
          : []
      })
      if (found.length === 0) return
      const says = found.length === 1 ? found[0]! : `[${found.join(', ')}]`
      throw forbidden({ group, resource }, object!.metadata.name, says)
    },
  }
}
