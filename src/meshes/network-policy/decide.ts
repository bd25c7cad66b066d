/**
 * Whether packets may go from one address to another. A pod that some policy selects for a direction is isolated in it:
 * only what one of its policies' rules allows gets through, whatever their order; there are no denying rules. Both ends
 * have a say: the caller's egress and the receiver's ingress. Addresses and ports are those on the wire, after a
 * Service's address was translated. Upstream: kubernetes.io/docs/concepts/services-networking/network-policies,
 * kubernetes/test/e2e/network/netpol/network_policy.go.
 * Not modelled: policies on answers of the API server and other hosts outside the pod network.
 */
import type { Pod } from '../../kube/kinds.ts'
import { selects } from '../match/labels.ts'
import type { Evidence, Step } from '../verdict.ts'
import type { Direction, Peer, Policy, PolicyModel, PortRange, Protocol } from './policy.ts'

/** One end of a connection: a pod, or an address outside the pod network. */
export interface Side {
  address: string
  pod?: Pod
}

export interface Packet {
  from: Side
  to: Side
  /** Destination port on the wire. */
  port: number
  protocol: Protocol
}

export interface PolicyDecision {
  allowed: boolean
  /** What was asked, in order; empty when no policy selects either end. The last one decided. */
  steps: Step[]
}

const isSamePod = (a: Pod | undefined, b: Pod | undefined): boolean =>
  a !== undefined && a.metadata.name === b?.metadata.name && a.metadata.namespace === b?.metadata.namespace

const usesHostNetwork = (pod: Pod | undefined): boolean => pod?.spec.hostNetwork === true

const pathOf = ({ metadata }: { metadata: { namespace?: string; name: string } }): string =>
  `${metadata.namespace ?? 'default'}/${metadata.name}`

const nameOfSide = ({ pod, address }: Side): string => (pod ? pathOf(pod) : address)

/** Policies of the pod's namespace that isolate it in this direction. Pods in the node's own network are never isolated. */
const isolating = (model: PolicyModel, pod: Pod, direction: Direction): Policy[] =>
  usesHostNetwork(pod)
    ? []
    : (model.policies.get(pod.metadata.namespace ?? 'default') ?? []).filter(
        ({ selector, rules }) => rules[direction] !== undefined && selects(selector, pod.metadata.labels),
      )

const peerMatches = (model: PolicyModel, policy: Policy, peer: Peer, side: Side): boolean => {
  if (peer.kind === 'block') return peer.covers(side.address)
  const { pod } = side
  // Traffic of such pods carries the node's address: labels say nothing about it.
  if (pod === undefined || usesHostNetwork(pod)) return false
  const { namespace = 'default', labels } = pod.metadata
  const here = peer.namespaces
    ? selects(peer.namespaces, model.namespaceLabels.get(namespace))
    : namespace === (policy.object.metadata.namespace ?? 'default')
  return here && (peer.pods === undefined || selects(peer.pods, labels))
}

/** The numbers that a port name has in the receiving pod. */
const namedPorts = (pod: Pod | undefined, name: string, protocol: Protocol): number[] => {
  const restartable = (pod?.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...(pod?.spec.containers ?? []), ...restartable]
    .flatMap(({ ports }) => ports ?? [])
    .filter((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)
    .map(({ containerPort }) => containerPort)
}

const portMatches = (range: PortRange, { to, port, protocol }: Packet): boolean => {
  if (range.protocol !== protocol) return false
  if (range.port === undefined) return true
  if (typeof range.port === 'string') return namedPorts(to.pod, range.port, protocol).includes(port)
  return range.endPort === undefined ? port === range.port : port >= range.port && port <= range.endPort
}

/** The rule of the policy that lets the packet through, and one that names the peer but not the port. */
const findRule = (
  model: PolicyModel,
  policy: Policy,
  direction: Direction,
  packet: Packet,
): { allows?: Evidence; nearly?: Evidence } => {
  const { metadata, kind, apiVersion } = policy.object
  const object = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? 'default' }
  const other = direction === 'ingress' ? packet.from : packet.to
  let nearly: Evidence | undefined
  for (const [index, rule] of (policy.rules[direction] ?? []).entries()) {
    const at = `spec.${direction}[${index}]`
    if (rule.peers && !rule.peers.some((peer) => peerMatches(model, policy, peer, other))) continue
    if (!rule.ports || rule.ports.some((range) => portMatches(range, packet)))
      return { allows: { object, field: at, rule: index } }
    nearly ??= { object, field: `${at}.ports`, rule: index }
  }
  return { nearly }
}

const listed = (names: string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

/** One end's policies; undefined when none isolates it. */
const ask = (model: PolicyModel, direction: Direction, packet: Packet): Step | undefined => {
  const [own, other] = direction === 'ingress' ? [packet.to, packet.from] : [packet.from, packet.to]
  if (!own.pod) return undefined
  const policies = isolating(model, own.pod, direction)
  const first = policies[0]
  if (first === undefined) return undefined
  const where = `${packet.protocol} ${packet.port}`
  const found = policies.map((policy) => ({ policy, ...findRule(model, policy, direction, packet) }))
  const open = found.find(({ allows }) => allows)
  if (open) {
    const way = direction === 'ingress' ? `${nameOfSide(other)} in` : `it out to ${nameOfSide(other)}`
    return {
      at: 'wire',
      outcome: 'pass',
      says: `NetworkPolicy ${pathOf(open.policy.object)} lets ${way} on ${where} (${nameOfSide(own)}, ${direction})`,
      evidence: open.allows,
    }
  }
  const names = listed(policies.map(({ object }) => pathOf(object)))
  const what = policies.length > 1 ? `NetworkPolicies ${names} isolate` : `NetworkPolicy ${names} isolates`
  const whom = direction === 'ingress' ? `lets ${nameOfSide(other)} in` : `lets it reach ${nameOfSide(other)}`
  const near = found.find(({ nearly }) => nearly)
  const hint = near?.nearly ? ` (${near.nearly.field} of ${pathOf(near.policy.object)} names other ports)` : ''
  const { metadata, kind, apiVersion } = (near?.policy ?? first).object
  const object = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? 'default' }
  return {
    at: 'wire',
    outcome: 'deny',
    says: `${what} ${nameOfSide(own)} for ${direction}, and no rule ${whom} on ${where}${hint}: the packets are dropped`,
    evidence: near?.nearly ?? { object, field: `spec.${direction}` },
  }
}

/**
 * May a connection be opened? Answers to it always come back. A pod always reaches itself, and a node its own pods:
 * that is how kubelet probes get through.
 */
export const decide = (model: PolicyModel, packet: Packet): PolicyDecision => {
  const { from, to } = packet
  const ofOneNode = from.pod?.spec.nodeName !== undefined && from.pod.spec.nodeName === to.pod?.spec.nodeName
  if (isSamePod(from.pod, to.pod)) return { allowed: true, steps: [] }
  if (ofOneNode && (usesHostNetwork(from.pod) || usesHostNetwork(to.pod))) return { allowed: true, steps: [] }
  const leaving = ask(model, 'egress', packet)
  if (leaving?.outcome === 'deny') return { allowed: false, steps: [leaving] }
  const arriving = ask(model, 'ingress', packet)
  return {
    allowed: arriving?.outcome !== 'deny',
    steps: [leaving, arriving].filter((step) => step !== undefined),
  }
}
