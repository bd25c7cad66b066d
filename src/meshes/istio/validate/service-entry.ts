/** istiod's checks of a ServiceEntry (pkg/config/validation/validation.go). Not modelled: sockets (`unix://`), opting out of automatic addresses. */
import { type Fields, fields, isFields, labelMap, list, text, texts } from '../read.ts'
import type { Findings } from './findings.ts'
import {
  exportTo,
  fqdn,
  isAddress,
  isHttp,
  isTls,
  labelValues,
  partialWildcard,
  portName,
  portNumber,
  protocol,
  subnet,
  wildcardDomain,
} from './names.ts'
import { alphaSelector } from './selectors.ts'

/** `ambiguous`: nothing but the port tells connections of bytes apart. */
const ports = (findings: Findings, given: readonly Fields[], ambiguous: boolean): void => {
  const names = new Set<string>()
  const numbers = new Set<unknown>()
  for (const port of given) {
    const name = text(port.name) ?? ''
    if (names.has(name)) findings.error(`service entry port name ${JSON.stringify(name)} already defined`)
    if (numbers.has(port.number)) findings.error(`service entry port ${port.number} already defined`)
    names.add(name)
    numbers.add(port.number)
    if (typeof port.targetPort === 'number' && port.targetPort !== 0) findings.error(portNumber(port.targetPort))
    if (ambiguous && ['', 'TCP'].includes(text(port.protocol) ?? ''))
      findings.warn(
        'addresses are required for ports serving TCP (or unset) protocol when IP Autoallocation is not enabled',
      )
    findings.error(portName(name))
    findings.error(protocol(text(port.protocol) ?? ''))
    findings.error(portNumber(port.number))
  }
}

const endpoints = (findings: Findings, given: readonly Fields[], ports: readonly Fields[], dns: boolean): void => {
  const known = new Set(ports.map((port) => text(port.name) ?? ''))
  for (const endpoint of given) {
    const address = text(endpoint.address) ?? ''
    if (!dns && address === '') {
      if (!text(endpoint.network)) {
        findings.error('address is required')
        continue
      }
      findings.warn(`address is unset with network ${JSON.stringify(endpoint.network)}`)
    } else if (!dns && !address.startsWith('unix://') && !isAddress(address))
      findings.error(`endpoint address ${JSON.stringify(address)} is not a valid IP address`)
    if (dns && !isAddress(address) && fqdn(address) !== undefined)
      findings.error(`endpoint address ${JSON.stringify(address)} is not a valid FQDN or an IP address`)
    findings.list(labelValues(labelMap(endpoint.labels)))
    for (const [name, number] of Object.entries(fields(endpoint.ports))) {
      if (!known.has(name)) findings.error(`endpoint port ${number} is not defined by the service entry`)
      findings.error(portName(name))
      findings.error(portNumber(number))
    }
  }
}

/** What istiod balances as bytes (pkg/config/protocol, IsTCP). */
const isBytes = (protocol: string): boolean => /^(tcp|https|tls|mongo|redis|mysql)$/i.test(protocol)

const dynamicDns = (
  findings: Findings,
  entry: {
    hosts: readonly string[]
    addresses: readonly string[]
    given: readonly Fields[]
    declared: readonly Fields[]
  },
): void => {
  const what = 'DYNAMIC_DNS'
  for (const host of entry.hosts)
    if (!host.startsWith('*')) findings.error(`host must be wildcarded for resolution mode ${what}`)
  if (entry.addresses.length > 0)
    findings.error(
      `addresses cannot be set for resolution type ${what}. HTTP route domains will only be generatedfrom the hosts field values`,
    )
  if (entry.given.length > 0)
    findings.error(
      `endpoints cannot be set for resolution type ${what}. Destination IP address determined from hostsfield values`,
    )
  for (const port of entry.declared)
    if (!/^(http|http2|grpc|tls)$/i.test(text(port.protocol) ?? ''))
      findings.error(`only HTTP, TLS, GRPC, and HTTP2 protocols are supported for resolution type ${what}`)
}

export const serviceEntry = (findings: Findings, spec: Fields, namespace: string): void => {
  if (alphaSelector(findings, spec.workloadSelector, 'service entry: ')) return
  const given = list(spec.endpoints).map(fields)
  if (isFields(spec.workloadSelector) && Array.isArray(spec.endpoints))
    findings.error('only one of WorkloadSelector or Endpoints is allowed in Service Entry')
  const hosts = texts(spec.hosts)
  const resolution = text(spec.resolution) ?? 'NONE'
  if (hosts.length === 0) findings.error('service entry must have at least one host')
  for (const host of hosts) {
    if (host === '*') {
      findings.error(`invalid host ${host}`)
      continue
    }
    findings.error(wildcardDomain(host))
    const partial = partialWildcard(host)
    if (partial !== undefined && resolution !== 'DYNAMIC_DNS') findings.warn(partial)
  }
  const addresses = texts(spec.addresses)
  for (const address of addresses) findings.error(subnet(address))
  if (addresses.some((address) => address.includes('/')) && resolution !== 'NONE' && resolution !== 'STATIC')
    findings.error('CIDR addresses are allowed only for NONE/STATIC resolution types')
  const declared = list(spec.ports).map(fields)
  ports(findings, declared, resolution === 'NONE' && addresses.length === 0)
  const dns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN'
  if (resolution === 'NONE') {
    if (given.length > 0) findings.error('no endpoints should be provided for resolution type none')
    if (isFields(spec.workloadSelector))
      findings.warn('workloadSelector should not be set when resolution mode is NONE')
  }
  if (dns && given.length === 0) {
    const wrong = hosts.map(fqdn).find((each) => each !== undefined)
    if (wrong !== undefined)
      findings.error(
        `hosts must be FQDN or contain only prefix wildcards if no endpoints are provided for resolution mode ${resolution}, ${wrong}`,
      )
  }
  if (resolution === 'DNS_ROUND_ROBIN' && given.length > 1)
    findings.error(`there must only be 0 or 1 endpoint for resolution mode ${resolution}`)
  if (dns || resolution === 'STATIC') endpoints(findings, given, declared, dns)
  if (dns && addresses.length > 0 && hosts.length > 1 && declared.some((port) => isBytes(text(port.protocol) ?? '')))
    findings.warn('service entry can not have more than one host specified simultaneously with address and tcp port')
  if (resolution === 'DYNAMIC_DNS') dynamicDns(findings, { hosts, addresses, given, declared })
  const isPlain = (port: Fields): boolean => !isHttp(text(port.protocol) ?? '') && !isTls(text(port.protocol) ?? '')
  if (resolution !== 'NONE' && hosts.length > 1 && declared.some(isPlain))
    findings.error('multiple hosts provided with non-HTTP, non-TLS ports')
  for (const each of exportTo(namespace, texts(spec.exportTo), { serviceEntry: true })) findings.error(each)
}
