/**
 * Bytes inside mutual TLS: a real TLS 1.3 handshake and record exchange of `node:tls` between two workload identities,
 * over a pair of streams in memory, with a reader in the middle. As the mesh's proxies configure it: styles.ts, and
 * istio/istio security/pkg/pki/ca/ca.go (certificates).
 * Not as a real proxy: OpenSSL writes the ClientHello, so offers and extensions stand in another order; connections are
 * reused there, so most requests have no handshake in front of them.
 */
import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { type ConnectionOptions, connect, createSecureContext, type PeerCertificate, TLSSocket } from 'node:tls'
import { issuerOf, selfSigned } from '../pki/mesh-authority.ts'
import type { TlsStyle } from './styles.ts'
import { describeRecord } from './tls/describe.ts'
import { createRecordReader, type TlsRecord } from './tls/records.ts'
import { type Capture, type Chunk, captureOf, type Side } from './wire.ts'

export interface Handshake {
  trustDomain: string
  /** `spiffe://cluster.local/ns/production/sa/frontend`, or a DNS name where identities are DNS names. */
  client: string
  server: string
  /** `outbound_.80_._.orders.production.svc.cluster.local` */
  serverName?: string
  style: TlsStyle
}

/** The peer must be the identity that was expected, as proxies check it. */
const isIdentity = (identity: string) => (_host: string, peer: PeerCertificate) =>
  peer.subjectaltname === `${identity.includes('://') ? 'URI' : 'DNS'}:${identity}`
    ? undefined
    : new Error(`${peer.subjectaltname} is not ${identity}`)

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
  { trustDomain, client, server, serverName, style }: Handshake,
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
      ciphers: style.ciphers.join(':'),
      ecdhCurve: style.groups.join(':'),
      minVersion: style.minVersion,
      maxVersion: 'TLSv1.3',
    })
    return { secureContext, rejectUnauthorized: true }
  }

  const alpn = (names: string[]): ConnectionOptions => (names.length ? { ALPNProtocols: names } : {})

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
    ...alpn(style.accepted),
  })
  const here = connect({
    ...credentials(client),
    socket: clientEnd,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...alpn(style.offered),
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
