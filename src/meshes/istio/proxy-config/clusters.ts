/**
 * Clusters of a proxy as `/config_dump` and `/clusters` show them, with the fields that istioctl and labs read.
 * Upstream: pilot/pkg/networking/core/cluster.go, cluster_builder.go, cluster_tls.go, cluster_traffic_policy.go.
 * Not modelled: filters of the network and protocol options.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import { type Cluster, clusterOf, endpointsOf, limitsOf } from '../cluster.ts'
import type { IstioModel } from '../compile.ts'
import { findRule } from '../destination-rule.ts'
import { serverNameOf } from '../outbound.ts'
import { namespaceMode } from '../peer-authentication.ts'
import { identityOf, isGateway, speaksMtls } from '../pods.ts'
import { fields, list, text, texts } from '../read.ts'
import { addressOf, type MeshService } from '../registry.ts'
import { inboundPorts, type KnownPort, outboundPorts, scopeFor } from './services.ts'

type Json = Record<string, unknown>

const clusterType = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'
const tlsType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'

const rawBuffer = {
  name: 'envoy.transport_sockets.raw_buffer',
  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer' },
}

const tlsSocket = (context: Json, sni: string | undefined): Json => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: { '@type': tlsType, common_tls_context: context, ...(sni ? { sni } : {}) },
})

/** Who serves the service, as a caller checks it; an address that is no pod's has no account. */
const identities = (model: IstioModel, service: MeshService): string[] => [
  ...new Set(
    service.ports
      .flatMap((port) => service.endpoints(port.number))
      .filter(({ pod }) => pod.spec.serviceAccountName !== undefined)
      .map(({ pod }) => identityOf(pod, model.config.trustDomain)),
  ),
]

/** A port whose endpoints are spoken to in HTTP/2 (pkg/config/protocol/instance.go, IsHTTP2). */
const isHttp2 = ({ service, port }: Cluster): boolean => {
  const given = service.kubernetes
    ? service.kubernetes.spec.ports?.find((each) => each.port === port)
    : list(fields(service.object.spec).ports)
        .map(fields)
        .find((each) => each.number === port)
  const { appProtocol, protocol, name } = (given ?? {}) as { appProtocol?: string; protocol?: string; name?: string }
  const said = (service.kubernetes ? (appProtocol ?? name) : protocol) ?? ''
  return /^(grpc(?!-web)|http2)(-|$)|^kubernetes\.io\/h2c$/i.test(said)
}

const exactNames = (names: readonly string[]): Json =>
  names.length === 0 ? {} : { match_subject_alt_names: names.map((exact) => ({ exact })) }

const mutualSocket = (model: IstioModel, cluster: Cluster, named: string[], sni: string): Json =>
  tlsSocket(
    {
      alpn_protocols: ['istio-peer-exchange', 'istio', ...(isHttp2(cluster) ? ['h2'] : [])],
      tls_certificate_sds_secret_configs: [{ name: 'default' }],
      combined_validation_context: {
        default_validation_context: {
          ...exactNames(named.length > 0 ? named : identities(model, cluster.service)),
        },
        validation_context_sds_secret_config: { name: 'ROOTCA' },
      },
    },
    sni,
  )

/** `SIMPLE` and `MUTUAL` of a DestinationRule. */
const ownSocket = (tls: Json, isMutual: boolean): Json => {
  const credential = text(tls.credentialName)
  const certificate = credential
    ? `kubernetes://${credential}`
    : `file-cert:${text(tls.clientCertificate) ?? ''}~${text(tls.privateKey) ?? ''}`
  const authority = credential
    ? `kubernetes://${credential}-cacert`
    : `file-root:${text(tls.caCertificates) ?? 'system'}`
  return tlsSocket(
    {
      ...(isMutual ? { tls_certificate_sds_secret_configs: [{ name: certificate }] } : {}),
      ...(tls.insecureSkipVerify === true
        ? {}
        : {
            combined_validation_context: {
              default_validation_context: exactNames(texts(tls.subjectAltNames)),
              validation_context_sds_secret_config: { name: authority },
            },
          }),
    },
    text(tls.sni),
  )
}

/** What wraps the bytes to this cluster: what a DestinationRule says, else automatic mTLS by endpoint. */
const transport = (model: IstioModel, cluster: Cluster): Json => {
  const { service, policy } = cluster
  const sni = serverNameOf(cluster.name)
  if (policy.tls !== undefined) {
    const tls = policy.tls.value
    // An absent mode is the enum's zero value.
    const mode = text(tls.mode) ?? 'DISABLE'
    if (mode === 'DISABLE') return {}
    if (mode === 'ISTIO_MUTUAL')
      return { transport_socket: mutualSocket(model, cluster, texts(tls.subjectAltNames), text(tls.sni) || sni) }
    return { transport_socket: ownSocket(tls, mode === 'MUTUAL') }
  }
  const isOff = namespaceMode(model.peerAuthentications, service.namespace).mode === 'DISABLE'
  if (service.external || !model.config.enableAutoMtls || isOff) return {}
  const mutual = mutualSocket(model, cluster, [], sni)
  if (service.originalDestination)
    return endpointsOf(cluster).every(({ pod }) => speaksMtls(pod)) ? { transport_socket: mutual } : {}
  return {
    transport_socket_matches: [
      { name: 'tlsMode-istio', match: { tlsMode: 'istio' }, transport_socket: mutual },
      { name: 'tlsMode-disabled', match: {}, transport_socket: rawBuffer },
    ],
  }
}

const discoveryTypes: Readonly<Record<string, string>> = {
  STATIC: 'EDS',
  DNS: 'STRICT_DNS',
  DNS_ROUND_ROBIN: 'LOGICAL_DNS',
}

const typeOf = ({ service, policy }: Cluster): string => {
  if (service.originalDestination || text(policy.loadBalancer?.value.simple) === 'PASSTHROUGH') return 'ORIGINAL_DST'
  if (service.kubernetes) return 'EDS'
  return discoveryTypes[text(fields(service.object.spec).resolution) ?? ''] ?? 'ORIGINAL_DST'
}

const balancers = new Set(['ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST'])

const balancerOf = ({ policy }: Cluster): string => {
  const balancer = policy.loadBalancer?.value
  if (balancer?.consistentHash !== undefined)
    return fields(balancer.consistentHash).maglev === undefined ? 'RING_HASH' : 'MAGLEV'
  const simple = text(balancer?.simple) ?? ''
  return balancers.has(simple) ? simple : 'LEAST_REQUEST'
}

/** Istio's own default for every limit. */
const unlimited = 4294967295

const breakers = ({ policy }: Cluster): Json => {
  const limits = limitsOf(policy.connectionPool)
  return {
    circuit_breakers: {
      thresholds: [
        {
          max_connections: limits?.connections ?? unlimited,
          max_pending_requests: limits?.pending ?? unlimited,
          max_requests: limits?.requests ?? unlimited,
          max_retries: limits?.retries ?? unlimited,
          track_remaining: true,
        },
      ],
    },
  }
}

const outliers = ({ policy }: Cluster): Json => {
  if (policy.outlierDetection === undefined) return {}
  const { value } = policy.outlierDetection
  const counted = (field: string, envoy: string): Json =>
    typeof value[field] === 'number'
      ? { [envoy]: value[field], [`enforcing_${envoy}`]: value[field] > 0 ? 100 : 0 }
      : {}
  const copied = (field: string, envoy: string): Json => (value[field] === undefined ? {} : { [envoy]: value[field] })
  return {
    outlier_detection: {
      ...counted('consecutive5xxErrors', 'consecutive_5xx'),
      ...counted('consecutiveGatewayErrors', 'consecutive_gateway_failure'),
      enforcing_success_rate: 0,
      ...copied('interval', 'interval'),
      ...copied('baseEjectionTime', 'base_ejection_time'),
      ...copied('maxEjectionPercent', 'max_ejection_percent'),
    },
  }
}

/** What Istio notes on a cluster: the service that it is for, and the DestinationRule that shaped it. */
const metadataOf = (service: MeshService, rule: KubeObject | undefined, more: Json = {}): Json => ({
  filter_metadata: {
    istio: {
      ...more,
      ...(rule === undefined
        ? {}
        : {
            config: `/apis/networking.istio.io/v1/namespaces/${rule.metadata.namespace}/destination-rule/${rule.metadata.name}`,
          }),
      ...(service.external ? { external: true } : {}),
      services: [
        {
          host: service.host,
          name: service.kubernetes?.metadata.name ?? service.host,
          namespace: service.namespace,
        },
      ],
    },
  },
})

const about = (service: MeshService, pod: Pod) => ({
  host: service.host,
  home: service.namespace,
  from: pod.metadata.namespace ?? 'default',
  labels: pod.metadata.labels,
})

/** The cluster of the port, then one for each subset that the proxy's DestinationRule names. */
const clustersOfPort = (model: IstioModel, { service, port }: KnownPort, pod: Pod): Cluster[] => {
  const caller = { namespace: pod.metadata.namespace ?? 'default', labels: pod.metadata.labels }
  const names = findRule(model.destinationRules, about(service, pod))?.subsets.map(({ name }) => name) ?? []
  return [undefined, ...names].flatMap(
    (subset) =>
      clusterOf(model.destinationRules, caller, service, {
        port: port.number,
        ...(subset === undefined ? {} : { subset }),
      }) ?? [],
  )
}

const hostsOf = (cluster: Cluster): { address: string; port: number }[] =>
  endpointsOf(cluster).map(({ pod, port }) => ({ address: addressOf(pod), port }))

const socket = ({ address, port }: { address: string; port: number }) => ({
  socket_address: { address, port_value: port },
})

/** Where Envoy finds the endpoints. */
const discovery = (cluster: Cluster, type: string): Json => {
  if (type === 'EDS') return { eds_cluster_config: { eds_config: { ads: {} }, service_name: cluster.name } }
  if (!type.endsWith('_DNS')) return {}
  const lb_endpoints = hostsOf(cluster).map((host) => ({ endpoint: { address: socket(host) } }))
  return { load_assignment: { cluster_name: cluster.name, endpoints: [{ lb_endpoints }] } }
}

const outboundCluster = (model: IstioModel, cluster: Cluster, pod: Pod): Json => {
  const { service, subset, policy } = cluster
  const type = typeOf(cluster)
  const mode = text(policy.tls?.value.mode)
  return {
    '@type': clusterType,
    ...transport(model, cluster),
    name: cluster.name,
    type,
    ...discovery(cluster, type),
    connect_timeout: text(fields(policy.connectionPool?.value.tcp).connectTimeout) ?? '10s',
    lb_policy: type === 'ORIGINAL_DST' ? 'CLUSTER_PROVIDED' : balancerOf(cluster),
    ...breakers(cluster),
    ...outliers(cluster),
    metadata: metadataOf(service, findRule(model.destinationRules, about(service, pod))?.object, {
      ...(mode === 'SIMPLE' || mode === 'MUTUAL' ? { alpn_override: 'false' } : {}),
      ...(subset === undefined ? {} : { subset: subset.name }),
    }),
  }
}

const plain = (name: string, type: string): Json => ({
  '@type': clusterType,
  name,
  type,
  connect_timeout: '10s',
  ...(type === 'ORIGINAL_DST' ? { lb_policy: 'CLUSTER_PROVIDED' } : {}),
})

const inboundClusters = (model: IstioModel, pod: Pod): Json[] =>
  inboundPorts(model, pod).map(({ number, service }) => ({
    ...plain(`inbound|${number}||`, 'ORIGINAL_DST'),
    ...(service && {
      metadata: metadataOf(
        service,
        findRule(model.destinationRules, { ...about(service, pod), outbound: false })?.object,
      ),
    }),
  }))

/** A gateway has no caller's address to keep: it asks the endpoints of a headless Service (cluster.go, convertResolution). */
const asAsked = (pod: Pod, known: KnownPort): KnownPort =>
  isGateway(pod) ? { ...known, service: { ...known.service, originalDestination: false } } : known

const known = (model: IstioModel, pod: Pod): Cluster[] =>
  outboundPorts(model, scopeFor(model, pod)).flatMap((port) => clustersOfPort(model, asAsked(pod, port), pod))

/** What a sidecar has for traffic that no service is named by, and for its own ports. */
const ofSidecar = (model: IstioModel, pod: Pod): Json[] => [
  plain('PassthroughCluster', 'ORIGINAL_DST'),
  ...inboundClusters(model, pod),
  plain('InboundPassthroughCluster', 'ORIGINAL_DST'),
]

/** `dynamic`: by istiod; `fixed`: of the bootstrap. */
export const clustersOf = (model: IstioModel, pod: Pod): { dynamic: Json[]; fixed: Json[] } => ({
  dynamic: [
    ...known(model, pod).map((cluster) => outboundCluster(model, cluster, pod)),
    plain('BlackHoleCluster', 'STATIC'),
    ...(isGateway(pod) ? [] : ofSidecar(model, pod)),
  ],
  fixed: ['prometheus_stats', 'agent', 'sds-grpc', 'xds-grpc'].map((name) => plain(name, 'STATIC')),
})

/** `/clusters`: a line for each address. */
export const clusterLines = (model: IstioModel, pod: Pod): string =>
  known(model, pod)
    .flatMap((cluster) => [
      `${cluster.name}::observability_name::${cluster.name};\n`,
      `${cluster.name}::added_via_api::true\n`,
      ...hostsOf(cluster).map(({ address, port }) => `${cluster.name}::${address}:${port}::health_flags::healthy\n`),
    ])
    .join('')

/** `/clusters?format=json` */
export const clusterStatuses = (model: IstioModel, pod: Pod) => ({
  cluster_statuses: known(model, pod).map((cluster) => ({
    name: cluster.name,
    added_via_api: true,
    host_statuses: hostsOf(cluster).map((host) => ({
      address: socket(host),
      health_status: { eds_health_status: 'HEALTHY' },
      weight: 1,
    })),
    observability_name: `${cluster.name};`,
  })),
})
