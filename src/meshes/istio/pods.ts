/** What a pod is to the mesh: whether it has a sidecar, which ports go past it, who it is. */
import type { Pod } from '../../kube/kinds.ts'
import { spiffeId } from '../match/spiffe.ts'
import type { Evidence } from '../verdict.ts'
import { nameOf, refOf } from './read.ts'

export const proxyContainer = 'istio-proxy'
export const tlsModeLabel = 'security.istio.io/tlsMode'

/** Whether a sidecar runs in the pod, as a container or as a restartable init container. */
export const isMeshed = (pod: Pod): boolean =>
  [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].some(
    (container) => container.name === proxyContainer,
  )

/** Whether the pod is a gateway: a proxy with no application beside it. */
export const isGateway = (pod: Pod): boolean =>
  (pod.spec?.containers ?? []).length > 0 &&
  (pod.spec?.containers ?? []).every((container) => container.name === proxyContainer)

/** Whether callers believe that the pod speaks Istio's mTLS: they go by this label alone, not by its containers. */
export const speaksMtls = (pod: Pod): boolean => pod.metadata.labels?.[tlsModeLabel] === 'istio'

export const serviceAccountOf = (pod: Pod): string => pod.spec?.serviceAccountName || 'default'

/** The identity in the certificate of the pod's sidecar. */
export const identityOf = (pod: Pod, trustDomain: string): string =>
  spiffeId(trustDomain, pod.metadata.namespace ?? 'default', serviceAccountOf(pod))

/** The proxy's own ports (Prometheus, health, merged metrics) are never captured. */
const uncaptured = new Set([15090, 15021, 15020])

/** Whether a list of ports in an annotation has that one. */
const lists = (annotation: string | undefined, port: number): boolean =>
  annotation?.split(',').filter(Boolean).map(Number).includes(port) ?? false

const annotationEvidence = (pod: Pod, name: string): Evidence => ({
  object: refOf(pod),
  field: `metadata.annotations["${name}"]`,
})

/** Why a connection to that port of a meshed pod does not meet its sidecar; undefined: it does. */
export const inboundBypass = (pod: Pod, port: number): { says: string; evidence?: Evidence } | undefined => {
  if (uncaptured.has(port)) return { says: `Port ${port} is the proxy's own and not captured` }
  const annotations = pod.metadata.annotations ?? {}
  const [include, exclude] = [
    'traffic.sidecar.istio.io/includeInboundPorts',
    'traffic.sidecar.istio.io/excludeInboundPorts',
  ]
  const included = annotations[include]
  if (included !== undefined && included !== '*' && !lists(included, port))
    return { says: `The pod captures only the inbound ports "${included}"`, evidence: annotationEvidence(pod, include) }
  if (lists(annotations[exclude], port) && (included === undefined || included === '*'))
    return {
      says: `The pod excludes inbound port ${port} from its sidecar`,
      evidence: annotationEvidence(pod, exclude),
    }
  return undefined
}

const excludedPorts = 'traffic.sidecar.istio.io/excludeOutboundPorts'
const unmodelledAnnotations = [
  'traffic.sidecar.istio.io/includeOutboundIPRanges',
  'traffic.sidecar.istio.io/excludeOutboundIPRanges',
  'traffic.sidecar.istio.io/includeOutboundPorts',
]
/** istio-cni's mark on pods whose traffic it gives to a ztunnel (cni/pkg/util/podutil.go). */
const redirection = 'ambient.istio.io/redirection'

/** All of a caller's that the way out goes by. */
export const outboundAnnotations: readonly string[] = [excludedPorts, redirection, ...unmodelledAnnotations]

/** A pod of the ambient mesh, of which nothing is modelled. */
export const ambientDoubt = (pod: Pod): { says: string; evidence: Evidence } | undefined => {
  if (pod.metadata.annotations?.[redirection] !== 'enabled') return undefined
  const says = `${nameOf(refOf(pod))} is in the ambient mesh: what its ztunnel and waypoints do is not modelled`
  return { says, evidence: annotationEvidence(pod, redirection) }
}

/** Whether a connection out of a meshed pod skips its sidecar, or an annotation that would have to be understood first. */
export const outboundBypass = (
  pod: Pod,
  port: number,
): { kind: 'bypass' | 'unknown'; says: string; evidence: Evidence } | undefined => {
  const annotations = pod.metadata.annotations ?? {}
  if (lists(annotations[excludedPorts], port))
    return {
      kind: 'bypass',
      says: `The pod excludes outbound port ${port} from its sidecar`,
      evidence: annotationEvidence(pod, excludedPorts),
    }
  const other = unmodelledAnnotations.find((name) => {
    const value = annotations[name]
    return value !== undefined && value !== '' && value !== '*'
  })
  if (other === undefined) return undefined
  return { kind: 'unknown', says: `The annotation ${other} is not modelled`, evidence: annotationEvidence(pod, other) }
}
