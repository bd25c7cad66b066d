/**
 * The standard metrics with their labels in Envoy's order. Upstream: istio/proxy
 * source/extensions/filters/http/istio_stats/istio_stats.cc; the rows of testdata/metric there.
 * Not modelled: gRPC message counts, custom metrics, bytes of TLS itself.
 */
import { isOutside } from '../../outside.ts'
import type { Sample } from '../../traffic.ts'
import type { MetricOverride, Metrics } from './metrics.ts'
import type { ProxyRecord } from './record.ts'
import { type Workload, workloadOf } from './workload.ts'

const prefix = 'istio_'

/** By the name of the Telemetry API. */
const metrics: Record<string, { name: string; kind: Sample['kind'] }> = {
  REQUEST_COUNT: { name: 'requests_total', kind: 'counter' },
  REQUEST_DURATION: { name: 'request_duration_milliseconds', kind: 'histogram' },
  REQUEST_SIZE: { name: 'request_bytes', kind: 'histogram' },
  RESPONSE_SIZE: { name: 'response_bytes', kind: 'histogram' },
  TCP_OPENED_CONNECTIONS: { name: 'tcp_connections_opened_total', kind: 'counter' },
  TCP_CLOSED_CONNECTIONS: { name: 'tcp_connections_closed_total', kind: 'counter' },
  TCP_SENT_BYTES: { name: 'tcp_sent_bytes_total', kind: 'counter' },
  TCP_RECEIVED_BYTES: { name: 'tcp_received_bytes_total', kind: 'counter' },
}

const said = (text: string | undefined): string => text || 'unknown'

/** Who the other side is, as far as this proxy can know: by metadata exchange, or by the endpoint's own labels. */
const peerOf = ({ peer, knowsPeer, side }: ProxyRecord): Partial<Workload> => {
  if (peer === undefined || isOutside(peer)) return {}
  const known = workloadOf(peer)
  if (knowsPeer) return known
  // istiod labels endpoints with workload, namespace, canonical name and revision; there is no such thing for callers.
  return side === 'client' ? { ...known, app: '', version: '' } : {}
}

const workloadLabels = (end: 'source' | 'destination', who: Partial<Workload>) => ({
  workload: { [`${end}_workload`]: said(who.name) },
  service: { [`${end}_canonical_service`]: said(who.canonicalName) },
  revision: { [`${end}_canonical_revision`]: who.canonicalRevision || 'latest' },
  namespace: { [`${end}_workload_namespace`]: said(who.namespace) },
  app: { [`${end}_app`]: said(who.app), [`${end}_version`]: said(who.version) },
  cluster: { [`${end}_cluster`]: who.namespace === undefined ? 'unknown' : 'Kubernetes' },
})

/** Where the proxy has no Service for the traffic, its cluster's name stands in. */
const serviceLabels = (record: ProxyRecord, destination: Partial<Workload>): { service: string; name: string } => {
  const { side, service, upstream, request } = record
  if (service !== undefined) return { service: service.host, name: service.name }
  const routed = { block_all: 'BlackHoleCluster', allow_any: 'PassthroughCluster' }[record.route]
  const name = routed ?? (/Cluster$/.test(upstream.cluster) ? upstream.cluster : undefined)
  // Only a sidecar takes the Host header for the name of what it knows no Service of.
  if (record.isGateway) return { service: 'unknown', name: 'unknown' }
  if (side === 'server')
    return { service: said(destination.canonicalName), name: name ?? said(destination.canonicalName) }
  return { service: said(request?.authority), name: name ?? said(request?.authority) }
}

const labelsOf = (record: ProxyRecord): Record<string, string> => {
  const isServer = record.side === 'server'
  const own = workloadOf(record.pod)
  const peer = peerOf(record)
  const source = workloadLabels('source', isServer ? peer : own)
  const destination = workloadLabels('destination', isServer ? own : peer)
  const service = serviceLabels(record, isServer ? own : peer)
  return {
    reporter: isServer ? 'destination' : 'source',
    ...source.workload,
    ...source.service,
    ...source.revision,
    ...source.namespace,
    source_principal: said(record.principals?.source),
    ...source.app,
    ...source.cluster,
    ...destination.workload,
    ...destination.namespace,
    destination_principal: said(record.principals?.destination),
    ...destination.app,
    destination_service: service.service,
    ...destination.service,
    ...destination.revision,
    destination_service_name: service.name,
    destination_service_namespace: said((isServer ? own : peer).namespace),
    ...destination.cluster,
    request_protocol: record.isHttp ? 'http' : 'tcp',
    ...(record.isHttp ? { response_code: String(record.status), grpc_response_status: '' } : {}),
    response_flags: record.flags,
    connection_security_policy: isServer ? (record.isMutual ? 'mutual_tls' : 'none') : 'unknown',
  }
}

const headLength = (first: string, headers: readonly (readonly [string, string])[]): number =>
  headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, first.length + 2)

const valuesOf = (record: ProxyRecord): Record<string, number> => {
  if (!record.isHttp)
    return {
      TCP_OPENED_CONNECTIONS: 1,
      TCP_SENT_BYTES: record.sent,
      TCP_RECEIVED_BYTES: record.received,
      TCP_CLOSED_CONNECTIONS: 1,
    }
  const { request, response } = record
  const head = request
    ? headLength(`${request.method} ${request.path} HTTP/1.1`, [['host', request.authority], ...request.headers])
    : 0
  return {
    REQUEST_COUNT: 1,
    REQUEST_DURATION: record.duration,
    REQUEST_SIZE: head + record.received,
    RESPONSE_SIZE: (response ? headLength('HTTP/1.1 200 OK', response.headers) : 0) + record.sent,
  }
}

/** Tags that an override takes out or sets; a tag that the metric lacks is added. */
const overridden = (labels: Record<string, string>, { tags }: MetricOverride): Pick<Sample, 'labels' | 'computed'> => {
  const kept = Object.fromEntries(Object.entries(labels).filter(([name]) => tags[name] !== null))
  const computed = Object.entries(tags).filter((pair): pair is [string, string] => pair[1] !== null)
  return computed.length === 0 ? { labels: kept } : { labels: kept, computed: Object.fromEntries(computed) }
}

/** What the proxy counts for this exchange; nothing when its metrics are off, or when no filter chain saw it. */
export const samplesOf = (record: ProxyRecord, settings: Metrics): Sample[] => {
  if (settings === undefined || record.isRefusedByListener) return []
  const labels = labelsOf(record)
  return Object.entries(valuesOf(record)).flatMap(([name, value]) => {
    const override = settings[name]
    if (override?.disabled) return []
    const metric = metrics[name]!
    return {
      ...metric,
      name: `${prefix}${metric.name}`,
      value,
      ...(override ? overridden(labels, override) : { labels }),
    }
  })
}
