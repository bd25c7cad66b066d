/** Which pods stand behind a Service, and at which ports. Pure. Follows endpointslice/utils.go. */
import type { ContainerSpec, PodObject, ServiceObject } from '../../kinds/types.ts'
import { isFinished, isReady } from '../pods.ts'

export interface EndpointPort {
  name: string
  port: number
  protocol: string
  appProtocol?: string
}

export interface Backend {
  pod: PodObject
  ip: string
  ports: EndpointPort[]
  ready: boolean
  serving: boolean
  terminating: boolean
  hostname?: string
}

const containersOf = (pod: PodObject): ContainerSpec[] => [
  ...(pod.spec?.containers ?? []),
  ...(pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
]

/** A target port by number, or by the name of a container's port. */
const resolve = (target: number | string | undefined, protocol: string, pod: PodObject): number | undefined => {
  if (typeof target === 'number') return target
  const ports = containersOf(pod).flatMap((container) => container.ports ?? [])
  return ports.find(({ name, protocol: own = 'TCP' }) => name === target && own === protocol)?.containerPort
}

/** A port whose name no container has is left out for that pod, as in a real cluster. */
const portsOf = (service: ServiceObject, pod: PodObject): EndpointPort[] =>
  (service.spec?.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port, targetPort, appProtocol }) => {
    const number = resolve(targetPort ?? port, protocol, pod)
    return number === undefined ? [] : [{ name, port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }]
  })

const number = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** The pods with an address, sorted by it. */
export const backendsOf = (service: ServiceObject, pods: PodObject[]): Backend[] =>
  pods
    .filter((pod) => pod.status?.podIP && !isFinished(pod))
    .sort((a, b) => number(a.status?.podIP ?? '') - number(b.status?.podIP ?? ''))
    .map((pod) => {
      const serving = isReady(pod)
      const terminating = pod.metadata.deletionTimestamp !== undefined
      const { hostname, subdomain } = pod.spec ?? {}
      return {
        pod,
        ip: pod.status?.podIP ?? '',
        ports: portsOf(service, pod),
        ready: service.spec?.publishNotReadyAddresses || (serving && !terminating),
        serving,
        terminating,
        ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
      }
    })

/** Backends by their set of ports: pods may give one port name different numbers. */
export const byPorts = (backends: Backend[]): { ports: EndpointPort[]; backends: Backend[] }[] => {
  const groups = new Map<string, { ports: EndpointPort[]; backends: Backend[] }>()
  for (const backend of backends) {
    const key = JSON.stringify(backend.ports)
    const group = groups.get(key) ?? { ports: backend.ports, backends: [] }
    group.backends.push(backend)
    groups.set(key, group)
  }
  return [...groups.values()]
}
