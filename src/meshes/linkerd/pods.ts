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

/**
 * Ports of a list such as `25,8000-8010,web`; names are those of the pod's container ports.
 * What cannot be read is skipped, as the proxy-injector and the policy controller do.
 */
export const portsIn = (said: string, pod?: Pod): ((port: number) => boolean) => {
  const ranges = said.split(',').flatMap((part): [number, number][] => {
    const text = part.trim()
    const range = /^(\d+)(?:-(\d+))?$/.exec(text)
    if (range) return [[Number(range[1]), Number(range[2] ?? range[1])]]
    return pod === undefined || text === '' ? [] : namedPorts(pod, text).map((port) => [port, port])
  })
  return (port) => ranges.some(([from, to]) => port >= from && port <= to)
}

/** Container ports with that name; native sidecars count. */
export const namedPorts = (pod: Pod, name: string): number[] =>
  [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].flatMap(({ ports = [] }) =>
    ports.filter((port) => port.name === name).map(({ containerPort }) => containerPort),
  )

const annotation = (object: Pod | Service, name: string): string | undefined =>
  object.metadata.annotations?.[`${configPrefix}${name}`]

export const configEvidence = (object: Pod | Service, name: string): Evidence => ({
  object: refOf(object),
  field: `metadata.annotations["${configPrefix}${name}"]`,
})

/** Ports of the proxy itself, and of a tap that is long gone: never redirected (charts/patch, ignoreInboundPorts). */
const ownPorts = new Set([4190, 4191, 4567, 4568])

/** Why a connection to that port of a meshed pod does not meet its proxy; undefined: it does. */
export const inboundBypass = (pod: Pod, port: number): { says: string; evidence?: Evidence } | undefined => {
  if (ownPorts.has(port)) return { says: `Port ${port} is the proxy's own and not redirected` }
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

/** Whether the pod's proxy takes the port for bytes, where no Server says otherwise. */
export const isOpaquePort = (pod: Pod, port: number): Evidence | true | undefined => {
  const said = annotation(pod, 'opaque-ports')
  if (said === undefined) return portsIn(defaultOpaquePorts)(port) ? true : undefined
  return portsIn(said, pod)(port) ? configEvidence(pod, 'opaque-ports') : undefined
}

/** Whether meshed callers of the Service take its port for bytes. */
export const isOpaqueService = (service: Service, port: number): Evidence | undefined =>
  portsIn(annotation(service, 'opaque-ports') ?? '')(port) ? configEvidence(service, 'opaque-ports') : undefined

/** Ports on which an allowing default policy asks for an identity. */
export const requiresIdentity = (pod: Pod, port: number): boolean =>
  portsIn(annotation(pod, 'proxy-require-identity-inbound-ports') ?? '')(port)

export const defaultPolicyAnnotation = 'default-inbound-policy'
export const saidDefaultPolicy = (pod: Pod): string | undefined => annotation(pod, defaultPolicyAnnotation)
