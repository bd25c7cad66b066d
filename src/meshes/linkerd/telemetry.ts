/**
 * What proxies write about an exchange that is over: metrics at :4191/metrics and a line for each refusal. Upstream:
 * linkerd2-proxy linkerd/app/inbound/src/metrics/authz.rs, linkerd/app/core/src/metrics.rs (labels),
 * linkerd/app/inbound/src/policy/{http,tcp}.rs (the lines).
 * Not modelled: latency histograms, transport counters, what proxies count about themselves; the time in a line counts
 * from the start of the log's day, not of the proxy.
 */
import type { Pod } from '../../kube/kinds.ts'
import type { MeshTelemetry } from '../mesh.ts'
import type { Finished, ProxyReport, Sample } from '../traffic.ts'
import { ownerName } from '../workloads.ts'
import { podAddresses } from '../world.ts'
import type { LinkerdModel } from './compile.ts'
import { identityOf, inboundBypass, isMeshed, proxyContainer } from './pods.ts'
import { type Received, receive } from './receive.ts'

type Labels = Record<string, string>

const counter = (name: string, labels: Labels): Sample => ({ name, kind: 'counter', value: 1, labels })

const serverLabels = ({ policy }: Received): Labels =>
  policy.server
    ? { srv_group: 'policy.linkerd.io', srv_kind: 'server', srv_name: policy.name }
    : { srv_group: '', srv_kind: 'default', srv_name: policy.name.replace('default:', '') }

const routeLabels = ({ route }: Received): Labels => ({
  route_group: route?.kind === 'resource' ? 'policy.linkerd.io' : '',
  route_kind: route?.kind === 'resource' ? 'httproute' : 'default',
  route_name: route?.name ?? 'default',
})

const authzLabels = ({ by = '' }: Received): Labels => {
  const [kind = '', name = ''] = by.split('/')
  return { authz_group: kind === 'default' ? '' : 'policy.linkerd.io', authz_kind: kind, authz_name: name }
}

const tlsLabels = (identity: string | undefined, transport: string | undefined): Labels => {
  if (identity !== undefined) return { tls: 'true', client_id: identity }
  return { tls: transport === 'tls' ? 'opaque' : 'no_identity', no_tls_reason: 'no_tls_from_remote' }
}

const authority = ({ request }: Finished): string => request?.authority ?? ''

const outboundOf = (finished: Finished): Sample[] => {
  const { call, verdict, response } = finished
  if (!call || !verdict) return []
  const destination = call.destination
  const mutual = verdict.transport === 'mtls'
  const labels: Labels = {
    direction: 'outbound',
    authority: authority(finished),
    target_addr: `${podAddresses(destination)[0] ?? ''}:${call.port}`,
    ...(mutual
      ? { tls: 'true', server_id: identityOf(destination) }
      : { tls: 'no_identity', no_tls_reason: 'not_provided_by_service_discovery' }),
    ...(destination.metadata.namespace === undefined
      ? {}
      : {
          dst_deployment: ownerName(destination),
          dst_namespace: destination.metadata.namespace,
          dst_pod: destination.metadata.name,
        }),
  }
  if (!response) return [counter('tcp_open_total', { ...labels, peer: 'dst' })]
  const outcome = {
    status_code: String(response.status),
    classification: response.status < 500 ? 'success' : 'failure',
  }
  return [counter('request_total', labels), counter('response_total', { ...labels, ...outcome })]
}

const denialLine = (received: Received, finished: Finished, client: string, identity: string | undefined): string => {
  const server = serverLabels(received)
  const seconds = ((finished.start % 86_400_000) / 1000).toFixed(3)
  const tls = identity
    ? `Some(Established { client_id: Some(ClientId(Dns(Name("${identity}")))), negotiated_protocol: None })`
    : 'None(NoClientHello)'
  const place = `inbound:accept{client.addr=${client}}`
  const about = `server.group=${server.srv_group} server.kind=${server.srv_kind} server.name=${server.srv_name}`
  if (!received.http)
    return `[${seconds.padStart(9)}s]  INFO ThreadId(01) ${place}: linkerd_app_inbound::policy::tcp: Connection denied ${about} tls=${tls} client=${client}`
  const route = routeLabels(received)
  const on = `route.group=${route.route_group} route.kind=${route.route_kind} route.name=${route.route_name}`
  return `[${seconds.padStart(9)}s]  INFO ThreadId(01) ${place}: linkerd_app_inbound::policy::http: Request denied ${about} ${on} client.tls=${tls} client.ip=${client}`
}

/** The receiver's side: the decision is made once more, because the verdict does not carry its labels. */
const inboundOf = (model: LinkerdModel, finished: Finished): { samples: Sample[]; lines: { text: string }[] } => {
  const { call, verdict, response } = finished
  if (!call || !verdict) return { samples: [], lines: [] }
  const { identity, transport } = verdict
  const address = podAddresses(call.source)[0] ?? ''
  const bytes = transport !== 'none' && verdict.effect?.kind === 'close' ? true : undefined
  const received = receive(model, call, { address, ...(identity === undefined ? {} : { identity }) }, bytes)
  const labels = {
    ...serverLabels(received),
    target_addr: `${podAddresses(call.destination)[0] ?? ''}:${call.port}`,
    target_port: String(call.port),
    ...tlsLabels(identity, transport),
  }
  const layer = received.http ? 'http' : 'tcp'
  const route = received.http ? routeLabels(received) : {}
  const direction = { direction: 'inbound' }
  const answered = response && received.http
  const counts: Sample[] = []
  if (received.outcome === 'allow')
    counts.push(counter(`inbound_${layer}_authz_allow_total`, { ...labels, ...route, ...authzLabels(received) }))
  if (received.outcome === 'denied' || received.outcome === 'closed')
    counts.push(counter(`inbound_${layer}_authz_deny_total`, { ...labels, ...route }))
  if (received.outcome === 'not-found') counts.push(counter('inbound_http_route_not_found_total', labels))
  const isLimited = received.outcome === 'allow' && finished.forwarded === undefined && response?.status === 429
  if (isLimited) counts.push(counter('inbound_http_local_ratelimit_total', labels))
  if (answered && received.outcome === 'allow' && !isLimited) {
    const outcome = {
      status_code: String(response.status),
      classification: response.status < 500 ? 'success' : 'failure',
    }
    const own = { ...direction, authority: authority(finished), ...labels }
    counts.push(counter('request_total', own), counter('response_total', { ...own, ...outcome }))
  }
  const isDenied = received.outcome === 'denied' || received.outcome === 'closed'
  return { samples: counts, lines: isDenied ? [{ text: denialLine(received, finished, address, identity) }] : [] }
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
