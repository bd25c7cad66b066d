/**
 * Who is admitted: what Linkerd calls client authorizations. Upstream: linkerd2 policy-controller/k8s/index/src/inbound
 * (authorization_policy.rs, server_authorization.rs, index.rs policy_client_authz, ../defaults.rs), and for what the
 * proxy makes of them linkerd2-proxy linkerd/app/inbound/src/policy.rs (is_authorized).
 */
import type { KubeObject } from '../../kube/api.ts'
import { addressRange } from '../match/cidr.ts'
import { type Fields, fields, list, refOf, text, texts } from '../read.ts'
import type { Evidence } from '../verdict.ts'
import { identityFor, trustDomain } from './pods.ts'

/** What a connection brings along. */
export interface Client {
  address: string
  /** In the certificate of the caller's proxy; absent without mTLS. */
  identity?: string
}

export interface Authorization {
  /** `authorizationpolicy/api-callers`, `default/all-unauthenticated`: how metrics name it. */
  name: string
  evidence?: Evidence
  networks: readonly NetworkRange[]
  /** `none`: anybody; otherwise an identity that one of these matches. `*` matches all. */
  identities: 'none' | readonly string[]
  /** Who it is for, for sentences. */
  whom: string
}

export interface NetworkRange {
  cidr: string
  except: readonly string[]
  contains: (address: string) => boolean
}

/** `10.0.0.0/8` without `except`; undefined: cannot be read. */
export const readNetwork = (value: unknown): NetworkRange | undefined => {
  const { cidr, except } = fields(value)
  const within = addressRange(text(cidr) ?? '')
  if (within === undefined) return undefined
  const outside = texts(except).flatMap((each) => addressRange(each) ?? [])
  const contains = (address: string): boolean => within(address) && !outside.some((test) => test(address))
  return { cidr: text(cidr) ?? '', except: texts(except), contains }
}

const networksOf = (cidrs: readonly string[]): NetworkRange[] => cidrs.flatMap((cidr) => readNetwork({ cidr }) ?? [])

export const everywhere = networksOf(['0.0.0.0/0', '::/0'])

/** `clusterNetworks` of the chart's values. */
export const clusterCidrs: readonly string[] = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fd00::/8',
]
export const clusterNetworks = networksOf(clusterCidrs)

/** `*`, `*.production.serviceaccount…`, or the whole identity. */
export const matchesIdentity = (pattern: string, identity: string): boolean => {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? identity.endsWith(pattern.slice(1)) : pattern === identity
}

export const admits = ({ networks, identities }: Authorization, { address, identity }: Client): boolean => {
  if (!networks.some((network) => network.contains(address))) return false
  if (identities === 'none') return true
  return identity !== undefined && identities.some((pattern) => matchesIdentity(pattern, identity))
}

export const defaultPolicies = [
  'all-unauthenticated',
  'all-authenticated',
  'cluster-unauthenticated',
  'cluster-authenticated',
  'deny',
  'audit',
] as const
export type DefaultPolicy = (typeof defaultPolicies)[number]

export const isDefaultPolicy = (value: string | undefined): value is DefaultPolicy =>
  defaultPolicies.some((policy) => policy === value)

/** The authorizations that a default policy, or a Server's accessPolicy, brings. */
export const authorizationsOf = (policy: DefaultPolicy, evidence?: Evidence): Authorization[] => {
  if (policy === 'deny') return []
  const authenticated = policy.endsWith('-authenticated')
  const cluster = policy.startsWith('cluster-')
  const whom = authenticated ? 'every meshed client' : 'every client'
  return [
    {
      name: `default/${policy}`,
      ...(evidence === undefined ? {} : { evidence }),
      networks: cluster ? clusterNetworks : everywhere,
      identities: authenticated ? ['*'] : 'none',
      whom: cluster ? `${whom} of the cluster's networks` : whom,
    },
  ]
}

/** `MeshTLSAuthentication` of that namespace and name, or what is looked for otherwise. */
export type FindAuthentication = (kind: string, namespace: string, name: string) => KubeObject | undefined

const isKind = (ref: Fields, group: string, kind: string): boolean => {
  const said = (text(ref.group) ?? '').toLowerCase()
  return (
    (text(ref.kind) ?? '').toLowerCase() === kind.toLowerCase() && (said === group || (group === '' && said === 'core'))
  )
}

export const policyGroup = 'policy.linkerd.io'
export const isPolicyKind = (ref: Fields, kind: string): boolean => isKind(ref, policyGroup, kind)
export const isCoreKind = (ref: Fields, kind: string): boolean => isKind(ref, '', kind)

/** The identities that a MeshTLSAuthentication names. */
export const identitiesOf = (object: KubeObject): string[] => {
  const spec = fields(object.spec)
  const home = object.metadata.namespace ?? ''
  const refs = list(spec.identityRefs).flatMap((each) => {
    const ref = fields(each)
    const name = text(ref.name) ?? ''
    if (isCoreKind(ref, 'ServiceAccount')) return [identityFor(text(ref.namespace) ?? home, name)]
    if (isCoreKind(ref, 'Namespace')) return [`*.${name}.serviceaccount.identity.linkerd.${trustDomain}`]
    return []
  })
  return [...texts(spec.identities), ...refs]
}

/** A policy's authorization, or why it is void. */
export const readPolicy = (
  object: KubeObject,
  find: FindAuthentication,
): { authorization: Authorization } | { void: string; field: string } => {
  const refs = list(fields(object.spec).requiredAuthenticationRefs).map(fields)
  const home = object.metadata.namespace ?? ''
  let identities: string[] | undefined
  let networks: readonly NetworkRange[] | undefined
  const whom: string[] = []
  for (const [index, ref] of refs.entries()) {
    const name = text(ref.name) ?? ''
    const namespace = text(ref.namespace) ?? home
    const field = `spec.requiredAuthenticationRefs[${index}]`
    const kind = ['MeshTLSAuthentication', 'NetworkAuthentication'].find((each) => isPolicyKind(ref, each))
    if (isCoreKind(ref, 'ServiceAccount')) {
      if (identities) return { void: 'it requires two identities at once', field }
      identities = [identityFor(namespace, name)]
      whom.push(`ServiceAccount ${namespace}/${name}`)
      continue
    }
    if (kind === undefined) return { void: `${text(ref.kind) ?? ''} is no authentication`, field }
    const found = find(kind, namespace, name)
    if (found === undefined) return { void: `there is no ${kind} ${namespace}/${name}`, field }
    whom.push(`${kind} ${namespace}/${name}`)
    if (kind === 'MeshTLSAuthentication') {
      if (identities) return { void: 'it requires two identities at once', field }
      identities = identitiesOf(found)
    } else networks = list(fields(found.spec).networks).flatMap((each) => readNetwork(each) ?? [])
  }
  return {
    authorization: {
      name: `authorizationpolicy/${object.metadata.name}`,
      evidence: { object: refOf(object) },
      networks: networks ?? everywhere,
      identities: identities ?? 'none',
      whom: whom.length === 0 ? 'every client' : whom.join(' and '),
    },
  }
}

/** A ServerAuthorization's client. No networks: those of the cluster (server_authorization.rs). */
export const readServerAuthorization = (object: KubeObject): Authorization => {
  const client = fields(fields(object.spec).client)
  const tls = fields(client.meshTLS)
  const home = object.metadata.namespace ?? ''
  const accounts = list(tls.serviceAccounts).map((each) => {
    const { name, namespace } = fields(each)
    return identityFor(text(namespace) ?? home, text(name) ?? '')
  })
  const given = list(client.networks)
  const named = [...texts(tls.identities), ...accounts]
  const open = client.unauthenticated === true
  return {
    name: `serverauthorization/${object.metadata.name}`,
    evidence: { object: refOf(object), field: 'spec.client' },
    networks: given.length === 0 ? clusterNetworks : given.flatMap((each) => readNetwork(each) ?? []),
    identities: open ? 'none' : tls.unauthenticatedTLS === true ? ['*'] : named,
    whom: open ? 'every client' : tls.unauthenticatedTLS === true ? 'every meshed client' : named.join(', '),
  }
}
