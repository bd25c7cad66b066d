/**
 * The filter chains of a gateway's TLS port: one for each server that ends TLS and leads on what is inside, one for each
 * TLS match bound to a server that passes it on. Upstream: pilot/pkg/model/gateway.go (mergeGateways, CheckDuplicates),
 * pilot/pkg/networking/core/gateway.go (createGatewayTCPFilterChainOpts, buildGatewayNetworkFiltersFromTLSRoutes,
 * pickMatchingGatewayHosts), listener.go (toFilterChainMatch).
 */
import type { Pod } from '../../../kube/kinds.ts'
import { hostCovers } from '../../match/hosts.ts'
import type { Evidence } from '../../verdict.ts'
import type { IstioModel } from '../compile.ts'
import type { ConnectionRoute } from '../connection-route.ts'
import { type Asker, isConfigured, matchesOf } from '../http-match.ts'
import { fields, isFields, list, refOf, text, texts } from '../read.ts'
import { exportedTo } from '../registry.ts'
import { connectionRouteFor, inOrder, type VirtualService } from '../virtual-service.ts'
import { bareHost, evidenceOf, gatewayName, type Server, scopeOf } from './servers.ts'

export interface Chain {
  server: Server
  /** `shop.example`, `*.shop.example`; `*` alone takes any server name, and no TLS too. */
  names: readonly string[]
  /** Of TLS that is passed on. */
  route?: ConnectionRoute
}

/** As istiod compares them: `.` is the Gateway's own namespace, `*` none. */
const written = (server: Server): string[] =>
  server.hosts.map((entry) => {
    const scope = scopeOf(entry, server)
    return scope === '*' ? bareHost(entry) : `${scope}/${bareHost(entry)}`
  })

/** Servers in their order, without those with TLS settings of which one host was written before on the port. */
export const withoutDuplicates = (servers: readonly Server[]): Server[] => {
  const known = new Set<string>()
  return servers.filter((server) => {
    if (!isFields(server.spec.tls)) return true
    const hosts = written(server)
    if (hosts.some((host) => known.has(host))) return false
    for (const host of hosts) known.add(host)
    return true
  })
}

export const modeOf = ({ spec }: Server): string => text(fields(spec.tls).mode) ?? 'PASSTHROUGH'

export const askerAt = (server: Server, { metadata }: Pod): Asker => ({
  labels: metadata.labels,
  namespace: metadata.namespace ?? 'default',
  port: server.port,
  gateways: new Set([gatewayName(server)]),
})

/** VirtualServices bound to the server whose hosts have something in common with its own, in the order of asking. */
export const boundTo = (model: IstioModel, server: Server, { namespace: from }: Asker): VirtualService[] => {
  const isBound = ({ gateways, namespace, exportTo, hosts: own }: VirtualService): boolean =>
    gateways.has(gatewayName(server)) &&
    exportedTo(exportTo, namespace, from) &&
    server.hosts.some((entry) => {
      const host = bareHost(entry)
      return (
        ['*', namespace].includes(scopeOf(entry, server)) &&
        own.some((each) => hostCovers(host, each) || hostCovers(each, host))
      )
    })
  return inOrder(model.virtualServices.all.filter(isBound), from)
}

/** Of the matches with one server name the first that istiod comes to counts; it leaves the others out whole. */
const passing = (model: IstioModel, server: Server, pod: Pod, known: Set<string>): Chain[] => {
  const asker = askerAt(server, pod)
  return boundTo(model, server, asker).flatMap((own) =>
    own.tls.flatMap((route, index) =>
      list(route.route).length === 0
        ? []
        : matchesOf(route).flatMap((match): Chain[] => {
            const names = texts(match.sniHosts)
            if (!isConfigured(match, asker, own.namespace, 'tls') || names.some((name) => known.has(name))) return []
            for (const name of names) known.add(name)
            const evidence = { object: refOf(own.object), field: `spec.tls[${index}]` }
            return [{ server, names, route: { own, found: { route, evidence } } }]
          }),
    ),
  )
}

/** The first TCP route that is bound to the server. */
export const tcpRouteOf = (model: IstioModel, server: Server, pod: Pod): ConnectionRoute | undefined => {
  const asker = askerAt(server, pod)
  for (const own of boundTo(model, server, asker)) {
    const found = connectionRouteFor(own, 'tcp', asker, '')
    if (found !== undefined) return { own, found }
  }
  return undefined
}

/** `servers` end TLS or pass it on, in their order. */
export const chainsOf = (model: IstioModel, servers: readonly Server[], pod: Pod): Chain[] => {
  const known = new Set<string>()
  const byProtocol = [...Map.groupBy(servers, ({ protocol }) => protocol).values()].flat()
  return byProtocol
    .flatMap((server): Chain[] => {
      if (modeOf(server) === 'PASSTHROUGH') return passing(model, server, pod, known)
      // What is inside is bytes, which only a TCP route leads on (createGatewayTCPFilterChainOpts).
      if (server.protocol !== 'HTTPS' && tcpRouteOf(model, server, pod) === undefined) return []
      return [{ server, names: server.hosts.map(bareHost) }]
    })
    .map((chain) => (chain.names.includes('*') ? { ...chain, names: ['*'] } : chain))
}

/** A server name that two chains have: Envoy takes no such listener, and what it does instead is not modelled. */
export const nameTwice = (chains: readonly Chain[]): Evidence | undefined => {
  const known = new Set<string>()
  for (const { server, names, route } of chains) {
    const own = new Set(names.map((name) => name.toLowerCase()))
    if ([...own].some((name) => known.has(name)))
      return route && 'evidence' in route.found ? route.found.evidence : evidenceOf(server, '.hosts')
    for (const name of own) known.add(name)
  }
  return undefined
}

/** An exact name before the longest wildcard, as Envoy matches server names. */
const closeness = ({ names }: Chain, name: string): number => {
  const covering = names.filter((each) => hostCovers(each, name))
  return Math.max(-1, ...covering.map((each) => (each.startsWith('*') ? each.length : each.length + 1000)))
}

export const chainFor = (chains: readonly Chain[], name: string): Chain | undefined => {
  const best = Math.max(-1, ...chains.map((chain) => closeness(chain, name)))
  return best < 0 ? undefined : chains.find((chain) => closeness(chain, name) === best)
}
