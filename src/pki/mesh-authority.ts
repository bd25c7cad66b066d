/**
 * The mesh's CA: signs workload certificates with SPIFFE identities. Upstream: istio/istio security/pkg/pki/ca/ca.go
 * (self-signed root for ten years), security/pkg/pki/util/generate_cert.go (genCertTemplateFromCSR: no subject, the
 * identity as a critical SAN), pilot/pkg/bootstrap/istio_ca.go (workload certificates for 24 hours).
 * Not as upstream: keys are EC P-256, whatever the default of istiod's own (RSA 2048), which takes too long to make.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { sequence } from './der.ts'
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

/** As PEM. `chain` is what lies between the CA's certificate and the root, that certificate included. */
export interface AuthorityMaterial {
  certificate: string
  key: string
  chain: string
  root: string
}

/** One identity's certificate as a proxy holds it. All PEM. */
export interface WorkloadCertificate {
  key: string
  /** The leaf first, then what the CA adds, without the root. */
  certChain: string
  root: string
}

const hour = 3600_000
const rootLifetime = 10 * 365 * 24 * hour
export const workloadLifetime = 24 * hour
/** Proxies whose clock is behind must not find their certificate in the future. */
const skew = 2 * 60_000

/** @param now milliseconds since the epoch */
export const selfSigned = (trustDomain: string, now: number): AuthorityMaterial => {
  const { certificate, key } = selfSign(
    distinguishedName([[oids.organization, trustDomain]]),
    { notBefore: now - skew, notAfter: now + rootLifetime },
    (publicKey) => authorityExtensions(identifierOf(publicKey), 0x04, 2),
  )
  return { certificate, key, chain: '', root: certificate }
}

/** Throws node's error when the material is no certificate and key, or when the two do not belong together. */
export const issuerOf = (material: AuthorityMaterial): ((identity: string, now: number) => WorkloadCertificate) => {
  const key = createPrivateKey(material.key)
  const certificate = new X509Certificate(material.certificate)
  if (!certificate.checkPrivateKey(key)) throw new Error('ca-key.pem is not the key of ca-cert.pem')
  const issuer = { name: subjectOf(certificate.raw), key }
  return (identity, now) => {
    const { publicKey, privateKey } = newKeys()
    const leaf = signCertificate({
      issuer,
      subject: distinguishedName([]),
      publicKey,
      notBefore: now - skew,
      notAfter: now + workloadLifetime,
      extensions: [
        ...proxyUsages(),
        extension(oids.basicConstraints, sequence(), true),
        extension(oids.subjectAltName, sequence(alternativeName(identity)), true),
      ],
    })
    return { key: keyPem(privateKey), certChain: leaf + material.chain, root: material.root }
  }
}
