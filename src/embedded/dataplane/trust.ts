/** What a TLS client thinks of the certificate that a program shows: OpenSSL's words. */
import type { Program } from '../workloads/workload.ts'
import type { Dial, Failure } from './dataplane.ts'

/** Undefined: trusted. A certificate is recognised by who signed it and whom it is for; no signature is computed. */
export const distrustOf = ({ tls, host }: Dial, { certificate }: Program): Failure | undefined => {
  if (!tls?.verify) return undefined
  if (!certificate) return { kind: 'tls', says: 'self-signed certificate', certificate: true }
  const isKnown = tls.ca?.replace(/\s/g, '').includes(certificate.ca.replace(/\s/g, '')) === true
  if (!isKnown) return { kind: 'tls', says: 'unable to get local issuer certificate', certificate: true }
  // A client that dials an address names none in the handshake, and wants the address in the certificate.
  const wanted = tls.serverName || host
  if (certificate.names.includes(wanted)) return undefined
  return { kind: 'tls', says: wanted, certificate: true, wrongName: true }
}
