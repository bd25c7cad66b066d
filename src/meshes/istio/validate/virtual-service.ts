/** istiod's checks of a VirtualService (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, labelMap, list, texts } from '../read.ts'
import type { About } from './about.ts'
import { isAddress } from './addresses.ts'
import { destinations, gatewayNames } from './destinations.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { isClaim } from './http-match.ts'
import { httpRoute } from './http-route.ts'
import { exportTo, gatewayDomain, labelProblems, portNumber, subnet, wildcardDomain } from './names.ts'
import { unreachable } from './unreachable.ts'

/** Whether two hosts, possibly with a star in front, can mean the same. */
const overlap = (a: string, b: string): boolean => {
  const [left, right] = [a.replace(/^\*/, ''), b.replace(/^\*/, '')]
  if (a.startsWith('*') && b.startsWith('*')) return left.endsWith(right) || right.endsWith(left)
  if (a.startsWith('*')) return b.endsWith(left)
  return b.startsWith('*') ? a.endsWith(right) : a === b
}

interface Hosts {
  names: readonly string[]
  /** Bound to gateways alone. */
  forGateway: boolean
  /** Some TLS route asks for a name. */
  hasSni: boolean
}

const hosts = (findings: Findings, { names, forGateway, hasSni }: Hosts): void => {
  let fine = true
  for (const name of names) {
    const wrong = forGateway ? gatewayDomain(name, hasSni) : wildcardDomain(name)
    if (wrong !== undefined && isAddress(name)) continue
    if (wrong !== undefined) findings.error(wrong)
    else if (!forGateway && name === '*')
      findings.error('wildcard host * is not allowed for virtual services bound to the mesh gateway')
    else continue
    fine = false
  }
  if (!fine) return
  names.forEach((a, index) => {
    for (const b of names.slice(index + 1))
      if (overlap(a, b)) findings.error(`duplicate hosts in virtual service: ${a} & ${b}`)
  })
}

/** What TCP and TLS routes have in common. */
const connections = (findings: Findings, match: Fields): void => {
  for (const block of texts(match.destinationSubnets)) findings.error(subnet(block))
  if (typeof match.port === 'number' && match.port !== 0) findings.error(portNumber(match.port))
  findings.list(labelProblems(labelMap(match.sourceLabels)))
  gatewayNames(findings, texts(match.gateways))
}

const tcpRoute = (findings: Findings, value: unknown): void => {
  const route = fields(value)
  findings.quietly(() => {
    for (const match of list(route.match)) connections(findings, fields(match))
  })
  if (list(route.route).length === 0) findings.error('TCP route is required')
  destinations(findings, route.route)
}

const sniHost = (findings: Findings, host: string, names: readonly string[], inMesh: boolean): void => {
  const wrong = inMesh ? wildcardDomain(host) : gatewayDomain(host, true)
  if (wrong !== undefined && isAddress(host))
    findings.warn(`using an IP address (${quoted(host)}) goes against SNI spec and most clients do not support this`)
  else if (wrong !== undefined) findings.error(wrong)
  else if (!names.some((name) => name === host || (name.startsWith('*') && host.endsWith(name.slice(1)))))
    findings.error(
      `SNI host ${quoted(host)} is not a compatible subset of any of the virtual service hosts: [${names.join(', ')}]`,
    )
}

const tlsRoute = (findings: Findings, value: unknown, names: readonly string[], inMesh: boolean): void => {
  const route = fields(value)
  const matches = list(route.match).map(fields)
  if (matches.length === 0) findings.error('TLS route must have at least one match condition')
  for (const match of matches) {
    const sniHosts = texts(match.sniHosts)
    if (sniHosts.length === 0) findings.error('TLS match must have at least one SNI host')
    for (const host of sniHosts) sniHost(findings, host, names, inMesh)
    connections(findings, match)
  }
  if (list(route.route).length === 0) findings.error('TLS route is required')
  destinations(findings, route.route)
}

/** Claims are known to gateways only. */
const claims = (findings: Findings, http: readonly unknown[], gateways: readonly string[]): void => {
  const matches = http.flatMap((route) => list(fields(route).match).map(fields))
  for (const { headers, withoutHeaders } of matches)
    for (const key of [headers, withoutHeaders].flatMap((part) => Object.keys(isFields(part) ? part : {})))
      if (isClaim(key))
        findings.error(
          `JWT claim based routing (key: ${key}) is only supported for gateway, found no gateways: [${gateways.join(' ')}]`,
        )
}

export const virtualService = (findings: Findings, spec: Fields, { namespace }: About): void => {
  const names = texts(spec.hosts)
  const gateways = texts(spec.gateways)
  const [http, tcp, tls] = [list(spec.http), list(spec.tcp), list(spec.tls)]
  if (names.length === 0) {
    if (gateways.length > 0) findings.error('delegate virtual service must have no gateways specified')
    if (tls.length > 0) findings.error('delegate virtual service must have no tls route specified')
    if (tcp.length > 0) findings.error('delegate virtual service must have no tcp route specified')
  }
  gatewayNames(findings, gateways)
  const inMesh = gateways.includes('mesh')
  const forGateway = gateways.length > 0 && !inMesh
  if (!forGateway) claims(findings, http, gateways)
  const hasSni = tls.some((route) =>
    list(fields(route).match).some((match) => texts(fields(match).sniHosts).length > 0),
  )
  hosts(findings, { names, forGateway, hasSni })
  if (http.length + tcp.length + tls.length === 0)
    findings.error('http, tcp or tls must be provided in virtual service')
  for (const route of http) httpRoute(findings, route, names.length === 0)
  for (const route of tls) tlsRoute(findings, route, names, inMesh)
  for (const route of tcp) tcpRoute(findings, route)
  for (const each of exportTo(namespace, texts(spec.exportTo))) findings.error(each)
  unreachable(findings, http, true)
  unreachable(findings, tcp, false)
  unreachable(findings, tls, false)
}
