/** istiod's checks of a ServiceEntry (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, labelMap, list, text, texts } from '../read.ts'
import type { About } from './about.ts'
import { isAddress } from './addresses.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import {
  exportTo,
  fqdn,
  isHttp,
  isTls,
  labelProblems,
  partialWildcard,
  portName,
  portNumber,
  protocol,
  subnet,
  wildcardDomain,
} from './names.ts'
import { alphaSelector } from './selectors.ts'
import { endpointPorts, workload } from './workloads.ts'

interface Entry {
  hosts: readonly string[]
  addresses: readonly string[]
  endpoints: readonly Fields[]
  ports: readonly Fields[]
  resolution: string
}

const protocolOf = (port: Fields): string => text(port.protocol) ?? ''

/** Whether istiod gives it an address of its own (pilot/pkg/networking/serviceentry, shouldV2AutoAllocateIPFromPieces). */
const getsAddress = ({ resolution, addresses }: Entry, { labels }: About): boolean =>
  resolution !== 'NONE' &&
  labels['networking.istio.io/enable-autoallocate-ip']?.toLowerCase() !== 'false' &&
  addresses.length === 0

const ports = (findings: Findings, entry: Entry, about: About): void => {
  const names = new Set<string>()
  const numbers = new Set<unknown>()
  // Nothing but the port tells connections of bytes apart.
  const ambiguous = entry.addresses.length === 0 && !getsAddress(entry, about)
  for (const port of entry.ports) {
    const [name, number] = [text(port.name) ?? '', port.number ?? 0]
    if (names.has(name)) findings.error(`service entry port name ${quoted(name)} already defined`)
    if (numbers.has(number)) findings.error(`service entry port ${number} already defined`)
    names.add(name)
    numbers.add(number)
    if (typeof port.targetPort === 'number' && port.targetPort !== 0) findings.error(portNumber(port.targetPort))
    if (ambiguous && ['', 'TCP'].includes(protocolOf(port)))
      findings.warn(
        'addresses are required for ports serving TCP (or unset) protocol when IP Autoallocation is not enabled',
      )
    findings.error(portName(name))
    findings.error(protocol(protocolOf(port)))
    findings.error(portNumber(port.number))
  }
}

const hostsAndAddresses = (findings: Findings, { hosts, addresses, resolution }: Entry): void => {
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
  for (const address of addresses) findings.error(subnet(address))
  if (addresses.some((address) => address.includes('/')) && resolution !== 'NONE' && resolution !== 'STATIC')
    findings.error('CIDR addresses are allowed only for NONE/STATIC resolution types')
}

/** What istiod balances as bytes (pkg/config/protocol, IsTCP). */
const isBytes = (port: Fields): boolean => /^(tcp|https|tls|mongo|redis|mysql)$/i.test(protocolOf(port))

/** Names that proxies resolve. */
const dns = (findings: Findings, { hosts, addresses, endpoints, ports, resolution }: Entry): void => {
  const wrong = endpoints.length > 0 ? undefined : hosts.map(fqdn).find((each) => each !== undefined)
  if (wrong !== undefined)
    findings.error(
      `hosts must be FQDN or contain only prefix wildcards if no endpoints are provided for resolution mode ${resolution}, ${wrong}`,
    )
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    findings.error(`there must only be 0 or 1 endpoint for resolution mode ${resolution}`)
  const known = new Set(ports.map((port) => text(port.name) ?? ''))
  for (const endpoint of endpoints) {
    const address = text(endpoint.address) ?? ''
    if (!isAddress(address) && fqdn(address) !== undefined)
      findings.error(`endpoint address ${quoted(address)} is not a valid FQDN or an IP address`)
    findings.list(labelProblems(labelMap(endpoint.labels)))
    endpointPorts(findings, endpoint.ports, known)
  }
  if (addresses.length > 0 && hosts.length > 1 && ports.some(isBytes))
    findings.warn('service entry can not have more than one host specified simultaneously with address and tcp port')
}

const usesWaypoint = ({ labels }: About): boolean =>
  !['', 'none'].includes((labels['istio.io/use-waypoint'] ?? '').toLowerCase())

const dynamicDns = (findings: Findings, entry: Entry, inMesh: boolean): void => {
  const what = 'DYNAMIC_DNS'
  if (entry.hosts.length === 0)
    findings.error(`at least one wildcard host must be provided for resolution type ${what}`)
  for (const host of entry.hosts)
    if (!host.startsWith('*')) findings.error(`host must be wildcarded for resolution mode ${what}`)
  if (entry.addresses.length > 0)
    findings.error(
      `addresses cannot be set for resolution type ${what}. HTTP route domains will only be generatedfrom the hosts field values`,
    )
  if (entry.endpoints.length > 0)
    findings.error(
      `endpoints cannot be set for resolution type ${what}. Destination IP address determined from hostsfield values`,
    )
  for (const port of entry.ports)
    if (!/^(http|http2|grpc|tls)$/i.test(protocolOf(port)))
      findings.error(`only HTTP, TLS, GRPC, and HTTP2 protocols are supported for resolution type ${what}`)
  if (inMesh)
    findings.error(`location MESH_INTERNAL with resolution type ${what} is not supported when using waypoints`)
}

const ofResolution = (findings: Findings, spec: Fields, entry: Entry, about: About): void => {
  const { endpoints, resolution } = entry
  if (resolution === 'NONE') {
    if (endpoints.length > 0) findings.error('no endpoints should be provided for resolution type none')
    if (isFields(spec.workloadSelector))
      findings.warn('workloadSelector should not be set when resolution mode is NONE')
  } else if (resolution === 'STATIC') {
    const known = new Set(entry.ports.map((port) => text(port.name) ?? ''))
    for (const endpoint of endpoints) workload(findings, endpoint, known)
  } else if (resolution === 'DYNAMIC_DNS')
    dynamicDns(findings, entry, spec.location === 'MESH_INTERNAL' && usesWaypoint(about))
  else dns(findings, entry)
}

export const serviceEntry = (findings: Findings, spec: Fields, about: About): void => {
  if (alphaSelector(findings, spec.workloadSelector, 'service entry: ')) return
  const entry: Entry = {
    hosts: texts(spec.hosts),
    addresses: texts(spec.addresses),
    endpoints: list(spec.endpoints).map(fields),
    ports: list(spec.ports).map(fields),
    resolution: text(spec.resolution) ?? 'NONE',
  }
  if (isFields(spec.workloadSelector) && entry.endpoints.length > 0)
    findings.error('only one of WorkloadSelector or Endpoints is allowed in Service Entry')
  hostsAndAddresses(findings, entry)
  ports(findings, entry, about)
  ofResolution(findings, spec, entry, about)
  const isPlain = (port: Fields): boolean => !isHttp(protocolOf(port)) && !isTls(protocolOf(port))
  if (entry.resolution !== 'NONE' && entry.hosts.length > 1 && entry.ports.some(isPlain))
    findings.error('multiple hosts provided with non-HTTP, non-TLS ports')
  for (const each of exportTo(about.namespace, texts(spec.exportTo), { serviceEntry: true })) findings.error(each)
}
