/**
 * What proxies write about an exchange that is over: metrics at :4191/metrics and lines in their logs (`log-lines.ts`).
 * Upstream: linkerd2-proxy linkerd/app/inbound/src/metrics/authz.rs, linkerd/app/core/src/{metrics.rs,transport/labels.rs}
 * (labels and their order), linkerd/metrics/src/latency.rs.
 * Not modelled: transport counters beside opened connections, what proxies count about themselves.
 */

import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import type { MeshTelemetry } from '../mesh.ts'
import type { Finished, ProxyReport, Sample } from '../traffic.ts'
import { ownerName } from '../workloads.ts'
import { podAddresses } from '../world.ts'
import { arrivalOf } from './arrival.ts'
import type { LinkerdModel } from './compile.ts'
import { linesOf, type Meta } from './log-lines.ts'
import { identityOf, inboundBypass, isMeshed, proxyContainer } from './pods.ts'
import { type Received, receive } from './receive.ts'
import { groupOf } from './routes.ts'

type Labels = Record<string, string>

const counter = (name: string, labels: Labels): Sample => ({ name, kind: 'counter', value: 1, labels })

const serverMeta = ({ policy }: Received): Meta =>
  policy.server ? ['policy.linkerd.io', 'server', policy.name] : ['', 'default', policy.name.replace('default:', '')]

const routeMeta = ({ route }: Received): Meta =>
  route?.object ? [groupOf(route.object), route.object.kind, route.name] : ['', 'default', route?.name ?? 'default']

const authzMeta = ({ by = '' }: Received): Meta => {
  const [kind = '', name = ''] = by.split('/')
  return [kind === 'default' ? '' : 'policy.linkerd.io', kind, name]
}

const labelled = (prefix: string, [group, kind, name]: Meta): Labels => ({
  [`${prefix}_group`]: group,
  [`${prefix}_kind`]: kind,
  [`${prefix}_name`]: name,
})

/** As the receiver's proxy saw the connection (app/core/src/transport/labels.rs, TlsAccept). */
const tlsLabels = (identity: string | undefined, received: Received, finished: Finished): Labels => {
  if (identity !== undefined) return { tls: 'true', client_id: identity }
  const { call, dialled } = finished
  if (received.policy.protocol === 'opaque') return { tls: 'no_identity', no_tls_reason: 'port_skipped' }
  if (call?.protocol === 'tls') return { tls: 'opaque', sni: call.tls?.serverName ?? dialled.host }
  return { tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' }
}

const targetLabels = (call: Call): Labels => {
  const ip = podAddresses(call.destination)[0] ?? ''
  return { target_addr: `${ip}:${call.port}`, target_ip: ip, target_port: String(call.port) }
}

/** Of a finished response (app/core/src/metrics.rs, Class). */
const classLabels = (status: number): Labels => ({
  status_code: String(status),
  classification: status < 500 ? 'success' : 'failure',
  grpc_status: '',
  error: '',
})

const authority = ({ request }: Finished): string => request?.authority ?? ''

/** `deployment`, `statefulset`, `k8s_job`, `pod`. */
const ownerKind = ({ metadata }: Pod): string => {
  const kind = metadata.ownerReferences?.find(({ controller }) => controller)?.kind.toLowerCase() ?? 'pod'
  if (kind === 'replicaset' && metadata.labels?.['pod-template-hash']) return 'deployment'
  return kind === 'job' ? 'k8s_job' : kind
}

/** What the destination controller tells of an endpoint (linkerd2 pkg/k8s/labels.go, GetPodLabels). */
const destinationLabels = ({ service }: Call, pod: Pod): Labels => {
  const { metadata, spec } = pod
  const { 'linkerd.io/control-plane-ns': controlPlane, 'pod-template-hash': hash } = metadata.labels ?? {}
  return {
    ...(controlPlane ? { dst_control_plane_ns: controlPlane } : {}),
    [`dst_${ownerKind(pod)}`]: ownerName(pod),
    dst_namespace: metadata.namespace ?? '',
    dst_pod: metadata.name,
    ...(hash ? { dst_pod_template_hash: hash } : {}),
    ...(service ? { dst_service: service.object.metadata.name } : {}),
    dst_serviceaccount: spec.serviceAccountName ?? 'default',
  }
}

const bounds = [1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000].concat([
  2000, 3000, 4000, 5000, 10_000, 20_000, 30_000, 40_000, 50_000,
])

const latency = (labels: Labels, value: number): Sample => ({
  name: 'response_latency_ms',
  kind: 'histogram',
  value: Math.round(value),
  labels,
  bounds,
})

const outboundOf = (finished: Finished): Sample[] => {
  const { call, verdict, response } = finished
  if (!call || !verdict) return []
  const destination = call.destination
  const own = destination.metadata.uid === finished.from.metadata.uid
  const reason = own ? 'loopback' : 'not_provided_by_service_discovery'
  const about: Labels = {
    ...targetLabels(call),
    ...(verdict.transport === 'mtls'
      ? { tls: 'true', server_id: identityOf(destination) }
      : { tls: 'no_identity', no_tls_reason: reason }),
    ...(destination.metadata.namespace === undefined ? {} : destinationLabels(call, destination)),
  }
  if (!response) return [counter('tcp_open_total', { direction: 'outbound', peer: 'dst', ...about })]
  const labels = { direction: 'outbound', authority: authority(finished), ...about }
  return [
    counter('request_total', labels),
    counter('response_total', { ...labels, ...classLabels(response.status) }),
    latency({ ...labels, status_code: String(response.status) }, finished.duration),
  ]
}

/** The receiver's side: the decision is made once more, because the verdict does not carry its labels. */
const inboundOf = (model: LinkerdModel, finished: Finished): { samples: Sample[]; lines: { text: string }[] } => {
  const { call, verdict, response } = finished
  if (!call || !verdict) return { samples: [], lines: [] }
  const { identity } = verdict
  const address = podAddresses(call.source)[0] ?? ''
  const arrival = identity === undefined ? {} : arrivalOf(model, call)
  const received = receive(model, call, { address, ...(identity === undefined ? {} : { identity }) }, arrival)
  const server = { ...labelled('srv', serverMeta(received)), srv_port: String(call.port) }
  const tls = tlsLabels(identity, received, finished)
  const target = targetLabels(call)
  const layer = received.http ? 'http' : 'tcp'
  const route = received.http ? labelled('route', routeMeta(received)) : {}
  const authz = labelled('authz', authzMeta(received))
  const counts: Sample[] = []
  const isIn = received.outcome === 'allow' || received.outcome === 'redirected'
  const isDenied = received.outcome === 'denied' || received.outcome === 'closed'
  if (isIn)
    counts.push(counter(`inbound_${layer}_authz_allow_total`, { ...target, ...server, ...route, ...authz, ...tls }))
  if (isDenied) counts.push(counter(`inbound_${layer}_authz_deny_total`, { ...target, ...server, ...route, ...tls }))
  if (received.outcome === 'not-found')
    counts.push(counter('inbound_http_route_not_found_total', { ...target, ...server, ...tls }))
  const isLimited = received.outcome === 'allow' && finished.forwarded === undefined && response?.status === 429
  if (isLimited) {
    const policy = received.policy.rateLimit
    const limit = labelled('ratelimit', ['policy.linkerd.io', 'HTTPLocalRateLimitPolicy', policy?.metadata.name ?? ''])
    counts.push(counter('inbound_http_local_ratelimit_total', { ...target, ...server, ...limit, ...tls }))
  }
  if (received.http && response && received.outcome === 'allow' && !isLimited) {
    const own = {
      direction: 'inbound',
      authority: authority(finished),
      ...target,
      ...tls,
      ...server,
      ...route,
      ...authz,
    }
    counts.push(counter('request_total', own), counter('response_total', { ...own, ...classLabels(response.status) }))
    counts.push(latency({ ...own, status_code: String(response.status) }, finished.serviceTime ?? finished.duration))
  }
  const about = { server: serverMeta(received), route: routeMeta(received), authz: authzMeta(received) }
  const client = { address, ...(identity === undefined ? {} : { identity }) }
  return { samples: counts, lines: linesOf(finished, call, received, client, about) }
}

const report = (pod: Pod, samples: Sample[], lines: { text: string }[] = []): ProxyReport => ({
  pod,
  container: proxyContainer,
  lines,
  samples,
  stats: {},
  attributes: {},
})

export const telemetry: MeshTelemetry<LinkerdModel, undefined> = {
  reads: [],
  compile: () => undefined,
  report(model, _settings, finished) {
    const { call } = finished
    const out: ProxyReport[] = []
    if (isMeshed(finished.from)) out.push(report(finished.from, outboundOf(finished)))
    if (call && isMeshed(call.destination) && !inboundBypass(call.destination, call.port)) {
      const { samples, lines } = inboundOf(model, finished)
      out.push(report(call.destination, samples, lines))
    }
    return out
  },
}
