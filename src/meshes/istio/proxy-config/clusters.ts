/**
 * Clusters of a sidecar as `/config_dump` and `/clusters` show them, with the fields that istioctl and labs read.
 * Upstream: pilot/pkg/networking/core/cluster.go, cluster_tls.go. Not modelled: load balancing and timeouts, subsets.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import { hasLabels } from '../../match/labels.ts'
import { isReady, podAddresses, targetPort } from '../../world.ts'
import type { IstioModel } from '../compile.ts'
import { findRule } from '../destination-rule.ts'
import { identityOf } from '../pods.ts'
import { inboundPorts, type KnownPort, outboundPorts, serviceMetadata } from './services.ts'

const clusterType = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'
const tlsType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'

interface Cluster {
  '@type': string
  name: string
  type: string
  [field: string]: unknown
}

/** The DestinationRule that the caller's sidecar goes by. */
const ruleFor = (model: IstioModel, { host, service }: KnownPort, namespace: string): KubeObject | undefined =>
  findRule(model.destinationRules, {
    host,
    home: service.metadata.namespace ?? 'default',
    from: namespace,
    labels: undefined,
  })?.object

const endpointsOf = (model: IstioModel, { service, port }: KnownPort): { pod: Pod; port: number }[] => {
  const selector = service.spec.selector ?? {}
  if (Object.keys(selector).length === 0) return []
  return (model.pods.get(service.metadata.namespace ?? '') ?? [])
    .filter((pod) => hasLabels(selector, pod.metadata.labels) && isReady(pod))
    .flatMap((pod) => {
      const number = targetPort(pod, port)
      return number === undefined ? [] : [{ pod, port: number }]
    })
}

const mutual = (model: IstioModel, known: KnownPort) => ({
  name: 'tlsMode-istio',
  match: { tlsMode: 'istio' },
  transport_socket: {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': tlsType,
      common_tls_context: {
        alpn_protocols: ['istio-peer-exchange', 'istio'],
        tls_certificate_sds_secret_configs: [{ name: 'default' }],
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [
              ...new Set(endpointsOf(model, known).map(({ pod }) => identityOf(pod, model.config.trustDomain))),
            ].map((exact) => ({ san_type: 'URI', matcher: { exact } })),
          },
          validation_context_sds_secret_config: { name: 'ROOTCA' },
        },
      },
      sni: `outbound_.${known.port.port}_._.${known.host}`,
    },
  },
})

const plaintext = {
  name: 'tlsMode-disabled',
  match: {},
  transport_socket: { name: 'envoy.transport_sockets.raw_buffer' },
}

const outboundCluster = (model: IstioModel, known: KnownPort, namespace: string): Cluster => {
  const { host, port, service } = known
  const rule = ruleFor(model, known, namespace)
  const metadata = serviceMetadata(service)
  const config =
    rule && `/apis/networking.istio.io/v1/namespaces/${rule.metadata.namespace}/destination-rule/${rule.metadata.name}`
  return {
    '@type': clusterType,
    name: `outbound|${port.port}||${host}`,
    type: service.spec.clusterIP === 'None' ? 'ORIGINAL_DST' : 'EDS',
    ...(service.spec.clusterIP === 'None'
      ? {}
      : { eds_cluster_config: { eds_config: { ads: {} }, service_name: `outbound|${port.port}||${host}` } }),
    connect_timeout: '10s',
    metadata: config ? { filter_metadata: { istio: { ...metadata.filter_metadata.istio, config } } } : metadata,
    transport_socket_matches: [mutual(model, known), plaintext],
  }
}

const plain = (name: string, type: string): Cluster => ({ '@type': clusterType, name, type, connect_timeout: '10s' })

export const clustersOf = (model: IstioModel, pod: Pod): { dynamic: Cluster[]; fixed: Cluster[] } => ({
  dynamic: [
    ...outboundPorts(model).map((known) => outboundCluster(model, known, pod.metadata.namespace ?? 'default')),
    ...inboundPorts(model, pod).map(
      ({ number, service }): Cluster => ({
        ...plain(`inbound|${number}||`, 'ORIGINAL_DST'),
        metadata: serviceMetadata(service),
      }),
    ),
    plain('BlackHoleCluster', 'STATIC'),
    plain('PassthroughCluster', 'ORIGINAL_DST'),
    plain('InboundPassthroughCluster', 'ORIGINAL_DST'),
  ],
  fixed: [
    plain('prometheus_stats', 'STATIC'),
    plain('agent', 'STATIC'),
    plain('sds-grpc', 'STATIC'),
    plain('xds-grpc', 'STATIC'),
  ],
})

/** Cluster name to the addresses behind it. */
const statuses = (model: IstioModel): { name: string; hosts: string[] }[] =>
  outboundPorts(model).map((known) => ({
    name: `outbound|${known.port.port}||${known.host}`,
    hosts: endpointsOf(model, known).map(({ pod, port }) => `${podAddresses(pod)[0] ?? ''}:${port}`),
  }))

/** `/clusters`: a line for each address. */
export const clusterLines = (model: IstioModel): string =>
  statuses(model)
    .flatMap(({ name, hosts }) => [
      `${name}::observability_name::${name}\n`,
      `${name}::added_via_api::true\n`,
      ...hosts.map((host) => `${name}::${host}::health_flags::healthy\n`),
    ])
    .join('')

/** `/clusters?format=json` */
export const clusterStatuses = (model: IstioModel) => ({
  cluster_statuses: statuses(model).map(({ name, hosts }) => ({
    name,
    added_via_api: true,
    host_statuses: hosts.map((host) => {
      const [address = '', port = '0'] = host.split(/:(?=\d+$)/)
      return {
        address: { socket_address: { address, port_value: Number(port) } },
        health_status: { eds_health_status: 'HEALTHY' },
        weight: 1,
      }
    }),
    observability_name: name,
  })),
})
