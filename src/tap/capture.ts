/**
 * One request as an observer between the two pods sees it, now and under mutual TLS. How it travels is the engine's
 * verdict; the request is really sent, so what came back is no guess; the mutual TLS is a real handshake.
 * Not modelled: TCP and IP below; headers that the sidecars add themselves (x-request-id, x-forwarded-proto, x-envoy-*);
 * HTTP/2, which Istio speaks between sidecars only where `h2UpgradePolicy` or the caller asks for it, and Linkerd always
 * does; chunked bodies are
 * shown put together; TLS of the application's own, and TLS without a client certificate.
 */
import { type Prediction, predictNow } from '../grading/predict.ts'
import type { ClusterWorld } from '../grading/world.ts'
import type { Cluster } from '../kube/api.ts'
import type { Pod } from '../kube/kinds.ts'
import { findWorkload, parseTarget, resolve } from '../meshes/network.ts'
import { isOutside } from '../meshes/outside.ts'
import { asProxyWrites, describeHttp } from './http.ts'
import { captureMtls, type Handshake } from './mtls.ts'
import { type Sent, send, type TapRequest } from './send.ts'
import { type TlsStyle, tlsStyles } from './styles.ts'
import { type Capture, captureOf, type Tap } from './wire.ts'

/** The server name of a sidecar's TLS: istio/istio pilot/pkg/model/push_context.go, BuildDNSSrvSubsetKey. */
const serverNameOf = ({ verdict }: Prediction): string | undefined => {
  const [direction, port, subset, host] = verdict?.upstream?.cluster.split('|') ?? []
  return direction === 'outbound' && host ? `outbound_.${port}_.${subset}_.${host}` : undefined
}

/** The two pods, and the server name for a caller that has no sidecar yet: the Service that it asks for. */
interface Ends {
  source: Pod
  destination?: Pod
  serverName?: string
}

const endsOf = (world: ClusterWorld, source: Pod, url: string, found: Prediction): Ends => {
  const target = resolve(world.network, source, url)
  const asked = target.kind === 'service' ? target.endpoints[0]?.pod : target.kind === 'pod' ? target.pod : undefined
  const destination = found.verdict?.upstream?.destination ?? asked
  if (target.kind !== 'service') return { source, destination, serverName: serverNameOf(found) }
  const { name, namespace } = target.service.metadata
  const host = `${name}.${namespace}.svc.cluster.local`
  return { source, destination, serverName: serverNameOf(found) ?? `outbound_.${target.port.port}_._.${host}` }
}

const handshakeOf = ({ mesh, model }: ClusterWorld, ends: Ends): Handshake | undefined => {
  const { source, destination, serverName } = ends
  const style = mesh && tlsStyles[mesh.name]
  if (!mesh?.identity || !style || !destination || isOutside(destination)) return undefined
  const client = mesh.identity(model, source)
  const server = mesh.identity(model, destination)
  const trustDomain = /^spiffe:\/\/([^/]+)/.exec(client)?.[1] ?? mesh.trust?.trustDomain ?? 'cluster.local'
  // Where identities are DNS names, a client asks for the server by its identity.
  return { trustDomain, client, server, serverName: server.includes('://') ? serverName : server, style }
}

/** How it leaves the caller's pod now. */
const nowOf = ({ outcome, transport, verdict }: Prediction): Tap['now'] => {
  if (outcome === 'unknown') return 'unknown'
  return transport === 'none' ? (verdict?.sent ?? 'none') : transport
}

/** Whether what the caller got back came from the other pod: its own sidecar may have answered instead. */
const cameFromThere = ({ verdict }: Prediction): boolean =>
  !(verdict?.effect?.kind === 'respond' && verdict.effect.by === 'client-proxy')

const plaintextOf = (sent: Sent, throughProxy: boolean, fromThere: boolean): Capture | undefined => {
  if (!sent.ran || sent.request === undefined) return undefined
  const request = throughProxy ? asProxyWrites(sent.request) : sent.request
  const asked = describeHttp('client', request)
  const answer = fromThere && sent.response !== undefined ? [describeHttp('server', sent.response, asked)] : []
  return captureOf([asked, ...answer])
}

/** What somebody who compares this with a real capture would stumble over. */
const notesOf = (
  tap: Tap,
  meshed: { client: boolean; server: boolean },
  fromThere: boolean,
  found: Prediction,
  style: TlsStyle | undefined,
): string[] => {
  const { now } = tap
  const refused = found.verdict !== undefined && found.transport === 'none'
  return [
    ...(now === 'plaintext' && refused
      ? ['The receiver refuses this request, and its bytes were on the wire all the same: refusing is not hiding.']
      : []),
    ...(fromThere || now === 'none' ? [] : ["No answer came over the wire: the caller's own sidecar answered it."]),
    ...(now === 'tls' ? ['One-way TLS is not shown; its records look like those of mutual TLS.'] : []),
    ...(now !== 'mtls' && tap.mtls && !meshed.client
      ? [`${tap.from} has no sidecar: under mutual TLS it would be as shown if it had one.`]
      : []),
    ...(now !== 'mtls' && tap.mtls && !meshed.server
      ? ['The receiver has no sidecar: mutual TLS would be as shown if it had one.']
      : []),
    ...(meshed.client && style ? [style.notes.headers] : []),
    ...(tap.mtls && style
      ? [
          tap.mtls.serverName === tap.mtls.server
            ? "TLS 1.3 encrypts both certificates: the caller's identity is not on the wire. The server's is all the same, as the server name of the ClientHello."
            : 'TLS 1.3 encrypts both certificates: no identity is on the wire. The server name and ALPN of the ClientHello are.',
          style.notes.records,
        ]
      : []),
  ]
}

/** Sends the request and captures it. Rejects only when the cluster cannot be reached, or when `signal` aborts. */
export const tapRequest = async (
  cluster: Cluster,
  world: ClusterWorld,
  request: TapRequest,
  signal?: AbortSignal,
): Promise<Tap> => {
  const { from, url, method } = request
  const found = await predictNow(world, from, url, { method, headers: Object.fromEntries(request.headers) })
  const now = nowOf(found)
  const tap: Tap = {
    from,
    url,
    method,
    destination: found.destination,
    now,
    because: found.because,
    met: '',
    notes: [],
  }
  const source = findWorkload(world.network, from)
  if (source === undefined) return { ...tap, met: `not sent: there is no pod of ${from}` }
  if (parseTarget(url)?.scheme !== 'http') return { ...tap, met: 'not sent: only http:// is captured' }
  const sent = await send(cluster, world.network, request, signal)
  tap.met = sent.ran ? sent.met : `not sent: ${sent.met}`
  // What no proxy carries away never meets an observer, whatever curl wrote to its own sidecar.
  if (now === 'none')
    return { ...tap, notes: ["Nothing of this request leaves the caller's pod: there is nothing to see."] }
  const isMeshed = (pod: Pod | undefined): boolean => pod !== undefined && world.mesh?.isMeshed(pod) === true
  const fromThere = cameFromThere(found)
  const plaintext = plaintextOf(sent, isMeshed(source), fromThere)
  const ends = endsOf(world, source, url, found)
  const handshake = handshakeOf(world, ends)
  const [asked, answered] = plaintext?.chunks ?? []
  if (asked && handshake) {
    const { client, server, serverName } = handshake
    tap.mtls = { ...(await captureMtls(handshake, asked.bytes, answered?.bytes)), client, server, serverName }
  }
  const meshed = { client: isMeshed(source), server: isMeshed(ends.destination) }
  return { ...tap, plaintext, notes: notesOf(tap, meshed, fromThere, found, world.mesh && tlsStyles[world.mesh.name]) }
}
