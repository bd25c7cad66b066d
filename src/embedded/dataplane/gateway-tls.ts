/**
 * TLS that a gateway ends: the certificate of its Secret is read and checked for real, as OpenSSL would for the client.
 * Not modelled: client certificates, so a gateway that demands one refuses everybody.
 */
import { X509Certificate } from 'node:crypto'
import type { KubeObject } from '../../kube/api.ts'
import type { EndsTls } from '../../meshes/verdict.ts'
import type { Registry } from '../registry.ts'
import type { Dial, Failure } from './dataplane.ts'

const secrets = { group: '', resource: 'secrets' }

/** What a client is shown, for `curl -v`. */
export interface ShownCertificate {
  subject: string
  issuer: string
  validFrom: string
  validTo: string
}

const textOf = (secret: KubeObject, ...keys: string[]): string | undefined => {
  const data = (secret.data ?? {}) as Record<string, string | undefined>
  const found = keys.map((key) => data[key]).find((value) => value !== undefined)
  return found === undefined ? undefined : Buffer.from(found, 'base64').toString()
}

const parse = (pem: string): X509Certificate | undefined => {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

const certificatesIn = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).flatMap(
    (each) => parse(each) ?? [],
  )

const names = (text: string): string => text.split('\n').join('; ')

/** Whether the chain ends at somebody whom the client trusts. */
const isTrusted = (
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): boolean => {
  let at = leaf
  for (let depth = 0; depth < 8; depth++) {
    if (trusted.some((ca) => ca.fingerprint256 === at.fingerprint256)) return true
    const signs = (ca: X509Certificate): boolean => at.checkIssued(ca) && at.verify(ca.publicKey)
    if (trusted.some(signs)) return true
    const next = chain.find((each) => each !== at && signs(each))
    if (next === undefined) return false
    at = next
  }
  return false
}

/** The handshake of that client with the gateway: what it is shown, or how it fails. `now` in milliseconds. */
export const handshake = (
  registry: Registry,
  { secret: { namespace, name }, mutual }: EndsTls,
  dial: Dial,
  now: number,
): { shown: ShownCertificate } | { failure: Failure } => {
  const secret = registry.get(secrets, name, namespace)
  const pem = secret && textOf(secret, 'tls.crt', 'cert')
  const key = secret && textOf(secret, 'tls.key', 'key')
  const chain = pem === undefined ? [] : certificatesIn(pem)
  const [leaf] = chain
  // Without its secret the listener is not ready, and the connection is closed in the handshake.
  if (leaf === undefined || key === undefined) return { failure: { kind: 'reset' } }
  const { tls } = dial
  const distrusted = (says: string): { failure: Failure } => ({ failure: { kind: 'tls', says, certificate: true } })
  if (tls?.verify) {
    if (!isTrusted(leaf, chain, certificatesIn(tls.ca ?? '')))
      return distrusted(
        leaf.subject === leaf.issuer ? 'self-signed certificate' : 'unable to get local issuer certificate',
      )
    if (now > Date.parse(leaf.validTo)) return distrusted('certificate has expired')
    if (now < Date.parse(leaf.validFrom)) return distrusted('certificate is not yet valid')
    const wanted = tls.serverName || dial.host
    const isNamed = tls.serverName ? leaf.checkHost(wanted) : leaf.checkIP(wanted)
    if (isNamed === undefined) return { failure: { kind: 'tls', says: wanted, certificate: true, wrongName: true } }
  }
  if (mutual) return { failure: { kind: 'tls', says: 'tlsv13 alert certificate required' } }
  return {
    shown: {
      subject: names(leaf.subject),
      issuer: names(leaf.issuer),
      validFrom: leaf.validFrom,
      validTo: leaf.validTo,
    },
  }
}
