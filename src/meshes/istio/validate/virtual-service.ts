/**
 * istiod's checks of a VirtualService (pkg/config/validation/validation.go). Not modelled: regular expressions, CORS,
 * header values, prefixes that cover later ones.
 */
import { type Fields, fields, isFields, labelMap, list, text, texts } from '../read.ts'
import type { Findings } from './findings.ts'
import { exportTo, isAddress, labelValues, portNumber, subnet, wildcardDomain } from './names.ts'
import { destinations, gatewayNames, httpRoute } from './routes.ts'

/** Whether two hosts, possibly with a star in front, can mean the same. */
const overlap = (a: string, b: string): boolean => {
  const [left, right] = [a.replace(/^\*/, ''), b.replace(/^\*/, '')]
  if (a.startsWith('*') && b.startsWith('*')) return left.endsWith(right) || right.endsWith(left)
  if (a.startsWith('*')) return b.endsWith(left)
  return b.startsWith('*') ? a.endsWith(right) : a === b
}

const hosts = (findings: Findings, names: readonly string[], forMesh: boolean): void => {
  let fine = true
  for (const name of names) {
    const wrong = wildcardDomain(name)
    if (wrong !== undefined && isAddress(name)) continue
    if (wrong !== undefined) findings.error(wrong)
    else if (forMesh && name === '*')
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

const tcpRoute = (findings: Findings, value: unknown): void => {
  const route = fields(value)
  for (const each of list(route.match)) {
    const match = fields(each)
    for (const block of texts(match.destinationSubnets)) findings.error(subnet(block))
    if (typeof match.port === 'number' && match.port !== 0) findings.error(portNumber(match.port))
    findings.list(labelValues(labelMap(match.sourceLabels)))
    gatewayNames(findings, texts(match.gateways))
  }
  if (list(route.route).length === 0) findings.error('TCP route is required')
  destinations(findings, route.route)
}

const tlsRoute = (findings: Findings, value: unknown, names: readonly string[]): void => {
  const route = fields(value)
  const matches = list(route.match)
  if (matches.length === 0) findings.error('TLS route must have at least one match condition')
  for (const each of matches) {
    const sniHosts = texts(fields(each).sniHosts)
    if (sniHosts.length === 0) findings.error('TLS match must have at least one SNI host')
    for (const host of sniHosts) {
      const wrong = wildcardDomain(host)
      if (wrong !== undefined && isAddress(host))
        findings.warn(
          `using an IP address (${JSON.stringify(host)}) goes against SNI spec and most clients do not support this`,
        )
      else if (wrong !== undefined) findings.error(wrong)
      else if (!names.some((name) => name === host || (name.startsWith('*') && host.endsWith(name.slice(1)))))
        findings.error(
          `SNI host ${JSON.stringify(host)} is not a compatible subset of any of the virtual service hosts: [${names.join(', ')}]`,
        )
    }
    gatewayNames(findings, texts(fields(each).gateways))
  }
  if (list(route.route).length === 0) findings.error('TLS route is required')
  destinations(findings, route.route)
}

const nameOf = (value: unknown, index: number): string =>
  text(fields(value).name) ? JSON.stringify(fields(value).name) : `#${index}`

/** Rules that no request can reach. */
const unreachable = (findings: Findings, routes: readonly unknown[]): void => {
  const unused = (rule: string, reason: string): void =>
    findings.warn(`virtualService rule ${rule} not used (${reason})`)
  const seen = new Map<string, number>()
  let open = false
  routes.forEach((route, index) => {
    const rule = nameOf(route, index)
    const matches = list(fields(route).match)
    if (matches.length === 0) {
      if (open) unused(rule, 'only the last rule can have no matches')
      open = true
      return
    }
    let duplicates = 0
    matches.forEach((match, at) => {
      if (open) {
        unused(rule, 'route without matches defined before')
        return
      }
      const { name: _name, ...rest } = fields(match)
      const key = JSON.stringify(rest, Object.keys(rest).sort())
      const before = seen.get(key)
      if (before === undefined) {
        seen.set(key, index)
        return
      }
      duplicates++
      findings.warn(
        `virtualService rule ${rule} match ${nameOf(match, at)} is not used (duplicate/overlapping match in rule ${nameOf(routes[before], before)})`,
      )
    })
    if (duplicates === matches.length) unused(rule, 'all matches used by prior rules')
  })
}

export const virtualService = (findings: Findings, spec: Fields, namespace: string): void => {
  const names = texts(spec.hosts)
  const gateways = texts(spec.gateways)
  const [http, tcp, tls] = [list(spec.http), list(spec.tcp), list(spec.tls)]
  if (names.length === 0) {
    if (gateways.length > 0) findings.error('delegate virtual service must have no gateways specified')
    if (tls.length > 0) findings.error('delegate virtual service must have no tls route specified')
    if (tcp.length > 0) findings.error('delegate virtual service must have no tcp route specified')
  }
  gatewayNames(findings, gateways)
  const forGateway = gateways.length > 0 && !gateways.includes('mesh')
  if (!forGateway)
    for (const route of http)
      for (const match of list(fields(route).match))
        for (const part of [fields(match).headers, fields(match).withoutHeaders])
          for (const key of Object.keys(isFields(part) ? part : {}))
            if (key.startsWith('@request.auth.claims'))
              findings.error(
                `JWT claim based routing (key: ${key}) is only supported for gateway, found no gateways: [${gateways.join(' ')}]`,
              )
  hosts(findings, names, !forGateway)
  if (http.length + tcp.length + tls.length === 0)
    findings.error('http, tcp or tls must be provided in virtual service')
  for (const route of http) httpRoute(findings, route, names.length === 0)
  for (const route of tls) tlsRoute(findings, route, names)
  for (const route of tcp) tcpRoute(findings, route)
  for (const each of exportTo(namespace, texts(spec.exportTo))) findings.error(each)
  unreachable(findings, http)
}
