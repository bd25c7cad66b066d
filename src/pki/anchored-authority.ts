/**
 * An issuer that anchors vouch for, and the certificates that it signs for identities which are DNS names. Upstream:
 * linkerd/linkerd2 pkg/tls/ca.go (CreateRootCA, IssueEndEntityCrt, a leaf outlives no issuer), pkg/identity/service.go
 * (loadCredentials and its words), charts/linkerd-control-plane/values.yaml (24 hours, 20 seconds of skew).
 * Not as upstream: serial numbers are random, where the CA counts.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { implicit, sequence } from './der.ts'
import type { WorkloadCertificate } from './mesh-authority.ts'
import {
  alternativeName,
  authorityExtensions,
  distinguishedName,
  extension,
  identifierOf,
  keyPem,
  newKeys,
  oids,
  proxyUsages,
  selfSign,
  signCertificate,
  subjectOf,
} from './x509.ts'

const hour = 3600_000
const anchorLifetime = 365 * 24 * hour
export const leafLifetime = 24 * hour
const anchorSkew = 10_000
const leafSkew = 20_000

/** Anchor and issuer in one, for a year: what an installation makes by itself. PEM. @param now milliseconds */
export const selfSignedAnchor = (commonName: string, now: number): { certificate: string; key: string } =>
  selfSign(
    distinguishedName([[oids.commonName, commonName]]),
    { notBefore: now - anchorSkew, notAfter: now + anchorLifetime + anchorSkew },
    // Signs certificates and revocation lists.
    (key) => authorityExtensions(identifierOf(key), 0x06, 1),
  )

/** A server that vouches for itself, for a year. PEM. @param host a DNS name @param now milliseconds */
export const selfSignedServer = (host: string, now: number): { certificate: string; key: string } =>
  selfSign(
    distinguishedName([[oids.commonName, host]]),
    { notBefore: now - anchorSkew, notAfter: now + anchorLifetime },
    () => [...proxyUsages(), extension(oids.subjectAltName, sequence(alternativeName(host)))],
  )

export const certificatesIn = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map(
    (each) => new X509Certificate(each),
  )

/** The value of the subject key identifier, where the certificate has one. */
const keyIdOf = ({ raw }: X509Certificate): Buffer | undefined => {
  const at = raw.indexOf(Buffer.from('0603551d0e', 'hex'))
  if (at < 0) return undefined
  const [outer, length] = [raw[at + 6] ?? 0, raw[at + 8] ?? 0]
  return outer === length + 2 ? raw.subarray(at + 9, at + 9 + length) : undefined
}

const isValid = ({ validFromDate, validToDate }: X509Certificate, now: number): boolean =>
  validFromDate.getTime() <= now && now <= validToDate.getTime()

/** Why the anchors do not vouch for the issuer at that time, in Go's words; undefined: they do. */
export const distrust = (chain: readonly X509Certificate[], anchors: readonly X509Certificate[], now: number) => {
  const [issuer, ...between] = chain
  let at = issuer
  for (let depth = 0; at && depth < 8; depth++) {
    const each = at
    if (!isValid(each, now)) {
      const [when, moment] =
        now > each.validToDate.getTime() ? ['after', each.validToDate] : ['before', each.validFromDate]
      const iso = (date: Date): string => date.toISOString().replace(/\.\d+/, '')
      return `x509: certificate has expired or is not yet valid: current time ${iso(new Date(now))} is ${when} ${iso(moment)}`
    }
    const signs = (ca: X509Certificate): boolean => each.checkIssued(ca) && each.verify(ca.publicKey)
    const anchor = anchors.find((ca) => ca.fingerprint256 === each.fingerprint256 || signs(ca))
    if (anchor && isValid(anchor, now)) return undefined
    if (anchor) at = anchor
    else at = between.find((ca) => ca !== each && signs(ca))
  }
  return 'x509: certificate signed by unknown authority'
}

/** Signs for identities. Throws in the identity controller's words when the material is no usable issuer. */
export const anchoredIssuer = (
  material: { certificate: string; key: string; anchors: string },
  expectedName: string,
  now: number,
): ((identity: string, now: number) => WorkloadCertificate) => {
  const chain = certificatesIn(material.certificate)
  const [issuer] = chain
  if (!issuer) throw new Error('failed to read CA from disk: no certificate found')
  const key = createPrivateKey(material.key)
  if (!issuer.checkPrivateKey(key))
    throw new Error('failed to read CA from disk: tls: Public and private key do not match')
  const why = distrust(chain, certificatesIn(material.anchors), now)
  if (why !== undefined)
    throw new Error(`failed to verify issuer credentials for '${expectedName}' with trust anchors: ${why}`)
  if (!issuer.ca) throw new Error('failed to verify issuer certificate: it must be an intermediate-CA, but it is not')
  const from = { name: subjectOf(issuer.raw), key }
  const keyId = keyIdOf(issuer)
  return (identity, at) => {
    const { publicKey, privateKey } = newKeys()
    const leaf = signCertificate({
      issuer: from,
      subject: distinguishedName([[oids.commonName, identity]]),
      publicKey,
      notBefore: at - leafSkew,
      notAfter: Math.min(at + leafLifetime + leafSkew, issuer.validToDate.getTime()),
      extensions: [
        ...proxyUsages(),
        ...(keyId ? [extension(oids.authorityKeyIdentifier, sequence(implicit(0, keyId)))] : []),
        extension(oids.subjectAltName, sequence(alternativeName(identity))),
      ],
    })
    return { key: keyPem(privateKey), certChain: leaf + material.certificate, root: material.anchors }
  }
}
