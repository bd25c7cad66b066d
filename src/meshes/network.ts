/**
 * Where a request goes before any mesh has a say: from what a client wrote to a Service and its endpoints, or a pod.
 * Shared by the embedded data plane, `why` and `matrix`, so that they cannot disagree.
 * Not modelled: NodePort and LoadBalancer addresses, session affinity, topology hints, UDP.
 */
import ipaddr from 'ipaddr.js'
import type { Pod, Service, ServicePort } from '../kube/kinds.ts'
import { lookup } from './dns.ts'
import { isHeadless, keyOf, podAddresses, type World } from './world.ts'

export { lookup } from './dns.ts'
export { findWorkload, findWorkloadPods, ownerName, workloadOf } from './workloads.ts'
export { buildWorld, isHeadless, isReady, type World } from './world.ts'

/** A host as the client wrote it (name or address), and a port. */
export interface HostPort {
  host: string
  port: number
}

/** `name` is the full DNS name that answered, absent when the client wrote an address; `address` is what it dials. */
export type Resolution =
  | {
      kind: 'service'
      name?: string
      address: string
      service: Service
      port: ServicePort
      /** Ready endpoints with the container port; a headless Service's callers keep the port they asked for. */
      endpoints: { pod: Pod; port: number }[]
    }
  /** A pod by its address, its DNS name, or (`loopback`) the calling pod itself. */
  | { kind: 'pod'; name?: string; address: string; pod: Pod; port: number; loopback?: boolean }
  | { kind: 'nxdomain'; host: string }
  /** The Service has that port and nothing ready behind it: refused at once. */
  | { kind: 'no-endpoints'; name?: string; address: string; service: Service; port: ServicePort }
  /** The Service has no such port: nothing answers on its address, a client waits until it gives up. */
  | { kind: 'no-port'; name?: string; address: string; service: Service; port: number }
  /** Outside the cluster, or an address that no pod or Service has. */
  | { kind: 'external'; host: string; port: number }

const defaultPorts: Record<string, number> = { 'http:': 80, 'https:': 443 }

/** Reads `http://orders.production/x`, `tcp://db.data:5432`, `orders:8080` (as HTTP). Undefined: not a URL. */
export const parseTarget = (
  url: string,
): (HostPort & { scheme: string; path: string; authority: string }) | undefined => {
  const parts =
    /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?([/?][^#]*)?(?:#.*)?$/i.exec(url)
  const scheme = `${(parts?.[1] ?? 'http').toLowerCase()}:`
  const bracketed = parts?.[2] ?? ''
  const port = parts?.[3] === undefined ? defaultPorts[scheme] : Number(parts[3])
  if (parts === null || bracketed === '' || port === undefined || port < 1 || port > 65535) return undefined
  const rest = parts[4] ?? '/'
  const path = rest.startsWith('/') ? rest : `/${rest}`
  const authority = port === defaultPorts[scheme] ? bracketed : `${bracketed}:${port}`
  return { host: bracketed.replace(/^\[|\]$/g, ''), port, scheme: scheme.slice(0, -1), path, authority }
}

const toService = (world: World, service: Service, asked: number, address: string, name?: string): Resolution => {
  const port = (service.spec.ports ?? []).find((each) => each.port === asked && (each.protocol ?? 'TCP') === 'TCP')
  if (port === undefined) return { kind: 'no-port', name, address, service, port: asked }
  const ready = (world.endpoints.get(keyOf(service)) ?? []).filter(
    (each) => each.ready && each.portName === (port.name ?? ''),
  )
  const endpoints = ready.flatMap((each) => (each.pod ? [{ pod: each.pod, port: each.port }] : []))
  if (endpoints.length > 0) return { kind: 'service', name, address, service, port, endpoints }
  const outside = ready[0]
  if (outside !== undefined) return { kind: 'external', host: outside.address, port: outside.port }
  return { kind: 'no-endpoints', name, address, service, port }
}

/** Of an address that is one. */
const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || (address.includes(':') && ipaddr.parse(address).range() === 'loopback')

/** Names are told from addresses without parsing them: nearly every host is a name, and refusing one costs an exception. */
const isAddress = (host: string): boolean =>
  host.includes(':') ? ipaddr.isValid(host) : /^[\d.]+$/.test(host) && ipaddr.IPv4.isValidFourPartDecimal(host)

const toAddress = (world: World, from: Pod, address: string, port: number, name?: string): Resolution => {
  if (isLoopback(address)) return { kind: 'pod', address, pod: from, port, loopback: true }
  const service = world.servicesByAddress.get(address)
  if (service !== undefined) return toService(world, service, port, address, name)
  const pod = world.podsByAddress.get(address)
  if (pod === undefined) return { kind: 'external', host: address, port }
  return { kind: 'pod', name, address, pod, port }
}

/** Callers of a headless Service dial a pod's address with the port as written: no translation to the targetPort. */
const toHeadless = (
  world: World,
  answer: { service: Service; name: string; addresses: string[] },
  port: number,
): Resolution => {
  const { service, name, addresses } = answer
  const pods = addresses.flatMap((address) => world.podsByAddress.get(address) ?? [])
  const address = addresses[0]
  const declared = (service.spec.ports ?? []).find((each) => each.port === port && (each.protocol ?? 'TCP') === 'TCP')
  // No ready pod, no A record: the name exists without addresses, which a client reports as "could not resolve".
  if (address === undefined) return { kind: 'nxdomain', host: name }
  if (pods[0] === undefined) return { kind: 'external', host: address, port }
  if (declared === undefined) return { kind: 'pod', name, address, pod: pods[0], port }
  return { kind: 'service', name, address, service, port: declared, endpoints: pods.map((pod) => ({ pod, port })) }
}

/**
 * Where a request from that pod goes. `target` is a URL (`http://orders.production/api`) or a host and port.
 * A URL that does not parse resolves as `nxdomain`.
 */
export const resolve = (world: World, from: Pod, target: string | HostPort): Resolution => {
  const asked = typeof target === 'string' ? parseTarget(target) : target
  if (asked === undefined) return { kind: 'nxdomain', host: String(target) }
  const { host, port } = asked
  if (isAddress(host)) return toAddress(world, from, host, port)
  if (host.toLowerCase() === 'localhost') return { kind: 'pod', address: '127.0.0.1', pod: from, port, loopback: true }
  // A pod knows its own name from /etc/hosts.
  if (host === from.metadata.name)
    return { kind: 'pod', address: podAddresses(from)[0] ?? '127.0.0.1', pod: from, port, loopback: true }
  const answer = lookup(world, from, host)
  if (answer === undefined) return { kind: 'nxdomain', host }
  if (answer.kind === 'external') return { kind: 'external', host: answer.name, port }
  if (answer.kind === 'headless') return toHeadless(world, answer, port)
  return toAddress(world, from, answer.addresses[0] ?? '', port, answer.name)
}

/** Whether the Service's name leads straight to its pods; for callers that pick an endpoint themselves. */
export const dialsPods = (resolution: Resolution): boolean =>
  resolution.kind === 'service' && isHeadless(resolution.service)
