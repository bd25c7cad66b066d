/** NetworkPolicies. */
import { isIP } from 'node:net'
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { formatSelector } from './selector.ts'
import { complaints, forbidden, invalid, notListed, required } from './validation/errors.ts'
import { cidr } from './validation/names.ts'
import { portErrors } from './validation/ports.ts'
import { selectorErrors } from './validation/selector.ts'

interface Peer {
  podSelector?: LabelSelector
  namespaceSelector?: LabelSelector
  ipBlock?: { cidr?: string; except?: string[] }
}

interface Port {
  port?: number | string
  endPort?: number
  protocol?: string
}

interface NetworkPolicy extends KubeObject {
  spec?: {
    podSelector?: LabelSelector
    policyTypes?: string[]
    ingress?: { from?: Peer[]; ports?: Port[] }[]
    egress?: { to?: Peer[]; ports?: Port[] }[]
  }
}

/** Whether the second block lies in the first and is smaller; IPv4 only, others count as inside. */
const isStrictlyInside = (outer: string, inner: string): boolean => {
  const [[from = '', size = ''], [address = '', bits = '']] = [outer.split('/'), inner.split('/')]
  if (isIP(from) !== 4 || isIP(address) !== 4) return isIP(from) === isIP(address)
  const number = (ip: string) => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const prefix = (ip: string) => Math.floor(number(ip) / 2 ** (32 - Number(size)))
  return Number(bits) > Number(size) && prefix(from) === prefix(address)
}

const peerErrors = ({ podSelector, namespaceSelector, ipBlock }: Peer, at: string): FieldError[] => {
  const errors: FieldError[] = []
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(at, 'must specify a peer'))
  if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbidden(at, 'may not specify both ipBlock and another peer'))
  }
  if (podSelector) errors.push(...selectorErrors(podSelector, `${at}.podSelector`))
  if (namespaceSelector) errors.push(...selectorErrors(namespaceSelector, `${at}.namespaceSelector`))
  if (!ipBlock) return errors
  if (!ipBlock.cidr) errors.push(required(`${at}.ipBlock.cidr`))
  else errors.push(...complaints(`${at}.ipBlock.cidr`, ipBlock.cidr, cidr))
  ;(ipBlock.except ?? []).forEach((block, index) => {
    const field = `${at}.ipBlock.except[${index}]`
    const says = cidr(block)
    errors.push(...complaints(field, block, cidr))
    if (says.length > 0 || !ipBlock.cidr || cidr(ipBlock.cidr).length > 0) return
    if (!isStrictlyInside(ipBlock.cidr, block)) {
      errors.push(invalid(field, block, 'must be a strict subset of `cidr`'))
    }
  })
  return errors
}

const protocols = ['TCP', 'UDP', 'SCTP']

const endPortErrors = ({ port, endPort }: Port, at: string): FieldError[] => {
  if (endPort === undefined) return []
  if (port === undefined) return [invalid(at, endPort, 'may not be specified when `port` is not specified')]
  if (typeof port === 'string') return [invalid(at, endPort, 'may not be specified when `port` is non-numeric')]
  // The server shows the port here, whatever it says of the end.
  return endPort < port ? [invalid(at, port, 'must be greater than or equal to `port`')] : []
}

const ruleErrors = (peers: Peer[], ports: Port[], at: string, peersField: 'from' | 'to'): FieldError[] => [
  ...ports.flatMap((port, index) => {
    const field = `${at}.ports[${index}]`
    const { protocol = '' } = port
    return [
      ...(protocols.includes(protocol) ? [] : [notListed(`${field}.protocol`, protocol, protocols)]),
      ...(port.port === undefined ? [] : portErrors(port.port, `${field}.port`)),
      ...endPortErrors(port, `${field}.endPort`),
    ]
  }),
  ...peers.flatMap((peer, index) => peerErrors(peer, `${at}.${peersField}[${index}]`)),
]

export const networkPolicyKind: Kind = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  namespaced: true,
  goType: 'networking/v1.NetworkPolicy',
  generation: true,
  setDefaults: (object) => {
    const policy = object as NetworkPolicy
    policy.spec ??= {}
    const { spec } = policy
    spec.podSelector ??= {}
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
    for (const { ports = [] } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of ports) port.protocol ??= 'TCP'
    }
  },
  validate: (object) => {
    const { podSelector, ingress = [], egress = [], policyTypes = [] } = (object as NetworkPolicy).spec ?? {}
    return [
      ...selectorErrors(podSelector, 'spec.podSelector'),
      ...ingress.flatMap(({ from = [], ports = [] }, index) =>
        ruleErrors(from, ports, `spec.ingress[${index}]`, 'from'),
      ),
      ...egress.flatMap(({ to = [], ports = [] }, index) => ruleErrors(to, ports, `spec.egress[${index}]`, 'to')),
      ...(policyTypes.length > 2
        ? [invalid('spec.policyTypes', policyTypes, 'may not specify more than two policyTypes')]
        : []),
      ...(policyTypes.length > 2 ? [] : policyTypes).flatMap((type, index) =>
        ['Ingress', 'Egress'].includes(type)
          ? []
          : [notListed(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress'])],
      ),
    ]
  },
  columns: [
    nameColumn,
    text<NetworkPolicy>('Pod-Selector', ({ spec }) => formatSelector(spec?.podSelector)),
    ageColumn,
  ],
}
