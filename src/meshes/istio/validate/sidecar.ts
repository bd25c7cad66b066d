/** istiod's checks of a Sidecar (pkg/config/validation/validation.go). Not modelled: Unix sockets, egress proxies. */
import { type Fields, fields, isFields, list, text, texts } from '../read.ts'
import { connectionPool } from './destination-rule.ts'
import type { Findings } from './findings.ts'
import { serverTls } from './gateway.ts'
import { isAddress, isTls, namespacedHost, portName, portNumber, protocol } from './names.ts'
import { alphaSelector } from './selectors.ts'

const listenerPort = (findings: Findings, port: Fields, bind: string): void => {
  if (text(port.name)) findings.error(portName(text(port.name) ?? ''))
  findings.error(protocol(text(port.protocol) ?? ''))
  findings.error(portNumber(port.number))
  if (bind !== '' && !isAddress(bind)) findings.error(`${bind} is not a valid IP`)
}

const ingress = (findings: Findings, listeners: readonly Fields[]): void => {
  const seen = new Set<unknown>()
  for (const listener of listeners) {
    if (!isFields(listener.port)) {
      findings.error('sidecar: port is required for ingress listeners')
      continue
    }
    if (Number(listener.port.targetPort ?? 0) > 0) findings.error('targetPort has no impact on Sidecars')
    listenerPort(findings, listener.port, text(listener.bind) ?? '')
    if (seen.has(listener.port.number)) findings.error('sidecar: ports on IP bound listeners must be unique')
    seen.add(listener.port.number)
    const endpoint = text(listener.defaultEndpoint) ?? ''
    const parts = /^(.*):([^:]*)$/.exec(endpoint)
    if (parts !== null && !endpoint.startsWith('unix://')) {
      const [, host = '', port = ''] = parts
      if (!['', '127.0.0.1', '0.0.0.0', '[::1]', '[::]'].includes(host))
        findings.error(
          'sidecar: defaultEndpoint must be of form 127.0.0.1:<port>,0.0.0.0:<port>,[::1]:port,[::]:port,unix://filepath or unset',
        )
      if (/^\d+$/.test(port)) findings.error(portNumber(Number(port)))
      else
        findings.error(
          `sidecar: defaultEndpoint port (${port}) is not a number: strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`,
        )
    }
    if (isFields(listener.tls)) {
      if (!isTls(text(listener.port.protocol) ?? ''))
        findings.error('server cannot have TLS settings for non HTTPS/TLS ports')
      serverTls(findings, listener.tls)
    }
    connectionPool(findings, listener.connectionPool)
  }
}

const duplicates = (findings: Findings, hosts: readonly string[], namespace: string): void => {
  const seen = new Map<string, Set<string>>()
  for (const host of hosts) {
    const slash = host.indexOf('/')
    if (slash < 0 || host.startsWith('~')) continue
    const home = host.slice(0, slash) === '.' ? namespace : host.slice(0, slash)
    const name = host.slice(slash + 1)
    const names = seen.get(home) ?? new Set<string>()
    seen.set(home, names)
    if (name === '*' ? names.size > 0 : names.has(name) || names.has('*'))
      findings.warn(`duplicated egress host: ${host}`)
    names.add(name)
  }
  if (seen.get('*')?.has('*') && seen.size !== 1)
    findings.warn('`*/*` host select all resources, no other hosts can be added')
}

const egress = (findings: Findings, listeners: readonly Fields[], namespace: string): void => {
  const seen = new Set<unknown>()
  let catchAll = false
  listeners.forEach((listener, index) => {
    if (isFields(listener.port)) {
      listenerPort(findings, listener.port, text(listener.bind) ?? '')
      if (seen.has(listener.port.number)) findings.error('sidecar: ports on IP bound listeners must be unique')
      seen.add(listener.port.number)
    } else if (catchAll) {
      findings.error('sidecar: egress can have only one listener with empty port')
      return
    } else if (index === listeners.length - 1) catchAll = true
    else findings.error('sidecar: the egress listener with empty port should be the last listener in the list')
    const hosts = texts(listener.hosts)
    if (hosts.length === 0) findings.error('sidecar: egress listener must contain at least one host')
    for (const host of hosts) for (const each of namespacedHost(host, 'sidecar')) findings.error(each)
    duplicates(findings, hosts, namespace)
  })
}

export const sidecar = (findings: Findings, spec: Fields, namespace: string): void => {
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
}
