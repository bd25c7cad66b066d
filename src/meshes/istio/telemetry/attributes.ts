/**
 * What CEL expressions of Telemetry see. Upstream: the Envoy documentation "Attributes" and
 * envoy/source/extensions/filters/common/expr/context.cc. An attribute without a value is absent, as there.
 * Not modelled: metadata, times, trailers, and of filter_state all but the peers.
 */
import type { ProxyRecord } from './record.ts'
import { workloadOf } from './workload.ts'

const present = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '-' && value !== ''))

const headerMap = (headers: readonly (readonly [string, string])[]): Record<string, string> => {
  const map: Record<string, string> = {}
  for (const [raw, value] of headers) {
    const name = raw.toLowerCase()
    map[name] = map[name] === undefined ? value : `${map[name]},${value}`
  }
  return map
}

/** Bit numbers of Envoy's response flags (envoy/stream_info/stream_info.h, CoreResponseFlag). */
const flagBits: Record<string, number> = {
  LH: 0,
  UH: 1,
  UT: 2,
  LR: 3,
  UR: 4,
  UF: 5,
  UC: 6,
  UO: 7,
  NR: 8,
  DI: 9,
  FI: 10,
  RL: 11,
  UAEX: 12,
  RLSE: 13,
  DC: 14,
  URX: 15,
  SI: 16,
  IH: 17,
  DPE: 18,
  UMSDR: 19,
  RFCF: 20,
  NFCF: 21,
  DT: 22,
  UPE: 23,
  NC: 24,
  OM: 25,
}
const flagsOf = (flags: string): bigint =>
  flags.split(',').reduce((sum, flag) => sum | (flagBits[flag] === undefined ? 0n : 1n << BigInt(flagBits[flag])), 0n)

const portOf = (address: string): bigint | undefined => {
  const port = /:(\d+)$/.exec(address)?.[1]
  return port === undefined ? undefined : BigInt(port)
}

const requestOf = (record: ProxyRecord): Record<string, unknown> => {
  const { request } = record
  if (request === undefined) return {}
  const headers = headerMap(request.headers)
  const [urlPath = '', query = ''] = request.path.split('?', 2)
  return present({
    path: request.path,
    url_path: urlPath.replace(/#.*$/, ''),
    query,
    host: request.authority,
    scheme: 'http',
    method: request.method,
    headers: { ...headers, ':method': request.method, ':path': request.path, ':authority': request.authority },
    referer: headers.referer,
    useragent: headers['user-agent'],
    id: headers['x-request-id'],
    protocol: 'HTTP/1.1',
    size: BigInt(record.received),
    total_size: BigInt(record.received),
  })
}

/** The values of `request`, `response`, `connection`, `upstream`, `source`, `destination`, `node`, `xds`, `filter_state` and the peers. */
export const attributesOf = (record: ProxyRecord): Record<string, unknown> => {
  const { side, principals, upstream, downstream } = record
  const own = workloadOf(record.pod)
  const peer = record.peer && record.knowsPeer ? workloadOf(record.peer) : undefined
  const isServer = side === 'server'
  const peers = peer ? { [isServer ? 'downstream_peer' : 'upstream_peer']: peerObject(peer) } : {}
  return {
    request: requestOf(record),
    response: present({
      code: record.status === 0 ? undefined : BigInt(record.status),
      code_details: record.details,
      flags: flagsOf(record.flags),
      headers: record.response && headerMap(record.response.headers),
      size: BigInt(record.sent),
      total_size: BigInt(record.sent),
    }),
    connection: present({
      mtls: isServer && record.isMutual,
      requested_server_name: record.serverName,
      tls_version: isServer && record.isMutual ? 'TLSv1.3' : undefined,
      uri_san_local_certificate: isServer ? principals?.destination : undefined,
      uri_san_peer_certificate: isServer ? principals?.source : undefined,
      termination_details: record.termination,
    }),
    upstream: present({
      address: upstream.host,
      port: portOf(upstream.host),
      local_address: upstream.local,
      transport_failure_reason: record.transportFailure,
      tls_version: !isServer && record.isMutual ? 'TLSv1.3' : undefined,
      uri_san_local_certificate: isServer ? undefined : principals?.source,
      uri_san_peer_certificate: isServer ? undefined : principals?.destination,
    }),
    source: present({ address: downstream.remote, port: portOf(downstream.remote) }),
    destination: present({ address: downstream.local, port: portOf(downstream.local) }),
    xds: present({ cluster_name: upstream.cluster, route_name: record.route }),
    node: {
      id: `sidecar~${record.pod.status?.podIP ?? ''}~${record.pod.metadata.name}.${own.namespace}~${own.namespace}.svc.cluster.local`,
      cluster: `${own.canonicalName}.${own.namespace}`,
      metadata: {
        NAME: record.pod.metadata.name,
        NAMESPACE: own.namespace,
        CLUSTER_ID: 'Kubernetes',
        LABELS: record.pod.metadata.labels ?? {},
      },
    },
    ...peers,
    filter_state: peers,
  }
}

const peerObject = (peer: ReturnType<typeof workloadOf>): Record<string, unknown> => ({
  workload: peer.name,
  namespace: peer.namespace,
  service: peer.canonicalName,
  revision: peer.canonicalRevision,
  app: peer.app,
  version: peer.version,
  cluster: 'Kubernetes',
  labels: peer.labels,
})
