/** What a proxy's admin interface says about its configuration. See `Mesh.proxyConfig`. */
import type { Pod } from '../../../kube/kinds.ts'
import type { ProxyConfig } from '../../mesh.ts'
import type { IstioModel } from '../compile.ts'
import { isGateway } from '../pods.ts'
import { istioVersion } from '../version.ts'
import { clusterLines, clusterStatuses, clustersOf } from './clusters.ts'
import { gatewayListeners, gatewayRoutes } from './gateway.ts'
import { fixedListeners, type Listener, sidecarListeners } from './listeners.ts'
import { nodeOf } from './node.ts'
import { routesType, sidecarRoutes } from './routes.ts'

const listenersOf = (model: IstioModel, pod: Pod): Listener[] =>
  (isGateway(pod) ? gatewayListeners : sidecarListeners)(model, pod)

const routesOf = (model: IstioModel, pod: Pod): object[] => (isGateway(pod) ? gatewayRoutes : sidecarRoutes)(model, pod)

/** Routes that stand in a listener itself. */
const inlineRoutes = (listeners: readonly Listener[]): object[] => {
  const found = listeners.flatMap(({ filter_chains }) =>
    filter_chains.flatMap(({ filters }) => filters.flatMap(({ typed_config }) => typed_config.route_config ?? [])),
  )
  return [...new Map(found.map((routes) => [routes.name ?? routes.virtual_hosts, routes])).values()]
}

const dumpType = (name: string): string => `type.googleapis.com/envoy.admin.v3.${name}`

export const proxyConfig: ProxyConfig<IstioModel> = {
  version: istioVersion,
  dump: (model, pod) => {
    const { dynamic, fixed } = clustersOf(model, pod)
    return [
      { '@type': dumpType('BootstrapConfigDump'), bootstrap: { node: proxyConfig.node(pod) } },
      {
        '@type': dumpType('ClustersConfigDump'),
        version_info: '1',
        static_clusters: fixed.map((cluster) => ({ cluster })),
        dynamic_active_clusters: dynamic.map((cluster) => ({ version_info: '1', cluster })),
      },
      {
        '@type': dumpType('ListenersConfigDump'),
        version_info: '1',
        static_listeners: fixedListeners.map((listener) => ({ listener })),
        dynamic_listeners: listenersOf(model, pod).map((listener) => ({
          name: listener.name,
          active_state: { version_info: '1', listener },
        })),
      },
      {
        '@type': dumpType('RoutesConfigDump'),
        static_route_configs: inlineRoutes([...fixedListeners, ...listenersOf(model, pod)]).map((route_config) => ({
          route_config: { '@type': routesType, ...route_config },
        })),
        dynamic_route_configs: routesOf(model, pod).map((route_config) => ({ version_info: '1', route_config })),
      },
    ]
  },
  clusters: clusterLines,
  clusterStatuses,
  listeners: (model, pod) =>
    [...fixedListeners, ...listenersOf(model, pod)]
      .map(({ name, address: { socket_address: at } }) => `${name}::${at.address}:${at.port_value}\n`)
      .join(''),
  node: nodeOf,
}
