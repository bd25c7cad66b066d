/**
 * The listener of what arrives at a sidecar. Upstream: pilot/pkg/networking/core/listener_inbound.go
 * (buildInboundListeners, buildInboundPassthroughChains), listener_builder.go; inbound chains by mTLS mode:
 * pilot/pkg/networking/core/listener.go (inboundPermissiveFilterChainMatch… getFilterChainMatchOptions).
 */
import type { Pod } from '../../../kube/kinds.ts'
import type { IstioModel } from '../compile.ts'
import { type Mode, workloadMode } from '../peer-authentication.ts'
import { address, type Chain, manager, proxy, rbacFilters } from './filters.ts'
import { inboundPorts } from './services.ts'

type Json = Record<string, unknown>

/** How a chain reads the bytes that its match lets in. */
interface Choice {
  reads: 'http' | 'tcp'
  tls: boolean
  transport: 'tls' | 'raw_buffer'
  protocols?: string[]
}

const meshHttp = ['istio-http/1.0', 'istio-http/1.1', 'istio-h2']
const meshTcp = ['istio-peer-exchange', 'istio']
const meshAny = ['istio', 'istio-peer-exchange', ...meshHttp]
const plainHttp = ['http/1.1', 'h2c']

const strict = (reads: Choice['reads']): Choice => ({ reads, tls: true, transport: 'tls' })
const plain = (reads: Choice['reads']): Choice => ({ reads, tls: false, transport: 'raw_buffer' })

/** The ways in, by mode and by what the port speaks. TLS of the application itself passes where plaintext does. */
const choices = (mode: Mode, protocol: 'http' | 'tcp' | 'auto'): Choice[] => {
  if (protocol !== 'auto') {
    const own: Choice[] = protocol === 'tcp' ? [{ reads: 'tcp', tls: false, transport: 'tls' }] : []
    if (mode === 'STRICT') return [strict(protocol)]
    if (mode === 'DISABLE') return [plain(protocol)]
    return [{ ...strict(protocol), protocols: meshAny }, ...own, plain(protocol)]
  }
  const meshed: Choice[] = [{ ...strict('http'), protocols: meshHttp }]
  const open: Choice[] = [{ ...plain('http'), protocols: plainHttp }]
  if (mode === 'STRICT') return [...meshed, strict('tcp')]
  if (mode === 'DISABLE') return [...open, plain('tcp')]
  return [
    ...meshed,
    ...open,
    { ...strict('tcp'), protocols: meshTcp },
    plain('tcp'),
    { reads: 'tcp', tls: false, transport: 'tls' },
  ]
}

const meshTls: Json = {
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    common_tls_context: { tls_certificate_sds_secret_configs: [{ name: 'default' }] },
    require_client_certificate: true,
  },
}

interface Place {
  /** Container port; absent: any that no Service leads to. */
  number?: number
  /** Of the Service; 0: none. */
  port: number
  cluster: string
  protocol: 'http' | 'tcp' | 'auto'
  /** `host:port/*` of traces. */
  operation: string
}

const chainsOf = (model: IstioModel, pod: Pod, place: Place): Chain[] => {
  const { number, port, cluster } = place
  const { mode } = workloadMode(
    model.peerAuthentications,
    pod.metadata.namespace ?? '',
    pod.metadata.labels,
    number ?? 0,
  )
  const route_config = {
    name: cluster,
    virtual_hosts: [
      {
        name: `inbound|http|${port}`,
        domains: ['*'],
        routes: [
          {
            name: 'default',
            match: { prefix: '/' },
            route: { cluster, timeout: '0s' },
            decorator: { operation: place.operation },
          },
        ],
      },
    ],
    validate_clusters: false,
  }
  const prefix = number === undefined ? `${cluster};` : `inbound_0.0.0.0_${number};`
  const nameOf = (reads: Choice['reads']): string => {
    if (number !== undefined) return `0.0.0.0_${number}`
    return reads === 'http' ? 'virtualInbound-catchall-http' : 'virtualInbound'
  }
  return choices(mode, place.protocol).map(({ reads, tls, transport, protocols }) => ({
    name: nameOf(reads),
    filter_chain_match: {
      ...(number === undefined ? {} : { destination_port: number }),
      transport_protocol: transport,
      ...(protocols === undefined ? {} : { application_protocols: protocols }),
    },
    filters:
      reads === 'http'
        ? [manager(prefix, { route_config }, rbacFilters(model, pod, 'http'))]
        : [...rbacFilters(model, pod, 'network'), proxy(cluster)],
    ...(tls ? { transport_socket: meshTls } : {}),
  }))
}

const passthrough = 'InboundPassthroughCluster'

export const virtualInbound = (model: IstioModel, pod: Pod) => ({
  '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
  name: 'virtualInbound',
  address: address('0.0.0.0', 15006),
  traffic_direction: 'INBOUND',
  filter_chains: [
    {
      name: 'virtualInbound-blackhole',
      filter_chain_match: { destination_port: 15006 },
      filters: [proxy('BlackHoleCluster')],
    },
    ...chainsOf(model, pod, { port: 0, cluster: passthrough, protocol: 'auto', operation: ':0/*' }),
    ...inboundPorts(model, pod).flatMap(({ number, port, protocol, host }) =>
      chainsOf(model, pod, {
        number,
        port,
        cluster: `inbound|${number}||`,
        protocol: protocol === 'tls' ? 'tcp' : protocol,
        operation: `${host}:${port}/*`,
      }),
    ),
  ],
})
