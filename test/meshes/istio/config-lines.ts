/** What a proxy's configuration says, a line for each cluster, filter chain and route, without what no lab reads. */

// biome-ignore lint/suspicious/noExplicitAny: Envoy's configuration has hundreds of shapes
type Json = any

export interface ProxyDump {
  clusters: Json[]
  listeners: Json[]
  routes: Json[]
}

const short = (value: unknown): string => JSON.stringify(value).replaceAll('"', '')

const sorted = (value: Json): string =>
  short(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))

const socketOf = (socket: Json): string => {
  const context = socket?.typed_config?.common_tls_context
  if (context === undefined) return 'plaintext'
  const secrets = (context.tls_certificate_sds_secret_configs ?? []).map(({ name }: Json) => name)
  const validation = context.combined_validation_context
  const names = (validation?.default_validation_context?.match_subject_alt_names ?? []).map(({ exact }: Json) => exact)
  const root = validation?.validation_context_sds_secret_config?.name
  return [
    `tls(${[...secrets, root].filter(Boolean).join(' ')})`,
    ...(context.alpn_protocols ? [`alpn ${context.alpn_protocols.join(',')}`] : []),
    ...(socket.typed_config.sni ? [`sni ${socket.typed_config.sni}`] : []),
    ...(names.length > 0 ? [`of ${names.join(' ')}`] : []),
  ].join(' ')
}

const clusterLine = (cluster: Json): string => {
  const istio = cluster.metadata?.filter_metadata?.istio ?? {}
  const matches = (cluster.transport_socket_matches ?? []).map(
    ({ name, transport_socket }: Json) => `${name}: ${socketOf(transport_socket)}`,
  )
  const limits = cluster.circuit_breakers?.thresholds?.[0] ?? {}
  const limited = Object.entries(limits).filter(([key, value]) => key.startsWith('max') && value !== 4294967295)
  return [
    `cluster ${cluster.name} ${cluster.type} ${cluster.lb_policy ?? ''}`.trim(),
    ...(matches.length > 0 ? matches : [socketOf(cluster.transport_socket)]),
    ...(istio.config ? [istio.config] : []),
    ...(istio.subset ? [`subset ${istio.subset}`] : []),
    ...(istio.external ? ['external'] : []),
    ...(istio.alpn_override ? [`alpn_override ${istio.alpn_override}`] : []),
    ...(limited.length > 0 ? [sorted(Object.fromEntries(limited))] : []),
    ...(cluster.outlier_detection ? [sorted(cluster.outlier_detection)] : []),
    ...(cluster.connect_timeout === '10s' ? [] : [`connects in ${cluster.connect_timeout}`]),
  ].join('; ')
}

const rbac = ({ typed_config: { rules, shadow_rules } }: Json): string[] =>
  [
    ['rules', rules],
    ['shadow', shadow_rules],
  ].flatMap(([what, table]: Json) =>
    table === undefined
      ? []
      : [
          `${table.action ?? 'ALLOW'} ${what} [${Object.keys(table.policies ?? {})
            .sort()
            .join(' ')}]`,
        ],
  )

const filterWords = (filter: Json): string[] => {
  const config = filter.typed_config ?? {}
  if (filter.name.endsWith('.rbac')) return rbac(filter)
  if (config.cluster !== undefined) return [`to ${config.cluster}`]
  if (config.weighted_clusters !== undefined)
    return [`to ${config.weighted_clusters.clusters.map(({ name, weight }: Json) => `${weight}% ${name}`).join(' + ')}`]
  const inside = (config.http_filters ?? []).filter(({ name }: Json) => name.endsWith('.rbac')).flatMap(rbac)
  if (config.rds !== undefined) return [`http by ${config.rds.route_config_name}`, ...inside]
  if (config.route_config === undefined) return []
  const hosts = config.route_config.virtual_hosts.map(({ name }: Json) => name)
  return [`http ${config.route_config.name} (${hosts.join(' ')})`, ...inside]
}

/** `mTLS` with the mesh's own certificates, or which others are shown and asked for. */
const servedWith = (socket: Json): string => {
  const context = socket.typed_config.common_tls_context
  const shown = context.tls_certificate_sds_secret_configs.map(({ name }: Json) => name).join(' ')
  if (shown === 'default') return 'mTLS'
  const root = context.combined_validation_context?.validation_context_sds_secret_config?.name
  return `TLS(${[shown, root].filter(Boolean).join(' ')})${socket.typed_config.require_client_certificate ? ' mutual' : ''}`
}

const chainLine = (listener: Json, chain: Json): string =>
  [
    `chain ${listener.name}${chain.name ? ` ${chain.name}` : ''} ${short(chain.filter_chain_match ?? {})}`,
    ...(chain.transport_socket ? [servedWith(chain.transport_socket)] : []),
    ...chain.filters.flatMap(filterWords),
  ].join('; ')

const actionOf = ({ route, redirect, direct_response }: Json): string => {
  if (redirect) return `redirect ${short(redirect)}`
  if (direct_response) return `answer ${short(direct_response)}`
  const to = route.cluster ?? route.weighted_clusters.clusters.map((each: Json) => `${each.weight}% ${each.name}`)
  const more = [route.timeout, ...(route.prefix_rewrite ? [`rewrite ${route.prefix_rewrite}`] : [])]
  return `${[to].flat().join(' + ')} ${more.join(' ')}`
}

const hostLines = (routes: Json): string[] =>
  routes.virtual_hosts.flatMap(({ name, domains, require_tls, routes: own = [] }: Json) => [
    `host ${routes.name} ${name}: ${domains.join(' ')}${require_tls ? '; redirects to HTTPS' : ''}`,
    ...own.map((route: Json) =>
      [
        `route ${routes.name} ${name} ${route.name ?? '-'} ${short(route.match)}: ${actionOf(route)}`,
        ...(route.metadata ? [route.metadata.filter_metadata.istio.config] : []),
      ].join('; '),
    ),
  ])

/** Sorted, so that the order of what is looked up by name does not count; chains and routes keep theirs. */
export const configLines = ({ clusters, listeners, routes }: ProxyDump): string[] => {
  const byName = (all: Json[]): Json[] => all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return [
    ...byName(clusters).map(clusterLine),
    ...byName(listeners).flatMap((listener) =>
      [...listener.filter_chains, ...(listener.default_filter_chain ? [listener.default_filter_chain] : [])].map(
        (chain: Json) => chainLine(listener, chain),
      ),
    ),
    ...byName(routes).flatMap(hostLines),
  ]
}
