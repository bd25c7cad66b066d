/**
 * What the caller's sidecar wraps its bytes in: what a DestinationRule says, else automatic mTLS, decided once per
 * service from the namespace or mesh PeerAuthentication and then per endpoint from its label and its own policy.
 * Upstream: pilot/pkg/networking/core/cluster_tls.go, pilot/pkg/xds/endpoints/mtls_checker.go.
 * Not modelled: MUTUAL (certificate files of a container, and credentials), caCertificates from files.
 */
import type { Call } from '../call.ts'
import type { Step, Upstream } from '../verdict.ts'
import type { Cluster } from './cluster.ts'
import type { IstioModel } from './compile.ts'
import type { Placed } from './destination-rule.ts'
import { namespaceMode, workloadMode } from './peer-authentication.ts'
import { identityOf, isMeshed, speaksMtls } from './pods.ts'
import { nameOf, refOf, text, texts } from './read.ts'

export interface ClientTls {
  transport: 'mtls' | 'tls' | 'plaintext'
  step: Step
  unknown?: true
  startsTls?: Upstream['startsTls']
  /** A server name that replaces the cluster's own. */
  sni?: string
  /** Why the caller's sidecar does not trust the certificate that it is shown. */
  mistrusts?: Step
}

const info = (says: string, evidence?: Step['evidence']): Step => ({
  at: 'client',
  outcome: 'info',
  says,
  ...(evidence === undefined ? {} : { evidence }),
})

/** `subjectAltNames` replace the service accounts that the receiver is expected to be: each is compared as a whole. */
const mistrusted = (tls: Placed, shown: string): Step | undefined => {
  const wanted = texts(tls.value.subjectAltNames)
  if (wanted.length === 0 || wanted.includes(shown)) return undefined
  const evidence = { object: refOf(tls.object), field: `${tls.field}.subjectAltNames` }
  const says = `${nameOf(evidence.object)} expects the receiver to be ${wanted.join(' or ')}, and it is ${shown}: the caller's sidecar ends the handshake`
  return { at: 'client', outcome: 'deny', says, evidence }
}

/** What `tls` of a DestinationRule demands; undefined: it says nothing, and automatic mTLS decides. */
const demanded = (model: IstioModel, call: Call, cluster: Cluster): ClientTls | undefined => {
  const { tls } = cluster.policy
  if (tls === undefined) return undefined
  // An absent mode is the enum's zero value.
  const mode = text(tls.value.mode) ?? 'DISABLE'
  const evidence = { object: refOf(tls.object), field: `${tls.field}.mode` }
  const says = `${nameOf(evidence.object)} sets tls mode ${mode}`
  const sni = text(tls.value.sni)
  if (mode === 'DISABLE')
    return { transport: 'plaintext', step: info(`${says}: the caller's sidecar sends plaintext`, evidence) }
  if (mode === 'ISTIO_MUTUAL') {
    const { destination } = call
    const mistrusts = isMeshed(destination)
      ? mistrusted(tls, identityOf(destination, model.config.trustDomain))
      : undefined
    return {
      transport: 'mtls',
      step: info(`${says}: the caller's sidecar always starts mTLS`, evidence),
      ...(sni ? { sni } : {}),
      ...(mistrusts === undefined ? {} : { mistrusts }),
    }
  }
  const unknown = (field: string, what: string): ClientTls => ({
    transport: 'plaintext',
    unknown: true,
    step: {
      at: 'client',
      outcome: 'unknown',
      says: `${says} ${what}, which is not modelled`,
      evidence: { object: evidence.object, field: `${tls.field}.${field}` },
    },
  })
  const credential = text(tls.value.credentialName) ?? ''
  if (credential !== '' && !credential.startsWith('configmap://') && !cluster.selecting)
    return {
      transport: 'plaintext',
      step: info(
        `${says} with a credentialName, which sidecars ignore without a workloadSelector: plaintext`,
        evidence,
      ),
    }
  if (mode === 'MUTUAL')
    return unknown(credential ? 'credentialName' : 'clientCertificate', 'with a client certificate')
  if (credential) return unknown('credentialName', 'with a credentialName')
  if (text(tls.value.caCertificates)) return unknown('caCertificates', 'with CA certificates of a file')
  if (texts(tls.value.subjectAltNames).length > 0) return unknown('subjectAltNames', 'with subjectAltNames')
  return {
    transport: 'tls',
    step: info(`${says}: the caller's sidecar starts TLS without a certificate of the mesh`, evidence),
    startsTls: {
      ...(sni ? { serverName: sni } : {}),
      verify: tls.value.insecureSkipVerify !== true,
    },
  }
}

/** Of a service whose callers keep their destination, all endpoints must have a sidecar: or every call is plaintext. */
const plainPeer = ({ service, port }: Cluster): string | undefined => {
  const what = `${nameOf(refOf(service.object))} ${service.kubernetes === undefined ? 'has resolution NONE' : 'is headless'}`
  const endpoints = service.endpoints(port)
  if (endpoints.length === 0) return `${what} and no endpoints of it are known: plaintext`
  const plain = endpoints.find(({ pod }) => !speaksMtls(pod))
  return plain && `${what} and ${plain.pod.metadata.name} has no sidecar: plaintext to all of its pods`
}

/** How the caller's sidecar sends to `call.destination`, one endpoint of the cluster. */
export const clientTls = (model: IstioModel, call: Call, cluster: Cluster): ClientTls => {
  const plaintext = (says: string, evidence?: Step['evidence']): ClientTls => ({
    transport: 'plaintext',
    step: info(says, evidence),
  })
  const asked = demanded(model, call, cluster)
  if (asked !== undefined) return asked
  const { service } = cluster
  if (service.external)
    return plaintext(`${nameOf(refOf(service.object))} is outside the mesh: the caller's sidecar sends it on as it is`)
  if (!model.config.enableAutoMtls) return plaintext('Automatic mTLS is off in the mesh config: plaintext')
  const wide = namespaceMode(model.peerAuthentications, service.namespace)
  if (wide.mode === 'DISABLE')
    return plaintext(`${wide.says}: callers send plaintext to every Service there`, wide.evidence)
  if (service.originalDestination) {
    const says = plainPeer(cluster)
    if (says !== undefined) return plaintext(says)
    const all = "The caller's sidecar starts mTLS: automatic mTLS, all of the service's pods have one"
    return { transport: 'mtls', step: info(all) }
  }
  const pod = call.destination
  if (!speaksMtls(pod)) {
    const evidence = { object: refOf(pod), field: 'metadata.labels' }
    const says = `${nameOf(evidence.object)} has no label security.istio.io/tlsMode: istio (no sidecar): the caller's sidecar sends plaintext`
    return plaintext(says, evidence)
  }
  const marks = cluster.endpointTls
  if (marks !== undefined) {
    const evidence = { object: refOf(marks.object), field: `${marks.field}.mode` }
    const mode = text(marks.value.mode) ?? 'DISABLE'
    const says = `${nameOf(evidence.object)} leaves TLS of port ${cluster.port} to automatic mTLS, which goes by the rule's own mode ${mode}`
    if (mode !== 'ISTIO_MUTUAL') return plaintext(`${says}: the caller's sidecar sends plaintext`, evidence)
    return { transport: 'mtls', step: info(`${says}: the caller's sidecar starts mTLS`, evidence) }
  }
  const own = workloadMode(model.peerAuthentications, pod.metadata.namespace ?? '', pod.metadata.labels, call.port)
  if (own.mode === 'DISABLE') return plaintext(`${own.says}: callers send plaintext to it`, own.evidence)
  return {
    transport: 'mtls',
    step: info("The caller's sidecar starts mTLS: automatic mTLS, the receiver has a sidecar"),
  }
}
