/** The cluster as the network sees it: namespaces, pods, Services and their endpoints, indexed once from plain objects. */
import type { KubeObject } from '../kube/api.ts'
import type { Namespace, Pod, Service } from '../kube/kinds.ts'

/** One `endpoints[]` entry joined with one `ports[]` entry of its EndpointSlice. */
export interface EndpointAddress {
  address: string
  ready: boolean
  hostname?: string
  /** Name of the Service port that this is for; empty when the Service has one unnamed port. */
  portName: string
  port: number
  /** Absent for an address that is not a pod's, such as the API server behind `kubernetes.default`. */
  pod?: Pod
}

export interface World {
  namespaces: ReadonlyMap<string, Namespace>
  /** By `namespace/name`. */
  pods: ReadonlyMap<string, Pod>
  podsByAddress: ReadonlyMap<string, Pod>
  /** By `namespace/name`. */
  services: ReadonlyMap<string, Service>
  servicesByAddress: ReadonlyMap<string, Service>
  /** By the Service's `namespace/name`, in the order of the slices. */
  endpoints: ReadonlyMap<string, readonly EndpointAddress[]>
}

interface EndpointSlice extends KubeObject {
  endpoints?:
    | {
        addresses?: string[]
        hostname?: string
        conditions?: { ready?: boolean }
        targetRef?: { kind?: string; name?: string; namespace?: string }
      }[]
    | null
  ports?: { name?: string; port?: number; protocol?: string }[] | null
}

export const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`

/** Whether a Service leaves load balancing to its callers: its name resolves to the addresses of its pods. */
export const isHeadless = (service: Service): boolean => service.spec.clusterIP === 'None'

/** The addresses of a pod, the primary one first. */
export const podAddresses = (pod: Pod): string[] => {
  const all = [pod.status?.podIP, ...(pod.status?.podIPs ?? []).map((entry) => entry.ip)]
  return [...new Set(all.filter((ip): ip is string => Boolean(ip)))]
}

const clusterAddresses = (service: Service): string[] => {
  const all = [service.spec.clusterIP, ...(service.spec.clusterIPs ?? [])]
  return [...new Set(all.filter((ip): ip is string => Boolean(ip) && ip !== 'None'))]
}

/** Whether the pod takes traffic: running, its Ready condition true, not being deleted. */
export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True')

const selects = (selector: Record<string, string> | undefined, pod: Pod): boolean => {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([key, value]) => pod.metadata.labels?.[key] === value)
}

/** The container port that a Service port leads to in this pod; undefined when the pod has no port of that name. */
export const targetPort = (pod: Pod, port: { port: number; targetPort?: number | string }): number | undefined => {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target
  const restartable = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  for (const container of [...pod.spec.containers, ...restartable])
    for (const declared of container.ports ?? []) if (declared.name === target) return declared.containerPort
  return undefined
}

const fromSlice = (slice: EndpointSlice, pods: ReadonlyMap<string, Pod>): EndpointAddress[] => {
  const found: EndpointAddress[] = []
  for (const port of slice.ports ?? []) {
    if (port.port === undefined || (port.protocol ?? 'TCP') !== 'TCP') continue
    for (const endpoint of slice.endpoints ?? []) {
      const ref = endpoint.targetRef
      const pod = ref?.kind === 'Pod' ? pods.get(`${ref.namespace ?? slice.metadata.namespace}/${ref.name}`) : undefined
      const ready = endpoint.conditions?.ready !== false
      for (const address of endpoint.addresses ?? [])
        found.push({ address, ready, hostname: endpoint.hostname, portName: port.name ?? '', port: port.port, pod })
    }
  }
  return found
}

/** What the EndpointSlice controller would write, for objects that come without slices (files, test rows). */
const fromSelector = (service: Service, pods: Iterable<Pod>): EndpointAddress[] => {
  const found: EndpointAddress[] = []
  for (const pod of pods) {
    if (pod.metadata.namespace !== service.metadata.namespace || !selects(service.spec.selector, pod)) continue
    for (const port of service.spec.ports ?? []) {
      const target = (port.protocol ?? 'TCP') === 'TCP' ? targetPort(pod, port) : undefined
      const address = podAddresses(pod)[0]
      if (target === undefined || address === undefined) continue
      found.push({ address, ready: isReady(pod), portName: port.name ?? '', port: target, pod })
    }
  }
  return found
}

const belongsTo = (slice: KubeObject): string =>
  `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`

/** Indexes Namespaces, Pods, Services and EndpointSlices; other kinds are skipped. Order does not matter. */
export const buildWorld = (objects: readonly KubeObject[]): World => {
  const ofKind = <T extends KubeObject>(apiVersion: string, kind: string): T[] =>
    objects.filter((object): object is T => object.kind === kind && object.apiVersion === apiVersion)
  const podList = ofKind<Pod>('v1', 'Pod')
  const serviceList = ofKind<Service>('v1', 'Service')
  const pods = new Map(podList.map((pod) => [keyOf(pod), pod]))
  const podsByAddress = new Map<string, Pod>()
  for (const pod of podList) {
    const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    if (!finished && pod.spec.hostNetwork !== true)
      for (const address of podAddresses(pod)) podsByAddress.set(address, pod)
  }
  const endpoints = new Map<string, EndpointAddress[]>()
  for (const slice of ofKind<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice')) {
    const key = belongsTo(slice)
    endpoints.set(key, [...(endpoints.get(key) ?? []), ...fromSlice(slice, pods)])
  }
  for (const service of serviceList)
    if (!endpoints.has(keyOf(service))) endpoints.set(keyOf(service), fromSelector(service, podList))
  return {
    namespaces: new Map(ofKind<Namespace>('v1', 'Namespace').map((namespace) => [namespace.metadata.name, namespace])),
    pods,
    podsByAddress,
    services: new Map(serviceList.map((service) => [keyOf(service), service])),
    servicesByAddress: new Map(
      serviceList.flatMap((service) => clusterAddresses(service).map((address) => [address, service] as const)),
    ),
    endpoints,
  }
}
