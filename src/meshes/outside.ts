/**
 * The world outside the cluster, as far as there is one: a handful of hosts with fixed addresses, the same on every
 * embedded cluster (docs/decisions, "a small outside world"). Nothing leaves the machine. Addresses are of the ranges
 * that RFC 5737 keeps for examples.
 */
import type { Pod } from '../kube/kinds.ts'

export interface OutsideHost {
  name: string
  address: string
  ports: readonly { port: number; protocol: 'http' | 'https' }[]
}

const web = [
  { port: 80, protocol: 'http' },
  { port: 443, protocol: 'https' },
] as const

/** `collector.attacker.example` stands for the place that data must not reach. */
export const outsideHosts: readonly OutsideHost[] = [
  { name: 'example.com', address: '203.0.113.10', ports: web },
  { name: 'www.example.com', address: '203.0.113.10', ports: web },
  { name: 'httpbin.org', address: '203.0.113.20', ports: web },
  { name: 'api.payments.example', address: '203.0.113.30', ports: web },
  { name: 'edition.cnn.com', address: '203.0.113.40', ports: web },
  { name: 'www.google.com', address: '203.0.113.50', ports: web },
  { name: 'collector.attacker.example', address: '198.51.100.66', ports: [...web, { port: 8080, protocol: 'http' }] },
]

const byName = new Map(outsideHosts.map((host) => [host.name, host]))
const byAddress = new Map([...outsideHosts].reverse().map((host) => [host.address, host]))

/** By name or by address. */
export const findOutsideHost = (host: string): OutsideHost | undefined =>
  byName.get(host.toLowerCase().replace(/\.$/, '')) ?? byAddress.get(host)

/** How `kind` reads in sentences about something that is no pod of this cluster. */
export const outsideKind = 'Host'

/**
 * A place outside in the shape of a pod: no namespace, labels or containers, so nothing selects it and no sidecar guards
 * it. Its kind says what it is. An address that nobody has gives one too: it never answers.
 */
export const outsidePod = (host: string): Pod => {
  const known = findOutsideHost(host)
  return {
    apiVersion: 'v1',
    kind: outsideKind as 'Pod',
    metadata: { name: known?.name ?? host },
    spec: { containers: [] },
    status: { podIP: known?.address ?? host },
  }
}

export const isOutside = (pod: Pod): boolean => (pod.kind as string) === outsideKind
