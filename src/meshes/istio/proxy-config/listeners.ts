/**
 * Listeners of a sidecar as `/config_dump` shows them. Upstream: pilot/pkg/networking/core/listener.go
 * (buildSidecarOutboundListeners), listener_builder.go.
 * Not modelled: TLS and TCP routes of VirtualServices.
 */
import type { Pod } from '../../../kube/kinds.ts'
import type { IstioModel } from '../compile.ts'
import { addressOf } from '../registry.ts'
import { address, type Chain, manager, proxy } from './filters.ts'
import { virtualInbound } from './inbound.ts'
import { type KnownPort, outboundPorts, scopeFor } from './services.ts'

type Json = Record<string, unknown>

export interface Listener {
  '@type': string
  name: string
  address: { socket_address: { address: string; port_value: number } }
  filter_chains: Chain[]
  [field: string]: unknown
}

export const listener = (
  name: string,
  host: string,
  port: number,
  more: { filter_chains: Chain[] } & Json,
): Listener => ({
  '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
  name,
  address: address(host, port),
  traffic_direction: 'OUTBOUND',
  ...more,
})

/** What the first bytes must look like to be read as HTTP. */
const httpMatch = { transport_protocol: 'raw_buffer', application_protocols: ['http/1.1', 'h2c'] }

const routed = (prefix: string, route_config_name: string) => ({
  filter_chain_match: httpMatch,
  filters: [manager(`outbound_${prefix};`, { rds: { config_source: { ads: {} }, route_config_name } })],
})

const passthrough = (stray: string): Chain => ({
  name: 'PassthroughFilterChain',
  filter_chain_match: {},
  filters: [proxy(stray)],
})

/** One listener for an HTTP port of any service: the Host header says which. */
const byHost = (port: number, stray: string): Listener =>
  listener(`0.0.0.0_${port}`, '0.0.0.0', port, {
    filter_chains: [routed(`0.0.0.0_${port}`, String(port))],
    default_filter_chain: passthrough(stray),
  })

/** Where the service listens: its own addresses; every pod of a headless Service; anywhere, for a ServiceEntry without. */
const placesOf = ({ service, port }: KnownPort, self: Pod): string[] => {
  if (service.kubernetes === undefined) return [service.addresses[0] ?? '0.0.0.0']
  if (!service.originalDestination) return service.addresses.slice(0, 1)
  return service
    .endpoints(port.number)
    .map(({ pod }) => addressOf(pod))
    .filter((address) => address !== addressOf(self))
}

/** A port that is told apart by address; `auto` looks for HTTP first. */
const byAddress = (known: KnownPort, self: Pod, stray: string): Listener[] => {
  const { service, port } = known
  return placesOf(known, self).map((host) => {
    const name = `${host}_${port.number}`
    const filters = [proxy(`outbound|${port.number}||${service.host}`)]
    if (port.protocol === 'auto')
      return listener(name, host, port.number, {
        filter_chains: [routed(name, `${service.host}:${port.number}`)],
        default_filter_chain: { filters },
      })
    // Without an address, TLS is told apart by server name.
    if (host === '0.0.0.0' && port.protocol === 'tls')
      return listener(name, host, port.number, {
        filter_chains: [{ filter_chain_match: { server_names: [service.host] }, filters }],
        default_filter_chain: passthrough(stray),
      })
    return listener(name, host, port.number, { filter_chains: [{ filters }] })
  })
}

/** Listeners of several services at one place are one listener with all their chains. */
const joined = (listeners: readonly Listener[]): Listener[] => {
  const byName = new Map<string, Listener>()
  for (const each of listeners) {
    const known = byName.get(each.name)
    if (known === undefined) byName.set(each.name, each)
    else known.filter_chains = [...known.filter_chains, ...each.filter_chains]
  }
  return [...byName.values()]
}

export const sidecarListeners = (model: IstioModel, pod: Pod): Listener[] => {
  const scope = scopeFor(model, pod)
  const ports = outboundPorts(model, scope)
  const httpPorts = new Set(ports.filter(({ port }) => port.protocol === 'http').map(({ port }) => port.number))
  const stray = scope.outboundPolicy === 'ALLOW_ANY' ? 'PassthroughCluster' : 'BlackHoleCluster'
  return [
    ...[...httpPorts].map((port) => byHost(port, stray)),
    ...joined(ports.filter(({ port }) => port.protocol !== 'http').flatMap((known) => byAddress(known, pod, stray))),
    listener('virtualOutbound', '0.0.0.0', 15001, {
      use_original_dst: true,
      filter_chains: [
        {
          name: 'virtualOutbound-blackhole',
          filter_chain_match: { destination_port: 15001 },
          filters: [proxy('BlackHoleCluster')],
        },
        { name: 'virtualOutbound-catchall-tcp', filters: [proxy(stray)] },
      ],
    }),
    virtualInbound(model, pod),
  ]
}

const scrape = (name: string, port: number, prefix: string): Listener => ({
  '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
  name,
  address: address('0.0.0.0', port),
  filter_chains: [
    {
      filters: [
        manager(name, {
          route_config: {
            virtual_hosts: [
              {
                name: 'backend',
                domains: ['*'],
                routes: [{ match: { prefix }, route: { cluster: name === 'agent' ? name : 'prometheus_stats' } }],
              },
            ],
          },
        }),
      ],
    },
  ],
})

/** Of the bootstrap: metrics and readiness. */
export const fixedListeners: readonly Listener[] = [
  scrape('stats', 15090, '/stats/prometheus'),
  scrape('agent', 15021, '/healthz/ready'),
]
