/** TLS of a Gateway's servers and of a Sidecar's ingress (pkg/config/validation/validation.go, validateTLSOptions). */
import { fields, isFields, list, text, texts } from '../read.ts'
import type { Findings } from './findings.ts'

/** pkg/config/security/security.go (ValidCipherSuites) */
const ciphers = new Set(
  'ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA AES256-SHA DES-CBC3-SHA'.split(
    ' ',
  ),
)
/** Expressions such as `-ALL` are not taken apart. */
const isCipher = (name: string): boolean =>
  name === '' || name === 'ALL' || !/^[\p{L}\p{N}]/u.test(name) || ciphers.has(name)

const cipherSuites = (findings: Findings, names: readonly string[]): void => {
  const sorted = (found: readonly string[]): string => `[${[...new Set(found)].sort().join(' ')}]`
  const invalid = names.filter((name) => !isCipher(name))
  const twice = names.filter((name, index) => isCipher(name) && names.indexOf(name) < index)
  if (invalid.length > 0) findings.warn(`ignoring invalid cipher suites: ${sorted(invalid)}`)
  if (twice.length > 0) findings.warn(`ignoring duplicate cipher suites: ${sorted(twice)}`)
}

const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value))

const ofIstio: readonly [field: string, words: string][] = [
  ['serverCertificate', 'server certificate'],
  ['privateKey', 'private key'],
  ['caCertificates', 'CA bundle'],
  ['tlsCertificates', 'tlsCertificates'],
  ['credentialName', 'credentialName'],
  ['credentialNames', 'credentialNames'],
]

export const serverTls = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const mode = text(value.mode) ?? 'PASSTHROUGH'
  const has = (name: string): boolean => isSet(value[name])
  if (/^TLSV1_[01]$/.test(text(value.minProtocolVersion) ?? '') && texts(value.cipherSuites).length === 0)
    findings.warn(
      'TLS version below TLSV1_2 require setting compatible ciphers as by default they no longer include compatible ciphers.',
    )
  cipherSuites(findings, texts(value.cipherSuites))
  if (mode === 'ISTIO_MUTUAL') {
    for (const [name, words] of ofIstio)
      if (has(name)) findings.error(`ISTIO_MUTUAL TLS cannot have associated ${words}`)
    return
  }
  if (mode.endsWith('PASSTHROUGH') && (has('caCrl') || ofIstio.some(([name]) => has(name))))
    findings.warn(`${mode} mode does not use certificates, they will be ignored`)
  const remote = has('credentialName') || has('credentialNames')
  const sources = [
    has('serverCertificate') && has('privateKey'),
    ...['credentialName', 'credentialNames', 'tlsCertificates'].map(has),
  ]
  if (sources.filter(Boolean).length > 1)
    findings.error(
      'only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified',
    )
  if (!mode.endsWith('PASSTHROUGH')) {
    if (remote) return
    files(findings, value, mode === 'SIMPLE' ? 'SIMPLE TLS' : 'MUTUAL TLS')
  }
  if (!has('caCrl')) return
  if (has('credentialName'))
    findings.error('CRL is not supported with credentialName. CRL has to be specified in the credential')
  if (mode === 'SIMPLE') findings.error('CRL is not supported with SIMPLE TLS')
}

/** Certificates that lie in the proxy's file system. */
const files = (findings: Findings, tls: Readonly<Record<string, unknown>>, prefix: string): void => {
  if (prefix === 'MUTUAL TLS' && !isSet(tls.caCertificates)) findings.error(`${prefix} requires a client CA bundle`)
  const given = list(tls.tlsCertificates).map(fields)
  if (given.length > 2) findings.warn(`${prefix} can support up to 2 server certificates`)
  for (const certificate of given.length > 0 ? given : [tls]) {
    if (!isSet(certificate.serverCertificate)) findings.error(`${prefix} requires a server certificate`)
    if (!isSet(certificate.privateKey)) findings.error(`${prefix} requires a private key`)
  }
}
