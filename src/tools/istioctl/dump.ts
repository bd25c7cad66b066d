/** The parts of Envoy's `/config_dump` that istioctl reads. */
import type { Pod } from '../../kube/kinds.ts'
import { askProxy, type ToolContext } from './context.ts'

export interface Cluster {
  name: string
  type?: string
  metadata?: { filter_metadata?: { istio?: { config?: string } } }
}
export interface Filter {
  name: string
  typed_config?: {
    cluster?: string
    rds?: { route_config_name?: string }
    route_config?: { name?: string; virtual_hosts?: VirtualHost[] }
    http_filters?: Filter[]
    rules?: { action?: string; policies?: Record<string, unknown> }
    shadow_rules?: { policies?: Record<string, unknown> }
  }
}
export interface Chain {
  filter_chain_match?: {
    destination_port?: number
    transport_protocol?: string
    application_protocols?: string[]
    server_names?: string[]
  }
  filters?: Filter[]
}
export interface Listener {
  name?: string
  address?: { socket_address?: { address?: string; port_value?: number } }
  filter_chains?: Chain[]
  default_filter_chain?: Chain
}
export interface VirtualHost {
  name: string
  domains: string[]
  routes?: {
    match?: { prefix?: string; path?: string; safe_regex?: { regex: string } }
    route?: { cluster?: string }
    metadata?: Cluster['metadata']
  }[]
}
export interface Secret {
  name: string
  tls_certificate?: { certificate_chain?: { inline_bytes?: string } }
  validation_context?: { trusted_ca?: { inline_bytes?: string } }
}

interface Section {
  '@type': string
  static_clusters?: { cluster: Cluster }[]
  dynamic_active_clusters?: { cluster: Cluster }[]
  static_listeners?: { listener: Listener }[]
  dynamic_listeners?: { active_state?: { listener: Listener } }[]
  static_route_configs?: { route_config: { name?: string; virtual_hosts?: VirtualHost[] } }[]
  dynamic_route_configs?: { route_config: { name: string; virtual_hosts?: VirtualHost[] } }[]
  dynamic_active_secrets?: { secret: Secret }[]
}

export interface Dump {
  clusters: Cluster[]
  listeners: Listener[]
  routes: { name?: string; virtual_hosts?: VirtualHost[] }[]
  secrets: Secret[]
}

export const readDump = async (context: ToolContext, pod: Pod): Promise<Dump> => {
  const { configs } = JSON.parse(await askProxy(context, pod, 'config_dump')) as { configs: Section[] }
  const all = <T>(pick: (section: Section) => T[] | undefined): T[] => configs.flatMap((section) => pick(section) ?? [])
  return {
    clusters: [...all((each) => each.dynamic_active_clusters), ...all((each) => each.static_clusters)].map(
      ({ cluster }) => cluster,
    ),
    listeners: [
      ...all((each) => each.dynamic_listeners).flatMap(({ active_state }) => active_state?.listener ?? []),
      ...all((each) => each.static_listeners).map(({ listener }) => listener),
    ],
    routes: [...all((each) => each.dynamic_route_configs), ...all((each) => each.static_route_configs)].map(
      ({ route_config }) => route_config,
    ),
    secrets: all((each) => each.dynamic_active_secrets).map(({ secret }) => secret),
  }
}

export const chainsOf = ({ filter_chains = [], default_filter_chain }: Listener): Chain[] => [
  ...filter_chains,
  ...(default_filter_chain ? [default_filter_chain] : []),
]

/** The DestinationRule or VirtualService that made it: `orders.production`, or nothing. */
export const managedBy = (metadata: Cluster['metadata']): string => {
  const parts = /\/namespaces\/([^/]+)\/[^/]+\/([^/]+)$/.exec(metadata?.filter_metadata?.istio?.config ?? '')
  return parts ? `${parts[2]}.${parts[1]}` : ''
}
