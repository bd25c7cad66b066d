/** istiod's checks of a Gateway (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, list, text, texts } from '../read.ts'
import type { About } from './about.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { address, isDnsLabel, isHttp, isProtocol, isTls, namespacedHost, portNumber, socket } from './names.ts'
import { serverTls } from './server-tls.ts'

const isSocket = (bind: string): boolean => bind.startsWith('unix://')

/** A port as protobuf prints it. */
const printed = (port: Fields): string =>
  [
    port.number ? `number:${port.number}` : '',
    text(port.protocol) ? `protocol:${quoted(text(port.protocol) ?? '')}` : '',
    text(port.name) ? `name:${quoted(text(port.name) ?? '')}` : '',
    port.targetPort ? `target_port:${port.targetPort}` : '',
  ]
    .filter(Boolean)
    .join(' ')

const port = (findings: Findings, value: unknown, bind: string): boolean => {
  if (!isFields(value)) {
    findings.error('port is required')
    return false
  }
  const before = findings.errors.length
  const protocol = text(value.protocol) ?? ''
  if (!isProtocol(protocol))
    findings.error(
      `invalid protocol ${quoted(protocol)}, supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP`,
    )
  if (Number(value.number ?? 0) > 0 || !isSocket(bind)) findings.error(portNumber(value.number))
  if (Number(value.targetPort ?? 0) > 0) findings.error('targetPort has no impact on Gateways')
  if (!text(value.name)) findings.error(`port name must be set: ${printed(value)}`)
  return findings.errors.length === before
}

const boundTo = (findings: Findings, bind: string, value: Fields): void => {
  if (!isSocket(bind)) {
    if (bind !== '') findings.error(address(bind))
    return
  }
  findings.error(socket(bind.slice('unix://'.length)))
  if (Number(value.number ?? 0) !== 0) findings.error(`port number must be 0 for unix domain socket: ${printed(value)}`)
}

const server = (findings: Findings, value: Fields): void => {
  const hosts = texts(value.hosts)
  if (hosts.length === 0) findings.error('server config must contain at least one host')
  for (const host of hosts) for (const each of namespacedHost(host, 'gateway')) findings.error(each)
  const bind = text(value.bind) ?? ''
  const isPortFine = port(findings, value.port, bind)
  boundTo(findings, bind, fields(value.port))
  serverTls(findings, value.tls)
  if (!isPortFine) return
  const protocol = text(fields(value.port).protocol) ?? ''
  if (isTls(protocol)) {
    if (!isFields(value.tls)) findings.error('server must have TLS settings for HTTPS/TLS protocols')
    return
  }
  if (!isFields(value.tls)) return
  const { mode, caCertificates, privateKey, serverCertificate } = value.tls
  const passes = (text(mode) ?? 'PASSTHROUGH').endsWith('PASSTHROUGH')
  if (!isHttp(protocol)) findings.error('server cannot have TLS settings for non HTTPS/TLS ports')
  else if (!passes || caCertificates || privateKey || serverCertificate)
    findings.error('server cannot have TLS settings for plain text HTTP ports')
}

export const gateway = (findings: Findings, spec: Fields, { name }: About): void => {
  if (!isDnsLabel(name)) findings.error(`invalid gateway name: ${quoted(name)}`)
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
