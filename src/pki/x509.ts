/** X.509 certificates, written and signed by hand as DER: about a millisecond each, and no library to load first. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { bits, boolean, implicit, integer, nothing, octets, oid, sequence, set, tagged, time, utf8 } from './der.ts'

export const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
}

export interface CertificateParts {
  issuer: { name: Uint8Array; key: KeyObject }
  subject: Uint8Array
  publicKey: KeyObject
  /** Milliseconds since the epoch. */
  notBefore: number
  notAfter: number
  extensions: readonly Buffer[]
}

export const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** A key as a PKCS#8 PEM. */
export const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** The certificate as PEM, signed with the issuer's key (EC or RSA). */
export const signCertificate = (parts: CertificateParts): string => {
  const isRsa = createPublicKey(parts.issuer.key).asymmetricKeyType === 'rsa'
  const algorithm = isRsa ? sequence(oid(oids.sha256WithRsa), nothing()) : sequence(oid(oids.ecdsaWithSha256))
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    algorithm,
    parts.issuer.name,
    sequence(time(new Date(parts.notBefore)), time(new Date(parts.notAfter))),
    parts.subject,
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...parts.extensions)),
  )
  return pem(sequence(body, algorithm, bits(sign('sha256', body, parts.issuer.key))))
}

/** A certificate that vouches for itself, with a new key, as PEM. `extensions`: what it says of its own public key. */
export const selfSign = (
  name: Buffer,
  validity: Pick<CertificateParts, 'notBefore' | 'notAfter'>,
  extensions: (key: KeyObject) => Buffer[],
): { certificate: string; key: string } => {
  const { publicKey, privateKey } = newKeys()
  const certificate = signCertificate({
    issuer: { name, key: privateKey },
    subject: name,
    publicKey,
    ...validity,
    extensions: extensions(publicKey),
  })
  return { certificate, key: keyPem(privateKey) }
}

export const distinguishedName = (parts: readonly (readonly [type: string, value: string])[]): Buffer =>
  sequence(...parts.map(([type, value]) => set(sequence(oid(type), utf8(value)))))

export const extension = (type: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(value))

/** An IP address, a URI or a DNS name. */
export const alternativeName = (name: string): Buffer => {
  if (isIP(name) === 4) return implicit(7, Buffer.from(name.split('.').map(Number)))
  return implicit(name.includes('://') ? 6 : 2, Buffer.from(name))
}

/** Extensions of a certificate that signs others. `usage`: the key usage bits of its first byte. */
export const authorityExtensions = (keyId: Buffer, usage: number, unused: number): Buffer[] => [
  extension(oids.basicConstraints, sequence(boolean(true)), true),
  extension(oids.keyUsage, bits(Buffer.from([usage]), unused), true),
  extension(oids.subjectKeyIdentifier, octets(keyId)),
]

/** What a proxy's certificate is for: signing handshakes, as the server and as the client. */
export const proxyUsages = (): Buffer[] => [
  // Digital signature and key encipherment.
  extension(oids.keyUsage, bits(Buffer.from([0xa0]), 5), true),
  extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth), oid(oids.clientAuth))),
]

export const identifierOf = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`

/** Where an element's content starts and the element ends. */
const span = (der: Buffer, at: number): { content: number; end: number } => {
  const first = der[at + 1]!
  const count = first & 0x80 ? first & 0x7f : 0
  const length = count === 0 ? first : der.readUIntBE(at + 2, count)
  const content = at + 2 + count
  return { content, end: content + length }
}

/** The subject of a certificate as its bytes, for those that it issues. */
export const subjectOf = (der: Buffer): Buffer => {
  const body = span(der, 0).content
  let at = span(der, body).content
  // Version, serial number, algorithm, issuer and validity come first.
  for (let skipped = 0; skipped < 5; skipped++) at = span(der, at).end
  return der.subarray(at, span(der, at).end)
}
