/**
 * The service registry of a mesh: what sidecars know by host name, port and address. Kubernetes Services and
 * ServiceEntries alike. Upstream: pilot/pkg/serviceregistry, pilot/pkg/networking/core/httproute.go
 * (generateVirtualHostDomains) for the names that a Host header may use.
 * Not modelled: automatic addresses, DNS capture; `unknown` where they count: WorkloadEntry, resolution DYNAMIC_DNS.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod, Service } from '../../kube/kinds.ts'
import { hasLabels } from '../match/labels.ts'
import { findOutsideHost, outsidePod } from '../outside.ts'
import type { Evidence } from '../verdict.ts'
import { isHeadless, isReady, podAddresses, type World } from '../world.ts'
import { entryProtocol, type PortProtocol, portProtocol } from './protocol.ts'
import { type Fields, fields, isFields, labelMap, list, refOf, text, texts } from './read.ts'
import { entryDoubt } from './unmodelled.ts'

export interface Endpoint {
  pod: Pod
  /** Container port. */
  port: number
  labels: Readonly<Record<string, string>>
}

export interface MeshPort {
  number: number
  name: string
  protocol: PortProtocol
}

export interface MeshService {
  /** Full name in lower case; of a ServiceEntry it may be a wildcard. */
  host: string
  namespace: string
  object: KubeObject
  /** Absent for a ServiceEntry. */
  kubernetes?: Service
  ports: readonly MeshPort[]
  addresses: readonly string[]
  /** Headless, or a ServiceEntry with resolution NONE: the caller's own destination address stays. */
  originalDestination: boolean
  /** Outside the mesh: never automatic mTLS. */
  external: boolean
  /** Empty: everywhere. */
  exportTo: readonly string[]
  /** What of it is not modelled. */
  doubt?: Evidence
  /** Ready endpoints of that service port. */
  endpoints(port: number): Endpoint[]
}

export interface ServiceRegistry {
  entries: readonly MeshService[]
  /** By full host, oldest first. */
  byHost: ReadonlyMap<string, readonly MeshService[]>
  /** Kubernetes Services first, then the oldest. */
  byAddress: ReadonlyMap<string, readonly MeshService[]>
  /** ServiceEntries with a wildcard host, longest first. */
  wildcards: readonly MeshService[]
  /** Services with HTTP on that port number, declared or detected anywhere: there sidecars route by Host header. */
  httpOn: ReadonlyMap<number, readonly MeshService[]>
  /** Full name of an ExternalName Service to the name that it stands for. */
  aliases: ReadonlyMap<string, string>
}

export const hostOfService = (service: Service): string =>
  `${service.metadata.name}.${service.metadata.namespace ?? 'default'}.svc.cluster.local`

const ofService = (service: Service, world: () => World): MeshService => ({
  host: hostOfService(service),
  namespace: service.metadata.namespace ?? 'default',
  object: service,
  kubernetes: service,
  ports: (service.spec.ports ?? [])
    .filter((port) => (port.protocol ?? 'TCP') === 'TCP')
    .map((port) => ({ number: port.port, name: port.name ?? '', protocol: portProtocol(port) })),
  addresses: [...new Set([service.spec.clusterIP, ...(service.spec.clusterIPs ?? [])])].filter(
    (ip): ip is string => Boolean(ip) && ip !== 'None',
  ),
  originalDestination: isHeadless(service),
  external: false,
  exportTo: (service.metadata.annotations?.['networking.istio.io/exportTo'] ?? '').split(',').filter(Boolean),
  endpoints(number) {
    const port = (service.spec.ports ?? []).find((each) => each.port === number)
    const found = world().endpoints.get(`${service.metadata.namespace ?? ''}/${service.metadata.name}`) ?? []
    return found
      .filter((each) => each.ready && each.portName === (port?.name ?? ''))
      .map((each) => ({
        pod: each.pod ?? outsidePod(each.address),
        port: each.port,
        labels: each.pod?.metadata.labels ?? {},
      }))
  },
})

/** The endpoint at an address or name of a ServiceEntry: a pod that has it, or a host outside. */
const placeOf = (address: string, world: World): Pod => world.podsByAddress.get(address) ?? outsidePod(address)

const entryEndpoints = (object: KubeObject, spec: Fields, host: string, port: Fields, world: World): Endpoint[] => {
  const number = Number(port.number)
  const target = typeof port.targetPort === 'number' && port.targetPort > 0 ? port.targetPort : number
  const selector = fields(spec.workloadSelector)
  if (isFields(spec.workloadSelector)) {
    const wanted = labelMap(selector.labels)
    return [...world.pods.values()]
      .filter(
        (pod) =>
          pod.metadata.namespace === object.metadata.namespace &&
          isReady(pod) &&
          hasLabels(wanted, pod.metadata.labels),
      )
      .map((pod) => ({ pod, port: target, labels: pod.metadata.labels ?? {} }))
  }
  const declared = list(spec.endpoints).map(fields)
  if (declared.length === 0)
    return text(spec.resolution)?.startsWith('DNS') && findOutsideHost(host) !== undefined
      ? [{ pod: outsidePod(host), port: target, labels: {} }]
      : []
  return declared.flatMap((each): Endpoint[] => {
    const address = text(each.address)
    if (address === undefined) return []
    const own = fields(each.ports)[text(port.name) ?? '']
    return [
      { pod: placeOf(address, world), port: typeof own === 'number' ? own : target, labels: labelMap(each.labels) },
    ]
  })
}

const ofEntry = (object: KubeObject, world: () => World): MeshService[] => {
  const spec = fields(object.spec)
  const ports = list(spec.ports).map(fields)
  const field = entryDoubt(spec)
  return texts(spec.hosts).map((host) => ({
    host: host.toLowerCase(),
    namespace: object.metadata.namespace ?? 'default',
    object,
    ports: ports.map((port) => ({
      number: Number(port.number),
      name: text(port.name) ?? '',
      protocol: entryProtocol(text(port.protocol)),
    })),
    addresses: texts(spec.addresses).map((each) => each.replace(/\/(32|128)$/, '')),
    originalDestination: (text(spec.resolution) ?? 'NONE') === 'NONE',
    external: (text(spec.location) ?? 'MESH_EXTERNAL') === 'MESH_EXTERNAL',
    exportTo: texts(spec.exportTo),
    ...(field === undefined ? {} : { doubt: { object: refOf(object), field: `spec.${field}` } }),
    endpoints(number) {
      const port = ports.find((each) => each.number === number)
      return port === undefined ? [] : entryEndpoints(object, spec, host.toLowerCase(), port, world())
    },
  }))
}

/** Endpoints are looked up once per port: the world of a model does not change. */
const remembering = (service: MeshService): MeshService => {
  const known = new Map<number, Endpoint[]>()
  return {
    ...service,
    endpoints(port) {
      const found = known.get(port) ?? service.endpoints(port)
      known.set(port, found)
      return found
    },
  }
}

/** A WorkloadEntry is an endpoint of whatever selects it, and is not modelled (pilot/pkg/serviceregistry/serviceentry). */
const withWorkloadEntries = (service: MeshService, entries: readonly KubeObject[]): MeshService => {
  const selector =
    service.kubernetes === undefined
      ? labelMap(fields(fields(service.object.spec).workloadSelector).labels)
      : (service.kubernetes.spec.selector ?? {})
  if (entries.length === 0 || Object.keys(selector).length === 0) return service
  const selected = entries.find(
    ({ metadata, spec }) =>
      metadata.namespace === service.namespace &&
      hasLabels(selector, { ...metadata.labels, ...labelMap(fields(spec).labels) }),
  )
  return selected === undefined ? service : { ...service, doubt: { object: refOf(selected), field: 'spec' } }
}

/** Of two that claim one address the first counts (pilot/pkg/model/push_context.go, SortServicesByCreationTime). */
const byAgeAndHost = (a: MeshService, b: MeshService): number => {
  const key = ({ object, host, namespace }: MeshService): string[] => [
    object.metadata.creationTimestamp ?? '',
    host,
    namespace,
  ]
  const [one, other] = [key(a), key(b)]
  const at = one.findIndex((part, index) => part !== other[index])
  return at < 0 ? 0 : (one[at] ?? '') < (other[at] ?? '') ? -1 : 1
}

/** `services` and `entries` oldest first. `world` is asked when an endpoint is. */
export const buildRegistry = (
  services: readonly Service[],
  entries: readonly KubeObject[],
  workloadEntries: readonly KubeObject[],
  world: () => World,
): ServiceRegistry => {
  const isAlias = (service: Service): boolean => service.spec.type === 'ExternalName'
  const all = [
    ...services.filter((service) => !isAlias(service)).map((service) => ofService(service, world)),
    ...entries.flatMap((entry) => ofEntry(entry, world)).sort(byAgeAndHost),
  ].map((service) => remembering(withWorkloadEntries(service, workloadEntries)))
  const byHost = new Map<string, MeshService[]>()
  const byAddress = new Map<string, MeshService[]>()
  const httpOn = new Map<number, MeshService[]>()
  const push = <K>(map: Map<K, MeshService[]>, key: K, service: MeshService): void => {
    const found = map.get(key)
    if (found === undefined) map.set(key, [service])
    else found.push(service)
  }
  for (const service of all) {
    push(byHost, service.host, service)
    for (const address of service.addresses) push(byAddress, address, service)
    // Where there is no address to go by, detected HTTP is routed by host too.
    const isAnywhere = service.kubernetes === undefined && service.addresses.length === 0
    for (const { number, protocol } of service.ports)
      if (protocol === 'http' || (protocol === 'auto' && isAnywhere)) push(httpOn, number, service)
  }
  return {
    entries: all.filter((service) => service.kubernetes === undefined),
    byHost,
    byAddress,
    wildcards: all.filter(({ host }) => host.startsWith('*')).sort((a, b) => b.host.length - a.host.length),
    httpOn,
    aliases: new Map(
      services
        .filter(isAlias)
        .map((service) => [hostOfService(service), (service.spec.externalName ?? '').replace(/\.$/, '').toLowerCase()]),
    ),
  }
}

/** The full names that a Host header may mean for a caller in that namespace. */
const fullNames = (host: string, from: string): string[] => {
  const dots = host.split('.').length - 1
  if (dots === 0) return [host, `${host}.${from}.svc.cluster.local`]
  if (dots === 1) return [host, `${host}.svc.cluster.local`]
  return host.endsWith('.svc') ? [host, `${host}.cluster.local`] : [host]
}

/**
 * The services that a Host header (without port, lower case) names for a caller in that namespace, of those that count:
 * by name, by the name of a pod of a headless Service, by cluster IP, by an alias, by a wildcard.
 */
export const servicesNamed = (
  registry: ServiceRegistry,
  host: string,
  from: string,
  counts: (service: MeshService) => boolean,
): readonly MeshService[] => {
  const known = (name: string): MeshService[] => (registry.byHost.get(name) ?? []).filter(counts)
  for (const name of fullNames(host, from)) {
    const own = known(name)
    const found = own.length > 0 ? own : known(registry.aliases.get(name) ?? '')
    if (found.length > 0) return found
  }
  const rest = host.slice(host.indexOf('.') + 1)
  for (const name of host.includes('.') ? fullNames(rest, from) : []) {
    const headless = known(name).filter((each) => each.kubernetes && each.originalDestination)
    if (headless.length > 0) return headless
  }
  const addressed = registry.byAddress.get(host)?.find(counts)
  if (addressed !== undefined) return [addressed]
  return registry.wildcards.filter(
    (each) => host.endsWith(each.host.slice(1)) && host.length >= each.host.length && counts(each),
  )
}

/** Whether the ports of two ServiceEntries for one host add up (pilot/pkg/model/sidecar.go, canMergeServices). */
export const mergesWith = (one: MeshService, other: MeshService): boolean => {
  const of = ({ object, namespace, exportTo }: MeshService): string => {
    const { resolution, workloadSelector } = fields(object.spec)
    const labels = [object.metadata.labels, fields(workloadSelector).labels].map((each) =>
      Object.entries(labelMap(each)).sort(),
    )
    return JSON.stringify([namespace, text(resolution) ?? 'NONE', exportTo.toSorted(), labels])
  }
  return one === other || of(one) === of(other)
}

/** Whether a configuration or service exported to those namespaces is seen from one of them. */
export const exportedTo = (to: readonly string[], home: string, from: string): boolean =>
  to.length === 0 || to.some((each) => each === '*' || each === from || (each === '.' && home === from))

export const addressOf = (pod: Pod): string => podAddresses(pod)[0] ?? pod.metadata.name
