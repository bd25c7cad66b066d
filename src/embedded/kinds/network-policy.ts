/** NetworkPolicies. */
import { isIP } from 'node:net'
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { formatSelector } from './selector.ts'
import { forbidden, invalid, notSupported, required } from './validation/errors.ts'
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

const isCidr = (value: string): boolean => {
  const [address = '', bits = ''] = value.split('/')
  const version = isIP(address)
  return version !== 0 && /^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

const cidrSays = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

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
  else if (!isCidr(ipBlock.cidr)) errors.push(invalid(`${at}.ipBlock.cidr`, ipBlock.cidr, cidrSays))
  ;(ipBlock.except ?? []).forEach((cidr, index) => {
    if (!isCidr(cidr)) errors.push(invalid(`${at}.ipBlock.except[${index}]`, cidr, cidrSays))
  })
  return errors
}

const ruleErrors = (peers: Peer[], ports: Port[], at: string, peersField: 'from' | 'to'): FieldError[] => [
  ...ports.flatMap(({ port, protocol, endPort }, index) => [
    ...(['TCP', 'UDP', 'SCTP'].includes(protocol ?? '')
      ? []
      : [notSupported(`${at}.ports[${index}].protocol`, protocol, ['TCP', 'UDP', 'SCTP'])]),
    ...(port === undefined ? [] : portErrors(port, `${at}.ports[${index}].port`)),
    ...(endPort !== undefined && typeof port === 'number' && endPort < port
      ? [invalid(`${at}.ports[${index}].endPort`, endPort, 'must be greater than or equal to `port`')]
      : []),
  ]),
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
      ...policyTypes.flatMap((type, index) =>
        ['Ingress', 'Egress'].includes(type)
          ? []
          : [notSupported(`spec.policyTypes[${index}]`, type, ['Egress', 'Ingress'])],
      ),
    ]
  },
  columns: [
    nameColumn,
    text<NetworkPolicy>('Pod-Selector', ({ spec }) => formatSelector(spec?.podSelector)),
    ageColumn,
  ],
}
