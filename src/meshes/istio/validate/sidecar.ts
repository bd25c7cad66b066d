/** istiod's checks of a Sidecar (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, list, text, texts } from '../read.ts'
import type { About } from './about.ts'
import { connectionPool } from './connection-pool.ts'
import { destination } from './destinations.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { address, fqdn, isHttp, isTls, namespacedHost, portName, portNumber, protocol, socket } from './names.ts'
import { alphaSelector } from './selectors.ts'
import { serverTls } from './server-tls.ts'

const protocolOf = (port: Fields): string => text(port.protocol) ?? ''

const nameAndProtocol = (findings: Findings, port: Fields): void => {
  if (text(port.name)) findings.error(portName(text(port.name) ?? ''))
  findings.error(protocol(protocolOf(port)))
}

const listener = (findings: Findings, port: Fields, bind: string): void => {
  nameAndProtocol(findings, port)
  findings.error(portNumber(port.number))
  if (bind !== '') findings.error(address(bind))
}

/** Go's net.SplitHostPort, with its words. */
const splitHostPort = (text: string): { host: string; port: string; wrong?: string } => {
  const failed = (why: string) => ({ host: '', port: '', wrong: `address ${text}: ${why}` })
  const colon = text.lastIndexOf(':')
  if (colon < 0) return failed('missing port in address')
  let host = text.slice(0, colon)
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    if (end < 0) return failed("missing ']' in address")
    if (end + 1 === text.length) return failed('missing port in address')
    if (end + 1 !== colon)
      return failed(text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address')
    host = text.slice(1, end)
  } else if (host.includes(':')) return failed('too many colons in address')
  if (/\[/.test(text.slice(text.startsWith('[') ? 1 : 0))) return failed("unexpected '[' in address")
  if (/\]/.test(text.slice(text.startsWith('[') ? text.indexOf(']') + 1 : 0)))
    return failed("unexpected ']' in address")
  return { host, port: text.slice(colon + 1) }
}

const defaultEndpoint = (findings: Findings, endpoint: string): void => {
  if (endpoint === '') return
  if (endpoint.startsWith('unix://')) {
    findings.error(socket(endpoint.slice('unix://'.length)))
    return
  }
  const { host, port, wrong } = splitHostPort(endpoint)
  findings.error(wrong)
  if (!['', '127.0.0.1', '0.0.0.0', '::1', '::'].includes(host))
    findings.error(
      'sidecar: defaultEndpoint must be of form 127.0.0.1:<port>,0.0.0.0:<port>,[::1]:port,[::]:port,unix://filepath or unset',
    )
  if (/^[+-]?\d+$/.test(port)) findings.error(portNumber(Number(port)))
  else
    findings.error(
      `sidecar: defaultEndpoint port (${port}) is not a number: strconv.Atoi: parsing ${quoted(port)}: invalid syntax`,
    )
}

const ingressTls = (findings: Findings, tls: Fields, port: Fields): void => {
  if (list(tls.subjectAltNames).length > 0) findings.error('sidecar: subjectAltNames is not supported in ingress tls')
  if (tls.httpsRedirect === true) findings.error('sidecar: httpsRedirect is not supported')
  if (text(tls.credentialName)) findings.error('sidecar: credentialName is not currently supported')
  if (list(tls.credentialNames).length > 0) findings.error('sidecar: credentialNames is not currently supported')
  if (list(tls.tlsCertificates).length > 0) findings.error('sidecar: tls_certificates is not currently supported')
  const mode = text(tls.mode) ?? 'PASSTHROUGH'
  if (mode === 'ISTIO_MUTUAL' || mode === 'AUTO_PASSTHROUGH')
    findings.error(`configuration is invalid: cannot set mode to ${mode} in sidecar ingress tls`)
  if (!isTls(protocolOf(port))) findings.error('server cannot have TLS settings for non HTTPS/TLS ports')
  serverTls(findings, tls)
}

const ingress = (findings: Findings, listeners: readonly Fields[]): void => {
  const seen = new Set<unknown>()
  for (const given of listeners) {
    const { port, tls, connectionPool: pool } = given
    if (!isFields(port)) {
      findings.error('sidecar: port is required for ingress listeners')
      continue
    }
    if (Number(port.targetPort ?? 0) > 0) findings.error('targetPort has no impact on Sidecars')
    listener(findings, port, text(given.bind) ?? '')
    const number = port.number ?? 0
    if (seen.has(number)) findings.error('sidecar: ports on IP bound listeners must be unique')
    seen.add(number)
    defaultEndpoint(findings, text(given.defaultEndpoint) ?? '')
    if (isFields(tls)) ingressTls(findings, tls, port)
    connectionPool(findings, pool)
    if (isFields(fields(pool).http) && !isHttp(protocolOf(port)))
      findings.warn(
        `sidecar: HTTP connection pool settings are configured for port ${number} (${quoted(text(port.name) ?? '')}) but its protocol is not HTTP (${protocolOf(port)}); only TCP settings will apply`,
      )
  }
}

const duplicates = (findings: Findings, hosts: readonly string[], namespace: string): void => {
  const seen = new Map<string, Set<string>>()
  for (const host of hosts) {
    const slash = host.indexOf('/')
    if (slash >= 0 && !host.startsWith('~')) {
      const home = host.slice(0, slash) === '.' ? namespace : host.slice(0, slash)
      const name = host.slice(slash + 1)
      const names = seen.get(home) ?? new Set<string>()
      seen.set(home, names)
      if (name === '*' ? names.size > 0 : names.has(name) || names.has('*'))
        findings.warn(`duplicated egress host: ${host}`)
      names.add(name)
    }
    for (const each of namespacedHost(host, 'sidecar')) findings.error(each)
  }
  if (seen.get('*')?.has('*') && seen.size !== 1)
    findings.warn('`*/*` host select all resources, no other hosts can be added')
}

/** A socket, where the port is zero. */
const egressSocket = (findings: Findings, port: Fields, bind: string, captureMode: string): void => {
  nameAndProtocol(findings, port)
  findings.error(
    bind.startsWith('unix://')
      ? socket(bind.slice('unix://'.length))
      : 'sidecar: ports with 0 value must have a unix domain socket bind address',
  )
  if (captureMode !== 'DEFAULT' && captureMode !== 'NONE')
    findings.error('sidecar: captureMode must be DEFAULT/NONE for unix domain socket listeners')
}

const egress = (findings: Findings, listeners: readonly Fields[], namespace: string): void => {
  const seen = new Set<unknown>()
  const sockets = new Set<string>()
  listeners.forEach(({ port, bind: given, captureMode, hosts }, index) => {
    const bind = text(given) ?? ''
    if (!isFields(port)) {
      if (index < listeners.length - 1)
        findings.error('sidecar: the egress listener with empty port should be the last listener in the list')
    } else {
      if (Number(port.targetPort ?? 0) > 0) findings.error('targetPort has no impact on Sidecars')
      if (Number(port.number ?? 0) === 0) {
        egressSocket(findings, port, bind, text(captureMode) ?? 'DEFAULT')
        if (sockets.has(bind)) findings.error('sidecar: unix domain socket values for listeners must be unique')
        sockets.add(bind)
      } else {
        listener(findings, port, bind)
        if (seen.has(port.number)) findings.error('sidecar: ports on IP bound listeners must be unique')
        seen.add(port.number)
      }
    }
    if (texts(hosts).length === 0) findings.error('sidecar: egress listener must contain at least one host')
    duplicates(findings, texts(hosts), namespace)
  })
}

const outbound = (findings: Findings, policy: Fields): void => {
  const mode = text(policy.mode) ?? 'REGISTRY_ONLY'
  if (mode === 'ALLOW_ANY_DYNAMIC_DNS') {
    findings.error('sidecar: ALLOW_ANY_DYNAMIC_DNS mode is only supported in MeshConfig, not in Sidecar resource')
    return
  }
  const proxy = policy.egressProxy
  if (!isFields(proxy)) return
  if (mode !== 'ALLOW_ANY') {
    findings.error('sidecar: egress_proxy must be set only with ALLOW_ANY outbound_traffic_policy mode')
    return
  }
  findings.error(fqdn(text(proxy.host) ?? ''))
  if (isFields(proxy.port)) destination(findings, proxy)
  else findings.error('sidecar: egress_proxy port must be non-nil')
}

export const sidecar = (findings: Findings, spec: Fields, { namespace }: About): void => {
  if (alphaSelector(findings, spec.workloadSelector, 'sidecar: ')) return
  const [incoming, outgoing] = [list(spec.ingress).map(fields), list(spec.egress).map(fields)]
  const others = isFields(spec.outboundTrafficPolicy) || isFields(spec.inboundConnectionPool)
  if (incoming.length + outgoing.length === 0 && !others) {
    findings.only('sidecar: empty configuration provided')
    return
  }
  ingress(findings, incoming)
  connectionPool(findings, spec.inboundConnectionPool)
  egress(findings, outgoing, namespace)
  if (isFields(spec.outboundTrafficPolicy)) outbound(findings, spec.outboundTrafficPolicy)
}
