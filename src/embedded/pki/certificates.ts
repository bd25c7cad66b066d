/**
 * The cluster's certificates: a CA of its own, one for the API server, one per user. ECDSA P-256, written by hand as DER,
 * because generating and signing takes about a millisecond this way and no library has to be loaded before the cluster is ready.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { bits, boolean, implicit, integer, octets, oid, sequence, set, tagged, time, utf8 } from './der.ts'

export interface Certificate {
  /** PEM. */
  certificate: string
  /** PKCS#8 PEM. */
  key: string
}

export interface Authority {
  /** PEM. */
  certificate: string
  /** DNS names and IP addresses that the server answers to. */
  issueServer(names: readonly string[]): Certificate
  /** The user name is the common name, each group an organisation: how Kubernetes reads client certificates. */
  issueClient(user: { name: string; groups: readonly string[] }): Certificate
  /** Signs somebody else's key for client authentication. PEM. */
  signClient(request: SigningRequest): string
}

export interface SigningRequest {
  /** DER of the distinguished name, as the request has it. */
  subject: Uint8Array
  publicKey: KeyObject
  /** Milliseconds since the epoch. */
  now: number
  seconds: number
}

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
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

const day = 24 * 3600 * 1000
/** Clients whose clock is behind ours must not find the certificate in the future. */
const leeway = day
const lifetime = 365 * day
/** kube-controller-manager dates what it signs back by this much. */
const signingLeeway = 5 * 60 * 1000

/** @param now milliseconds since the epoch */
export function createAuthority(now: number): Authority {
  const keys = newKeys()
  const subject = distinguishedName([[oids.commonName, 'kubernetes']])
  const keyId = identifierOf(keys.publicKey)
  const year = { from: now - leeway, to: now + lifetime }
  const issue = (publicKey: KeyObject, name: Uint8Array, extensions: readonly Buffer[], valid = year): string => {
    const algorithm = sequence(oid(oids.ecdsaWithSha256))
    const body = sequence(
      tagged(0, integer(Buffer.from([2]))),
      integer(randomBytes(16)),
      algorithm,
      subject,
      sequence(time(new Date(valid.from)), time(new Date(valid.to))),
      name,
      publicKey.export({ type: 'spki', format: 'der' }),
      tagged(3, sequence(...extensions)),
    )
    return pem(sequence(body, algorithm, bits(sign('sha256', body, keys.privateKey))))
  }
  const forLeaf = (...extensions: Buffer[]): Buffer[] => [
    extension(oids.basicConstraints, sequence(), true),
    extension(oids.keyUsage, bits(Buffer.from([0x80]), 7), true),
    extension(oids.authorityKeyIdentifier, sequence(implicit(0, keyId))),
    ...extensions,
  ]
  const leaf = (name: Buffer, extensions: readonly Buffer[]): Certificate => {
    const { publicKey, privateKey } = newKeys()
    const certificate = issue(publicKey, name, forLeaf(...extensions))
    return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  return {
    certificate: issue(keys.publicKey, subject, [
      extension(oids.basicConstraints, sequence(boolean(true)), true),
      // Digital signature, certificate signing, CRL signing.
      extension(oids.keyUsage, bits(Buffer.from([0x86]), 1), true),
      extension(oids.subjectKeyIdentifier, octets(keyId)),
    ]),
    issueServer: (names) =>
      leaf(distinguishedName([[oids.commonName, 'kube-apiserver']]), [
        extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth))),
        extension(oids.subjectAltName, sequence(...names.map(alternativeName))),
      ]),
    issueClient: ({ name, groups }) =>
      leaf(
        distinguishedName([...groups.map((group) => [oids.organization, group] as const), [oids.commonName, name]]),
        [extension(oids.extendedKeyUsage, sequence(oid(oids.clientAuth)))],
      ),
    signClient: ({ subject: name, publicKey, now: from, seconds }) =>
      issue(publicKey, name, forLeaf(extension(oids.extendedKeyUsage, sequence(oid(oids.clientAuth)))), {
        from: from - signingLeeway,
        to: Math.min(from + seconds * 1000, now + lifetime),
      }),
  }
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

const distinguishedName = (parts: readonly (readonly [type: string, value: string])[]): Buffer =>
  sequence(...parts.map(([type, value]) => set(sequence(oid(type), utf8(value)))))

const extension = (type: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(value))

const alternativeName = (name: string): Buffer =>
  isIP(name) === 4 ? implicit(7, Buffer.from(name.split('.').map(Number))) : implicit(2, Buffer.from(name))

const identifierOf = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`
