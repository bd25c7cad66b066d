/**
 * Listeners and routes of a sidecar as `/config_dump` shows them. RBAC filters carry the names of policies and rules,
 * which is what `istioctl x authz check` reads. Upstream: pilot/pkg/networking/core/listener_builder.go,
 * listener_inbound.go, filterchain_options.go, httproute.go; pilot/pkg/security/authz/builder.
 * Not modelled: the matchers inside RBAC policies, JWT filters, VirtualServices in routes.
 */
import type { Pod } from '../../../kube/kinds.ts'
import { serviceNames } from '../../match/hosts.ts'
import { hasLabels } from '../../match/labels.ts'
import type { AuthorizationPolicy } from '../authorization-policy.ts'
import type { IstioModel } from '../compile.ts'
import { workloadMode } from '../peer-authentication.ts'
import { type InboundPort, inboundPorts, outboundPorts } from './services.ts'

const listenerType = 'type.googleapis.com/envoy.config.listener.v3.Listener'
const managerType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const proxyType = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'
const httpRbac = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC'
const tcpRbac = 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC'
const routesType = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration'

interface Listener {
  '@type': string
  name: string
  [field: string]: unknown
}

const address = (host: string, port: number) => ({ socket_address: { address: host, port_value: port } })

const proxy = (cluster: string) => ({
  name: 'envoy.filters.network.tcp_proxy',
  typed_config: { '@type': proxyType, stat_prefix: cluster, cluster },
})

const manager = (prefix: string, routes: Record<string, unknown>, filters: unknown[] = []) => ({
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: {
    '@type': managerType,
    stat_prefix: prefix,
    ...routes,
    http_filters: [
      ...filters,
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  },
})

/** The policies that guard the pod, by action. */
const guards = (model: IstioModel, pod: Pod): AuthorizationPolicy[] => {
  const namespace = pod.metadata.namespace ?? 'default'
  return [...new Set([model.config.rootNamespace, namespace])]
    .flatMap((where) => model.authorization.get(where) ?? [])
    .filter((policy) => !policy.targeted && !policy.dryRun && hasLabels(policy.labels, pod.metadata.labels))
}

const policyName = ({ object }: AuthorizationPolicy, index: number): string =>
  `ns[${object.metadata.namespace ?? ''}]-policy[${object.metadata.name}]-rule[${index}]`

/** One filter for each action that has a policy, in the order of asking. */
const rbacFilters = (policies: AuthorizationPolicy[], type: string, name: string) =>
  (['AUDIT', 'DENY', 'ALLOW'] as const).flatMap((action) => {
    const own = policies.filter((policy) => policy.action === action)
    if (own.length === 0) return []
    const rules = own.flatMap((policy) =>
      policy.rules
        .filter((rule) => rule.broken === undefined)
        .map((rule) => [policyName(policy, rule.index), {}] as const),
    )
    return {
      name,
      typed_config: {
        '@type': type,
        rules: {
          ...(action === 'ALLOW' ? {} : { action: action === 'AUDIT' ? 'LOG' : 'DENY' }),
          policies: Object.fromEntries(rules),
        },
        ...(name.includes('network') ? { stat_prefix: 'tcp.' } : {}),
      },
    }
  })

const inboundChains = (model: IstioModel, pod: Pod, port: InboundPort) => {
  const policies = guards(model, pod)
  const cluster = `inbound|${port.number}||`
  const { mode } = workloadMode(
    model.peerAuthentications,
    pod.metadata.namespace ?? '',
    pod.metadata.labels,
    port.number,
  )
  const isHttp = port.protocol === 'http' || port.protocol === 'auto'
  const routes = {
    route_config: {
      name: cluster,
      virtual_hosts: [
        {
          name: 'inbound|http|0',
          domains: ['*'],
          routes: [{ name: 'default', match: { prefix: '/' }, route: { cluster } }],
        },
      ],
    },
  }
  const filters = isHttp
    ? [manager(`inbound_0.0.0.0_${port.number};`, routes, rbacFilters(policies, httpRbac, 'envoy.filters.http.rbac'))]
    : [...rbacFilters(policies, tcpRbac, 'envoy.filters.network.rbac'), proxy(cluster)]
  const chain = (name: string, match: Record<string, unknown>, extra: Record<string, unknown> = {}) => ({
    name,
    filter_chain_match: { destination_port: port.number, ...match },
    filters,
    ...extra,
  })
  const tls = {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
        common_tls_context: { tls_certificate_sds_secret_configs: [{ name: 'default' }] },
        require_client_certificate: true,
      },
    },
  }
  const name = `0.0.0.0_${port.number}`
  return [
    ...(mode === 'DISABLE' ? [] : [chain(name, { transport_protocol: 'tls' }, tls)]),
    ...(mode === 'STRICT' ? [] : [chain(name, { transport_protocol: 'raw_buffer' })]),
  ]
}

export const listenersOf = (model: IstioModel, pod: Pod): Listener[] => {
  const listener = (name: string, host: string, port: number, more: Record<string, unknown>): Listener => ({
    '@type': listenerType,
    name,
    address: address(host, port),
    ...more,
  })
  const ports = outboundPorts(model)
  const httpPorts = [...new Set(ports.filter(({ protocol }) => protocol === 'http').map(({ port }) => port.port))]
  const outbound = [
    ...httpPorts.map((port) =>
      listener(`0.0.0.0_${port}`, '0.0.0.0', port, {
        traffic_direction: 'OUTBOUND',
        filter_chains: [
          {
            filter_chain_match: { transport_protocol: 'raw_buffer' },
            filters: [
              manager(`outbound_0.0.0.0_${port};`, {
                rds: { config_source: { ads: {} }, route_config_name: String(port) },
              }),
            ],
          },
        ],
        default_filter_chain: { name: 'PassthroughFilterChain', filters: [proxy('PassthroughCluster')] },
      }),
    ),
    ...ports
      .filter(
        ({ protocol, service }) => protocol !== 'http' && service.spec.clusterIP && service.spec.clusterIP !== 'None',
      )
      .map(({ service, port, host }) =>
        listener(`${service.spec.clusterIP}_${port.port}`, service.spec.clusterIP ?? '', port.port, {
          traffic_direction: 'OUTBOUND',
          filter_chains: [{ filters: [proxy(`outbound|${port.port}||${host}`)] }],
        }),
      ),
  ]
  return [
    ...outbound,
    listener('virtualOutbound', '0.0.0.0', 15001, {
      traffic_direction: 'OUTBOUND',
      use_original_dst: true,
      filter_chains: [{ name: 'virtualOutbound-catchall-tcp', filters: [proxy('PassthroughCluster')] }],
    }),
    listener('virtualInbound', '0.0.0.0', 15006, {
      traffic_direction: 'INBOUND',
      filter_chains: [
        ...inboundPorts(model, pod).flatMap((port) => inboundChains(model, pod, port)),
        {
          name: 'virtualInbound',
          filters: [
            ...rbacFilters(guards(model, pod), tcpRbac, 'envoy.filters.network.rbac'),
            proxy('InboundPassthroughCluster'),
          ],
        },
      ],
    }),
  ]
}

export const routesOf = (model: IstioModel, pod: Pod): Record<string, unknown>[] => {
  const from = pod.metadata.namespace ?? 'default'
  const byPort = new Map<number, ReturnType<typeof outboundPorts>>()
  for (const known of outboundPorts(model)) {
    if (known.protocol !== 'http') continue
    byPort.set(known.port.port, [...(byPort.get(known.port.port) ?? []), known])
  }
  return [...byPort].map(([port, known]) => ({
    '@type': routesType,
    name: String(port),
    virtual_hosts: [
      ...known.map(({ service, host }) => ({
        name: `${host}:${port}`,
        domains: [
          ...serviceNames(service.metadata.name, service.metadata.namespace ?? 'default', from),
          ...(service.spec.clusterIP && service.spec.clusterIP !== 'None' ? [service.spec.clusterIP] : []),
        ],
        routes: [{ name: 'default', match: { prefix: '/' }, route: { cluster: `outbound|${port}||${host}` } }],
      })),
      {
        name: 'allow_any',
        domains: ['*'],
        routes: [{ name: 'allow_any', match: { prefix: '/' }, route: { cluster: 'PassthroughCluster' } }],
      },
    ],
    validate_clusters: false,
  }))
}
