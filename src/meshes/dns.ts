/**
 * Names as a pod's resolver asks for them and as CoreDNS answers: search path, ndots:5, Services, headless Services,
 * ExternalName, pod names. Not modelled: `dnsPolicy` other than ClusterFirst, `dnsConfig`, SRV, AAAA apart from A.
 */
import ipaddr from 'ipaddr.js'
import type { Pod, Service } from '../kube/kinds.ts'
import { findOutsideHost } from './outside.ts'
import { isHeadless, type World } from './world.ts'

export const clusterDomain = 'cluster.local'
const ndots = 5

export type DnsAnswer =
  | { kind: 'service'; name: string; service: Service; addresses: string[] }
  /** A headless Service: the addresses are its pods'. `addresses` is empty when none is ready. */
  | { kind: 'headless'; name: string; service: Service; addresses: string[] }
  | { kind: 'pod'; name: string; addresses: string[] }
  /** Not a name of this cluster: whether it exists is for the outside world to say. */
  | { kind: 'external'; name: string }

const searchPath = (pod: Pod): string[] => [
  `${pod.metadata.namespace ?? 'default'}.svc.${clusterDomain}`,
  `svc.${clusterDomain}`,
  clusterDomain,
]

const candidates = (pod: Pod, written: string): string[] => {
  const name = written.toLowerCase()
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const searched = searchPath(pod).map((suffix) => `${name}.${suffix}`)
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name]
}

const podName = (world: World, labels: string[]): DnsAnswer | undefined => {
  const [dashed, namespace] = labels
  const dotted = dashed?.replaceAll('-', '.') ?? ''
  if (!ipaddr.IPv4.isValidFourPartDecimal(dotted) || !world.namespaces.has(namespace ?? '')) return undefined
  return { kind: 'pod', name: `${labels.join('.')}.pod.${clusterDomain}`, addresses: [dotted] }
}

const serviceName = (world: World, from: Pod, labels: string[], depth: number): DnsAnswer | undefined => {
  const [name, namespace] = labels.slice(-2)
  const hostname = labels.length === 3 ? labels[0] : undefined
  if (labels.length < 2 || labels.length > 3) return undefined
  const service = world.services.get(`${namespace}/${name}`)
  if (service === undefined) return undefined
  const full = `${labels.join('.')}.svc.${clusterDomain}`
  if (service.spec.type === 'ExternalName') {
    // A CNAME: the resolver asks again for the full name that it points to. A loop of them has no answer.
    if (hostname !== undefined || depth > 8) return undefined
    return lookup(world, from, `${service.spec.externalName ?? ''}.`.replace(/\.\.$/, '.'), depth + 1)
  }
  if (!isHeadless(service)) {
    const address = service.spec.clusterIP
    if (hostname !== undefined || !address) return undefined
    return { kind: 'service', name: full, service, addresses: [address] }
  }
  const ready = (world.endpoints.get(`${namespace}/${name}`) ?? []).filter((endpoint) => endpoint.ready)
  const own = ready.filter((endpoint) => {
    const pod = endpoint.pod?.spec
    const inSubdomain = pod?.subdomain === name ? pod?.hostname : undefined
    return hostname === undefined || (endpoint.hostname ?? inSubdomain) === hostname
  })
  if (hostname !== undefined && own.length === 0) return undefined
  return { kind: 'headless', name: full, service, addresses: [...new Set(own.map((endpoint) => endpoint.address))] }
}

const inCluster = (world: World, from: Pod, name: string, depth: number): DnsAnswer | undefined => {
  const labels = name.slice(0, -clusterDomain.length - 1).split('.')
  const zone = labels.pop()
  if (zone === 'svc') return serviceName(world, from, labels, depth)
  if (zone === 'pod' && labels.length === 2) return podName(world, labels)
  return undefined
}

/** Public names end in a country's two letters or one of these; anything else (`orders.prod`) does not exist outside. */
const publicEndings = new Set('com org net io dev app edu gov int mil info biz xyz cloud arpa'.split(' '))
const maybePublic = (name: string): boolean => {
  const last = name.split('.').at(-1) ?? ''
  if (findOutsideHost(name) !== undefined) return true
  return name.includes('.') && (publicEndings.has(last) || /^[a-z]{2}$/.test(last))
}

/** What the name means for that pod; undefined: NXDOMAIN. Addresses are not names: they have no answer here. */
export const lookup = (world: World, from: Pod, written: string, depth = 0): DnsAnswer | undefined => {
  for (const name of candidates(from, written)) {
    if (name === '' || name.startsWith('.') || name.includes('..')) return undefined
    if (!name.endsWith(`.${clusterDomain}`)) {
      if (maybePublic(name)) return { kind: 'external', name }
      continue
    }
    const answer = inCluster(world, from, name, depth)
    if (answer !== undefined) return answer
  }
  return undefined
}
