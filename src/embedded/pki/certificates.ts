/** The cluster's own certificates: a CA, one for the API server, one for each user. */
import type { KeyObject } from 'node:crypto'
import { bits, implicit, oid, sequence } from '../../pki/der.ts'
import {
  alternativeName,
  authorityExtensions,
  distinguishedName,
  extension,
  identifierOf,
  keyPem,
  newKeys,
  oids,
  signCertificate,
} from '../../pki/x509.ts'

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

const day = 24 * 3600 * 1000
/** Clients whose clock is behind ours must not find the certificate in the future. */
const leeway = day
const lifetime = 365 * day
/** kube-controller-manager dates what it signs back by this much. */
const signingLeeway = 5 * 60 * 1000

/** @param now milliseconds since the epoch */
export function createAuthority(now: number): Authority {
  const keys = newKeys()
  const name = distinguishedName([[oids.commonName, 'kubernetes']])
  const keyId = identifierOf(keys.publicKey)
  const year = { from: now - leeway, to: now + lifetime }
  const issue = (publicKey: KeyObject, subject: Uint8Array, extensions: readonly Buffer[], valid = year): string =>
    signCertificate({
      issuer: { name, key: keys.privateKey },
      subject,
      publicKey,
      notBefore: valid.from,
      notAfter: valid.to,
      extensions,
    })
  const forLeaf = (...extensions: Buffer[]): Buffer[] => [
    extension(oids.basicConstraints, sequence(), true),
    extension(oids.keyUsage, bits(Buffer.from([0x80]), 7), true),
    extension(oids.authorityKeyIdentifier, sequence(implicit(0, keyId))),
    ...extensions,
  ]
  const leaf = (subject: Buffer, extensions: readonly Buffer[]): Certificate => {
    const { publicKey, privateKey } = newKeys()
    return { certificate: issue(publicKey, subject, forLeaf(...extensions)), key: keyPem(privateKey) }
  }

  return {
    // Digital signature, certificate signing, CRL signing.
    certificate: issue(keys.publicKey, name, authorityExtensions(keyId, 0x86, 1)),
    issueServer: (names) =>
      leaf(distinguishedName([[oids.commonName, 'kube-apiserver']]), [
        extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth))),
        extension(oids.subjectAltName, sequence(...names.map(alternativeName))),
      ]),
    issueClient: ({ name: user, groups }) =>
      leaf(
        distinguishedName([...groups.map((group) => [oids.organization, group] as const), [oids.commonName, user]]),
        [extension(oids.extendedKeyUsage, sequence(oid(oids.clientAuth)))],
      ),
    signClient: ({ subject, publicKey, now: from, seconds }) =>
      issue(publicKey, subject, forLeaf(extension(oids.extendedKeyUsage, sequence(oid(oids.clientAuth)))), {
        from: from - signingLeeway,
        to: Math.min(from + seconds * 1000, now + lifetime),
      }),
  }
}
