/** What a pod is to the mesh: whether it has a proxy, who it is, which ports go past the proxy or are not read as HTTP. */
import type { Pod, Service } from '../../kube/kinds.ts'
import { refOf } from '../read.ts'
import type { Evidence } from '../verdict.ts'

export const proxyContainer = 'linkerd-proxy'
export const initContainerName = 'linkerd-init'
export const controlPlane = 'linkerd'
export const trustDomain = 'cluster.local'

/** Annotations that say how a proxy behaves all begin with this; the injector copies them from the namespace. */
export const configPrefix = 'config.linkerd.io/'

/** Whether a proxy runs in the pod, as a native sidecar or as a container. */
export const isMeshed = (pod: Pod): boolean =>
  [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].some(({ name }) => name === proxyContainer)

/** The DNS name in a ServiceAccount's certificate (linkerd2 policy-controller ClusterInfo::service_account_identity). */
export const identityFor = (namespace: string, account: string): string =>
  `${account}.${namespace}.serviceaccount.identity.${controlPlane}.${trustDomain}`

export const identityOf = (pod: Pod): string =>
  identityFor(pod.metadata.namespace ?? 'default', pod.spec?.serviceAccountName || 'default')

const rangeOf = (text: string): [number, number] | undefined => {
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  return from === undefined ? undefined : [Number(from), Number(to ?? from)]
}

/**
 * Ports of a list such as `25,8000-8010,web`; names are those of the pod's container ports.
 * What cannot be read is skipped, as the proxy-injector and the destination controller do (pkg/util/parsing.go).
 */
export const portsIn = (said: string, pod?: Pod): ((port: number) => boolean) => {
  const ranges = said.split(',').flatMap((part): [number, number][] => {
    const text = part.trim()
    const range = rangeOf(text)
    if (range) return [range]
    return pod === undefined || text === '' ? [] : namedPorts(pod, text).map((port) => [port, port])
  })
  return (port) => ranges.some(([from, to]) => port >= from && port <= to)
}

/** The same list as the policy controller reads it: one part that is no port, and the whole counts for nothing (ports.rs, parse_portset). */
const policyPortsIn = (said: string | undefined): ((port: number) => boolean) => {
  const parts = (said ?? '').split(',').map((part) => part.trim().replace(/\s*-\s*/, '-'))
  const ranges = parts.filter((part) => part !== '').map(rangeOf)
  const isSound = ranges.every((range) => range && range[0] >= 1 && range[1] <= 65535 && range[0] <= range[1])
  return (port) => isSound && ranges.some((range) => range && port >= range[0] && port <= range[1])
}

/** TCP container ports with that name; native sidecars count (workload.rs, pod_tcp_ports_by_name). */
export const namedPorts = (pod: Pod, name: string): number[] =>
  [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].flatMap(({ ports = [] }) =>
    ports
      .filter((port) => port.name === name && (port.protocol ?? 'TCP').toUpperCase() === 'TCP')
      .map(({ containerPort }) => containerPort),
  )

const annotation = (object: Pod | Service, name: string): string | undefined =>
  object.metadata.annotations?.[`${configPrefix}${name}`]

export const configEvidence = (object: Pod | Service, name: string): Evidence => ({
  object: refOf(object),
  field: `metadata.annotations["${configPrefix}${name}"]`,
})

/** Where a proxy shows its metrics. Not redirected, but its server asks the same policy (linkerd2-proxy linkerd/app/admin/src/stack.rs). */
export const adminPort = 4191

/** Galera, and the proxy's own control port: never redirected (charts' ignoreInboundPorts, _proxy-init.tpl). */
const ownPorts = new Set([4190, 4567, 4568])

/** Why a connection to that port of a meshed pod does not meet its proxy; undefined: it does. */
export const inboundBypass = (pod: Pod, port: number): { says: string; evidence?: Evidence } | undefined => {
  if (ownPorts.has(port)) return { says: `Port ${port} is not redirected to the proxy` }
  if (!portsIn(annotation(pod, 'skip-inbound-ports') ?? '')(port)) return undefined
  return {
    says: `The pod skips inbound port ${port}: no proxy, no mTLS and no policy there`,
    evidence: configEvidence(pod, 'skip-inbound-ports'),
  }
}

/** Why a connection out of a meshed pod does not meet its own proxy; undefined: it does. */
export const outboundBypass = (pod: Pod, port: number): { says: string; evidence?: Evidence } | undefined => {
  if (port === 4567 || port === 4568) return { says: `Outbound port ${port} is not redirected to the proxy` }
  if (!portsIn(annotation(pod, 'skip-outbound-ports') ?? '')(port)) return undefined
  return {
    says: `The caller skips outbound port ${port}: its proxy does not see the connection`,
    evidence: configEvidence(pod, 'skip-outbound-ports'),
  }
}

/** SMTP, MySQL, Galera, PostgreSQL, Redis, Elasticsearch, memcached: the server speaks first (charts' opaquePorts). */
export const defaultOpaquePorts = '25,587,3306,4444,5432,6379,9300,11211'

/**
 * Whether the pod's proxy takes the port for bytes, where no Server says otherwise: its annotation, which the injector
 * writes for the default ports that a container declares (inbound/index.rs, default_inbound_server).
 */
export const isOpaquePort = (pod: Pod, port: number): Evidence | undefined =>
  policyPortsIn(annotation(pod, 'opaque-ports'))(port) ? configEvidence(pod, 'opaque-ports') : undefined

/** Whether meshed callers are told that it does. Without an annotation they go by the default ports. */
export const isToldOpaque = (pod: Pod, port: number): Evidence | true | undefined => {
  const said = annotation(pod, 'opaque-ports')
  if (said === undefined) return portsIn(defaultOpaquePorts)(port) ? true : undefined
  return portsIn(said, pod)(port) ? configEvidence(pod, 'opaque-ports') : undefined
}

/** Whether meshed callers of the Service take its port for bytes; without an annotation the default ports count. */
export const isOpaqueService = (service: Service, port: number): Evidence | true | undefined => {
  const said = annotation(service, 'opaque-ports')
  if (said === undefined) return portsIn(defaultOpaquePorts)(port) ? true : undefined
  return portsIn(said)(port) ? configEvidence(service, 'opaque-ports') : undefined
}

/** Ports on which an allowing default policy asks for an identity. */
export const requiresIdentity = (pod: Pod, port: number): boolean =>
  policyPortsIn(annotation(pod, 'proxy-require-identity-inbound-ports'))(port)

export const defaultPolicyAnnotation = 'default-inbound-policy'
export const saidDefaultPolicy = (pod: Pod): string | undefined => annotation(pod, defaultPolicyAnnotation)
