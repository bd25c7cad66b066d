/** istiod's checks of a Gateway (pkg/config/validation/validation.go). Not modelled: cipher suites, certificate revocation. */
import { type Fields, fields, isFields, list, text, texts } from '../read.ts'
import type { Findings } from './findings.ts'
import { isAddress, isDnsLabel, isHttp, isProtocol, isTls, namespacedHost, portNumber } from './names.ts'

const port = (findings: Findings, value: unknown, bind: string): boolean => {
  if (!isFields(value)) {
    findings.error('port is required')
    return false
  }
  const before = findings.errors.length
  const protocol = text(value.protocol) ?? ''
  if (!isProtocol(protocol))
    findings.error(
      `invalid protocol ${JSON.stringify(protocol)}, supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP`,
    )
  if (Number(value.number ?? 0) > 0 || !bind.startsWith('unix://')) findings.error(portNumber(value.number))
  if (Number(value.targetPort ?? 0) > 0) findings.error('targetPort has no impact on Gateways')
  return findings.errors.length === before
}

const certificates = [
  'serverCertificate',
  'privateKey',
  'caCertificates',
  'tlsCertificates',
  'credentialName',
  'credentialNames',
]
const words: Record<string, string> = {
  serverCertificate: 'server certificate',
  privateKey: 'private key',
  caCertificates: 'CA bundle',
}

const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value))

/** Also of Sidecar ingress listeners. */
export const serverTls = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const mode = text(value.mode) ?? 'PASSTHROUGH'
  const has = (name: string): boolean => isSet(value[name])
  if (mode === 'ISTIO_MUTUAL') {
    for (const name of certificates)
      if (has(name)) findings.error(`ISTIO_MUTUAL TLS cannot have associated ${words[name] ?? name}`)
    return
  }
  if (mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH') {
    if ([...certificates, 'caCrl'].some(has))
      findings.warn(`${mode} mode does not use certificates, they will be ignored`)
    return
  }
  const sources = [has('serverCertificate') && has('privateKey'), ...certificates.slice(3).map(has)].filter(Boolean)
  if (sources.length > 1)
    findings.error(
      'only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified',
    )
  if (has('credentialName') || has('credentialNames')) return
  const prefix = mode === 'SIMPLE' ? 'SIMPLE TLS' : 'MUTUAL TLS'
  if (mode !== 'SIMPLE' && !has('caCertificates')) findings.error(`${prefix} requires a client CA bundle`)
  const given = has('tlsCertificates') ? list(value.tlsCertificates).map(fields) : [value]
  for (const certificate of given) {
    if (!text(certificate.serverCertificate)) findings.error(`${prefix} requires a server certificate`)
    if (!text(certificate.privateKey)) findings.error(`${prefix} requires a private key`)
  }
}

const server = (findings: Findings, value: Fields): void => {
  const hosts = texts(value.hosts)
  if (hosts.length === 0) findings.error('server config must contain at least one host')
  for (const host of hosts) for (const each of namespacedHost(host, 'gateway')) findings.error(each)
  const bind = text(value.bind) ?? ''
  const isPortFine = port(findings, value.port, bind)
  if (bind !== '' && !bind.startsWith('unix://') && !isAddress(bind)) findings.error(`${bind} is not a valid IP`)
  serverTls(findings, value.tls)
  if (!isPortFine) return
  const protocol = text(fields(value.port).protocol) ?? ''
  if (isTls(protocol)) {
    if (!isFields(value.tls)) findings.error('server must have TLS settings for HTTPS/TLS protocols')
    return
  }
  if (!isFields(value.tls)) return
  const mode = text(value.tls.mode) ?? 'PASSTHROUGH'
  const passes = mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH'
  if (!isHttp(protocol)) findings.error('server cannot have TLS settings for non HTTPS/TLS ports')
  else if (!passes || certificates.slice(0, 3).some((name) => isSet(fields(value.tls)[name])))
    findings.error('server cannot have TLS settings for plain text HTTP ports')
}

export const gateway = (findings: Findings, spec: Fields, _namespace: string, name: string): void => {
  if (!isDnsLabel(name)) findings.error(`invalid gateway name: ${JSON.stringify(name)}`)
  const servers = list(spec.servers).map(fields)
  if (servers.length === 0) findings.error('gateway must have at least one server')
  for (const each of servers) server(findings, each)
  const names = new Set<string>()
  for (const each of servers) {
    if (!isFields(each.port)) continue
    const portName = text(each.port.name) ?? ''
    if (names.has(portName)) findings.error(`port names in servers must be unique: duplicate name ${portName}`)
    names.add(portName)
    if (!isHttp(text(each.port.protocol) ?? '') && fields(each.tls).httpsRedirect === true)
      findings.warn('tls.httpsRedirect should only be used with http servers')
  }
}
