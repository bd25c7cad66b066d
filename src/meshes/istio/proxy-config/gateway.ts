/**
 * Listeners and routes of a gateway as `/config_dump` shows them. Upstream: pilot/pkg/networking/core/gateway.go
 * (buildGatewayListeners, buildGatewayHTTPRouteConfig, collapseDuplicateRoutes), pilot/pkg/model/gateway.go
 * (gatewayRDSRouteName), pilot/pkg/networking/core/listener.go (buildGatewayListener, BuildListenerTLSContext).
 * Not modelled: servers of different kinds on a port (the first one's kind is shown), AUTO_PASSTHROUGH, certificate files.
 */
import type { Pod } from '../../../kube/kinds.ts'
import type { IstioModel } from '../compile.ts'
import type { ConnectionRoute } from '../connection-route.ts'
import { askerAt, chainsOf, modeOf, tcpRouteOf, withoutDuplicates } from '../gateway/chains.ts'
import { isHttp, isSecured, type Server, serversByPort } from '../gateway/servers.ts'
import { virtualHostsOf } from '../gateway/virtual-hosts.ts'
import { fields, isFields, text } from '../read.ts'
import { destinationCluster } from '../routing.ts'
import { destinationsOf } from '../virtual-service.ts'
import { type Chain, type Filter, manager, proxy, rbacFilters, weighted } from './filters.ts'
import { type Listener, listener } from './listeners.ts'
import { routeConfiguration, routesOfService, type VirtualHost } from './routes.ts'

type Json = Record<string, unknown>

/** HTTP inside TLS that ends here. */
const endsHttps = (server: Server): boolean => server.protocol === 'HTTPS' && modeOf(server) !== 'PASSTHROUGH'

const routesName = (server: Server, listens: number): string => {
  const { name, namespace } = server.object.metadata
  return isHttp(server)
    ? `http.${listens}`
    : `https.${server.port}.${text(fields(server.spec.port).name) ?? ''}.${name}.${namespace}`
}

/** What a server shows and asks for in a handshake. */
const tlsSocket = (server: Server): Json => {
  const mode = modeOf(server)
  const credential = text(fields(server.spec.tls).credentialName) ?? ''
  const ofMesh = mode === 'ISTIO_MUTUAL'
  const isMutual = ofMesh || mode === 'MUTUAL'
  const root = ofMesh ? 'ROOTCA' : `kubernetes://${credential}-cacert`
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      common_tls_context: {
        tls_certificate_sds_secret_configs: [{ name: ofMesh ? 'default' : `kubernetes://${credential}` }],
        ...(isMutual
          ? {
              combined_validation_context: {
                default_validation_context: {},
                validation_context_sds_secret_config: { name: root },
              },
            }
          : {}),
        alpn_protocols: [...(server.protocol === 'HTTPS' ? [] : ['istio-peer-exchange']), 'h2', 'http/1.1'],
      },
      require_client_certificate: isMutual,
    },
  }
}

const byRoutes = (model: IstioModel, pod: Pod, server: Server, listens: number): Filter =>
  manager(
    `outbound_0.0.0.0_${listens};`,
    { rds: { config_source: { ads: {} }, route_config_name: routesName(server, listens) } },
    rbacFilters(model, pod, 'http'),
  )

const toRoute = (model: IstioModel, pod: Pod, server: Server, { own, found }: ConnectionRoute): Filter[] => {
  if (!('route' in found)) return []
  const targets = destinationsOf(found.route, own.namespace).map((target) => ({
    name: destinationCluster(model, askerAt(server, pod), target, 'bytes').name,
    weight: target.weight,
  }))
  const { name, namespace } = own.object.metadata
  const to = targets.length === 1 && targets[0] ? proxy(targets[0].name) : weighted(`${name}.${namespace}`, targets)
  return [...rbacFilters(model, pod, 'network'), to]
}

const chains = (model: IstioModel, pod: Pod, servers: readonly Server[], listens: number): Chain[] => {
  const [first] = servers
  if (first === undefined) return []
  if (isHttp(first)) return [{ filters: [byRoutes(model, pod, first, listens)] }]
  if (!isFields(first.spec.tls)) {
    const route = tcpRouteOf(model, first, pod)
    return route === undefined ? [] : [{ filters: toRoute(model, pod, first, route) }]
  }
  return chainsOf(model, servers.filter(isSecured), pod).flatMap(({ server, names, route }): Chain[] => {
    const filter_chain_match = names[0] === '*' ? {} : { server_names: names }
    if (endsHttps(server))
      return [
        { filter_chain_match, filters: [byRoutes(model, pod, server, listens)], transport_socket: tlsSocket(server) },
      ]
    if (route !== undefined) return [{ filter_chain_match, filters: toRoute(model, pod, server, route) }]
    const inside = tcpRouteOf(model, server, pod)
    return inside === undefined
      ? []
      : [{ filter_chain_match, filters: toRoute(model, pod, server, inside), transport_socket: tlsSocket(server) }]
  })
}

/** istiod makes no listener without a filter chain. */
export const gatewayListeners = (model: IstioModel, pod: Pod): Listener[] =>
  [...serversByPort(model, pod)].flatMap(([listens, servers]) => {
    const filter_chains = chains(model, pod, withoutDuplicates(servers), listens)
    return filter_chains.length === 0 ? [] : [listener(`0.0.0.0_${listens}`, '0.0.0.0', listens, { filter_chains })]
  })

/** Hosts with the same routes are one, called by the first of their names. */
const joined = (hosts: readonly (VirtualHost & { domains: string[]; alike: string })[]): VirtualHost[] => {
  const known = new Map<string, VirtualHost & { domains: string[] }>()
  for (const { alike, ...host } of hosts) {
    const same = known.get(alike)
    if (same === undefined) known.set(alike, host)
    else same.domains = [...same.domains, ...host.domains]
  }
  return [...known.values()]
}

const routesOfGroup = (model: IstioModel, pod: Pod, group: readonly Server[], port: number): VirtualHost[] => {
  const { namespace = 'default', labels } = pod.metadata
  const hosts = virtualHostsOf(model, group, { labels, namespace, port })
  if (hosts.length === 0) return [{ name: `blackhole:${port}`, domains: ['*'], routes: [] }]
  const made = hosts
    .toSorted((a, b) => (a.domain < b.domain ? -1 : 1))
    .map(({ domain, server, redirecting, bound }) => {
      const own = bound.map(({ service, asker }) => routesOfService(model, asker, service))
      // Those that take every request come after those of all VirtualServices (SortVHostRoutes).
      const routes = [...own.flatMap((each) => each.routes), ...own.flatMap(({ last }) => last ?? [])]
      const whose = bound.map(
        ({ service, asker }) => `${[...asker.gateways]} ${service.namespace}/${service.object.metadata.name}`,
      )
      return {
        name: `${domain}:${server.port}`,
        domains: [domain],
        routes,
        ...(redirecting === undefined ? {} : { require_tls: 'ALL' }),
        alike: [redirecting !== undefined, ...whose].join(),
      }
    })
  return joined(made).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export const gatewayRoutes = (model: IstioModel, pod: Pod): Json[] =>
  [...serversByPort(model, pod)].flatMap(([listens, all]) => {
    const servers = withoutDuplicates(all)
    const [first] = servers
    const groups = first && isHttp(first) ? [servers.filter(isHttp)] : servers.filter(endsHttps).map((each) => [each])
    return groups.flatMap((group) =>
      group[0] === undefined
        ? []
        : [routeConfiguration(routesName(group[0], listens), routesOfGroup(model, pod, group, group[0].port))],
    )
  })
