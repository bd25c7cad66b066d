/**
 * NetworkPolicies (networking.k8s.io/v1) as plain data, indexed by namespace. Defaults are the API's: `policyTypes` is
 * Ingress, and Egress too when there are egress rules; a port without protocol is TCP.
 * Upstream: kubernetes/staging/src/k8s.io/api/networking/v1/types.go, pkg/apis/networking/v1/defaults.go.
 */
import type { KubeObject, ResourceRef } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import { type AddressTest, addressRange } from '../match/cidr.ts'
import type { Labels } from '../match/labels.ts'

export type Protocol = 'TCP' | 'UDP' | 'SCTP'
export type Direction = 'ingress' | 'egress'

/** One entry of `from` or `to`: pods by labels (of chosen namespaces, or the policy's own), or a range of addresses. */
export type Peer =
  | { kind: 'pods'; pods?: LabelSelector; namespaces?: LabelSelector }
  | { kind: 'block'; covers: AddressTest }

export interface PortRange {
  protocol: Protocol
  /** A number or the name of a container port; absent: every port of the protocol. */
  port?: number | string
  /** Last number of a range that begins with `port`. */
  endPort?: number
}

export interface Rule {
  /** Absent: everybody. */
  peers?: readonly Peer[]
  /** Absent: every port and protocol. */
  ports?: readonly PortRange[]
}

export interface Policy {
  object: KubeObject
  selector: LabelSelector
  /** Present when the policy isolates its pods in that direction; no rules: nothing gets through. */
  rules: Partial<Record<Direction, readonly Rule[]>>
}

export interface PolicyModel {
  /** By namespace, in order of names. */
  policies: ReadonlyMap<string, readonly Policy[]>
  namespaceLabels: ReadonlyMap<string, Labels>
}

/** What `compile` reads. */
export const reads: readonly ResourceRef[] = [
  { group: '', version: 'v1', resource: 'namespaces' },
  { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' },
]

interface RawPeer {
  podSelector?: LabelSelector
  namespaceSelector?: LabelSelector
  ipBlock?: { cidr?: string; except?: string[] }
}
interface RawPort {
  protocol?: Protocol
  port?: number | string
  endPort?: number
}
interface RawSpec {
  podSelector?: LabelSelector
  policyTypes?: string[]
  ingress?: { from?: RawPeer[]; ports?: RawPort[] }[]
  egress?: { to?: RawPeer[]; ports?: RawPort[] }[]
}

const nothing: AddressTest = () => false

const peerOf = ({ podSelector, namespaceSelector, ipBlock }: RawPeer): Peer => {
  if (!ipBlock) return { kind: 'pods', pods: podSelector, namespaces: namespaceSelector }
  const inside = addressRange(ipBlock.cidr ?? '') ?? nothing
  const outside = (ipBlock.except ?? []).map((range) => addressRange(range) ?? nothing)
  return { kind: 'block', covers: (address) => inside(address) && !outside.some((covers) => covers(address)) }
}

/** An empty list means the same as none: everybody, or every port. */
const ruleOf = (peers: RawPeer[] = [], ports: RawPort[] = []): Rule => ({
  ...(peers.length > 0 ? { peers: peers.map(peerOf) } : {}),
  ...(ports.length > 0
    ? { ports: ports.map(({ protocol = 'TCP', ...rest }): PortRange => ({ protocol, ...rest })) }
    : {}),
})

const policyOf = (object: KubeObject): Policy => {
  const spec = (object.spec ?? {}) as RawSpec
  const types = spec.policyTypes?.length ? spec.policyTypes : ['Ingress', ...(spec.egress?.length ? ['Egress'] : [])]
  return {
    object,
    selector: spec.podSelector ?? {},
    rules: {
      ...(types.includes('Ingress')
        ? { ingress: (spec.ingress ?? []).map(({ from, ports }) => ruleOf(from, ports)) }
        : {}),
      ...(types.includes('Egress') ? { egress: (spec.egress ?? []).map(({ to, ports }) => ruleOf(to, ports)) } : {}),
    },
  }
}

/** Takes the NetworkPolicies and Namespaces out of any objects. Never throws; order does not matter. */
export const compile = (objects: readonly KubeObject[]): PolicyModel => {
  const policies = new Map<string, Policy[]>()
  const namespaceLabels = new Map<string, Labels>()
  for (const object of objects) {
    if (object.kind === 'Namespace' && object.apiVersion === 'v1') {
      const { name, labels } = object.metadata
      // The API server sets this label on every namespace; objects from files may lack it.
      namespaceLabels.set(name, { 'kubernetes.io/metadata.name': name, ...labels })
    }
    if (object.kind !== 'NetworkPolicy' || object.apiVersion !== 'networking.k8s.io/v1') continue
    const { namespace = 'default' } = object.metadata
    policies.set(namespace, [...(policies.get(namespace) ?? []), policyOf(object)])
  }
  for (const list of policies.values()) list.sort((a, b) => (a.object.metadata.name < b.object.metadata.name ? -1 : 1))
  return { policies, namespaceLabels }
}
