/**
 * Bytes inside mutual TLS: a real TLS 1.3 handshake and record exchange of `node:tls` between two workload identities,
 * over a pair of streams in memory, with a reader in the middle. As istio's sidecars configure it: istio/istio
 * pilot/pkg/xds/filters/filters.go (ALPN of a client that speaks HTTP/1.1), pilot/pkg/networking/util/util.go (ALPNHttp),
 * pilot/pkg/networking/core/cluster_tls.go (TLS 1.2 to 1.3), security/pkg/pki/ca/ca.go (certificates).
 * Not as a real sidecar: OpenSSL writes the ClientHello, not BoringSSL, so offers and extensions stand in another order;
 * connections are reused there, so most requests have no handshake in front of them.
 */
import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { type ConnectionOptions, connect, createSecureContext, type PeerCertificate, TLSSocket } from 'node:tls'
import { issuerOf, selfSigned } from '../pki/mesh-authority.ts'
import { describeRecord } from './tls/describe.ts'
import { createRecordReader, type TlsRecord } from './tls/records.ts'
import { type Capture, type Chunk, captureOf, type Side } from './wire.ts'

export interface Handshake {
  trustDomain: string
  /** SPIFFE identities: `spiffe://cluster.local/ns/production/sa/frontend`. */
  client: string
  server: string
  /** `outbound_.80_._.orders.production.svc.cluster.local` */
  serverName?: string
}

/** What a client's sidecar offers for HTTP/1.1, and what a server's accepts. */
const offered = ['istio-http/1.1', 'istio', 'http/1.1']
const accepted = ['h2', 'http/1.1']

/** Istio's own list for TLS 1.2, which every ClientHello carries; those of TLS 1.3 are not configurable. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
].join(':')

/** The peer must be the identity that was expected: what Envoy's `match_typed_subject_alt_names` checks. */
const isIdentity = (identity: string) => (_host: string, peer: PeerCertificate) =>
  peer.subjectaltname === `URI:${identity}` ? undefined : new Error(`${peer.subjectaltname} is not ${identity}`)

/** Passes bytes on, and shows them to `seen` on their way. */
const relay = (from: Duplex, to: Duplex, seen: (bytes: Buffer) => void): void => {
  from.on('data', (bytes: Buffer) => {
    seen(bytes)
    to.write(bytes)
  })
}

/** Resolves once that many bytes have been read in the clear. */
const receive = (socket: TLSSocket, length: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let got = 0
    socket.once('error', reject)
    socket.on('data', (bytes: Buffer) => {
      got += bytes.length
      if (got >= length) resolve()
    })
  })

/** What the two ends sent before any request, in the order of RFC 8446 (figure 1, appendix A); each its own record. */
const inHandshake: Record<Side, string[]> = {
  server: [
    'EncryptedExtensions, with the chosen application protocol',
    'CertificateRequest: this is what makes it mutual',
    "Certificate: the server's, with its identity",
    "CertificateVerify: the proof that the server has that certificate's key",
    'Finished',
  ],
  client: [
    "Certificate: the client's, with its identity",
    "CertificateVerify: the proof that the client has that certificate's key",
    'Finished',
  ],
}

type Phase = 'handshake' | 'session ticket' | 'request' | 'response'
interface Seen {
  from: Side
  record: TlsRecord
  phase: Phase
}

/** What is in the encrypted records, which the observer cannot know. */
const describeAll = (seen: readonly Seen[]): Chunk[] => {
  const handshake = seen.filter(({ record, phase }) => phase === 'handshake' && record.type === 23)
  return seen.map((each) => {
    const { from, record, phase } = each
    if (record.type !== 23) return describeRecord(from, record)
    if (phase !== 'handshake') return describeRecord(from, record, `the ${phase}`)
    const own = handshake.filter((other) => other.from === from)
    const names = inHandshake[from]
    const name = own.length === names.length ? names[own.indexOf(each)] : `the rest of the ${from}'s handshake`
    return describeRecord(from, record, name)
  })
}

/**
 * The request and its response inside a connection of their own. `response` absent: only the request is sent.
 * Rejects when the handshake fails, which is a defect: both certificates come from the same authority.
 */
export const captureMtls = async (
  { trustDomain, client, server, serverName }: Handshake,
  request: Uint8Array,
  response?: Uint8Array,
): Promise<Capture> => {
  // Made for this one connection: the keys of a cluster's own proxies are nobody else's business.
  const now = Date.now()
  const issue = issuerOf(selfSigned(trustDomain, now))
  const credentials = (identity: string): ConnectionOptions => {
    const { key, certChain, root } = issue(identity, now)
    const secureContext = createSecureContext({
      key,
      cert: certChain,
      ca: root,
      ciphers,
      ecdhCurve: 'X25519:P-256',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
    })
    return { secureContext, rejectUnauthorized: true }
  }

  const seen: Seen[] = []
  const phase: Record<Side, Phase> = { client: 'handshake', server: 'handshake' }
  const record = (from: Side): ((bytes: Buffer) => void) => {
    const read = createRecordReader()
    return (bytes) => void seen.push(...read(bytes).map((each) => ({ from, record: each, phase: phase[from] })))
  }
  const [clientEnd, clientWire] = duplexPair()
  const [serverWire, serverEnd] = duplexPair()
  relay(clientWire, serverWire, record('client'))
  relay(serverWire, clientWire, record('server'))

  const there = new TLSSocket(serverEnd, {
    ...credentials(server),
    isServer: true,
    requestCert: true,
    ALPNProtocols: accepted,
  })
  const here = connect({
    ...credentials(client),
    socket: clientEnd,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ALPNProtocols: offered,
    checkServerIdentity: isIdentity(server),
  })
  try {
    await Promise.all([once(here, 'secureConnect'), once(there, 'secure')])
    phase.client = 'request'
    phase.server = 'session ticket'
    const arrived = receive(there, request.length)
    here.write(request)
    await arrived
    if (response !== undefined && response.length > 0) {
      phase.server = 'response'
      const answered = receive(here, response.length)
      there.write(response)
      await answered
    }
    return captureOf(describeAll(seen))
  } finally {
    here.destroy()
    there.destroy()
  }
}
