/**
 * What the sidecar on one side of a finished exchange saw. Names of clusters and server names are those of
 * pilot/pkg/networking/core; flags and details are Envoy's (envoy/source/common/stream_info/utility.cc, router.cc).
 */
import type { Pod, Service } from '../../../kube/kinds.ts'
import type { Call } from '../../call.ts'
import type { Finished } from '../../traffic.ts'
import type { ProxyLog } from '../../verdict.ts'
import { podAddresses, targetPort } from '../../world.ts'
import type { IstioModel } from '../compile.ts'
import { readsHttp } from '../inbound.ts'
import { outbound, servicesOf } from '../outbound.ts'
import { identityOf, inboundBypass, isMeshed, outboundBypass } from '../pods.ts'
import { portProtocol } from '../protocol.ts'
import { receiverOf } from '../receiver.ts'
import type { ProxyRecord, ServiceHost } from './record.ts'

type Outcome = Pick<ProxyRecord, 'status' | 'flags' | 'details' | 'termination' | 'transportFailure'>

export const outcome = (log: Partial<ProxyLog>): Outcome => ({
  status: log.status ?? 0,
  flags: log.flags ?? '-',
  details: log.details ?? '-',
  termination: log.termination ?? '-',
  transportFailure: log.transportFailure ?? '-',
})

export const ip = (pod: Pod): string => podAddresses(pod)[0] ?? ''

const hostOf = (service: Service): ServiceHost => {
  const namespace = service.metadata.namespace ?? 'default'
  return { host: `${service.metadata.name}.${namespace}.svc.cluster.local`, name: service.metadata.name, namespace }
}

/** The Service that a cluster's name stands for: another one than was dialled, when a route leads there. */
export const hostIn = (cluster: string): ServiceHost | undefined => {
  const host = /^outbound\|\d+\|[^|]*\|(.+)$/.exec(cluster)?.[1]
  if (host === undefined) return undefined
  const parts = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host)
  return parts ? { host, name: parts[1]!, namespace: parts[2]! } : { host, name: host, namespace: 'unknown' }
}

/** A port of a made-up connection, the same for the same text. */
export const portFor = (text: string): number => {
  let hash = 2166136261
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619) >>> 0
  return 32768 + (hash % 28000)
}

/** The receiver's own Service for that container port: the first that leads there. */
const inboundService = (model: IstioModel, call: Call): Service | undefined =>
  servicesOf(model, call.destination).find((service) =>
    (service.spec.ports ?? []).some((port) => targetPort(call.destination, port) === call.port),
  )

/** How the application failed the proxy that asked it; undefined when it answered. */
const failed = (finished: Finished, retries: boolean): Outcome | undefined => {
  const reset = (reason: string): string => `upstream_reset_before_response_started{${reason}}`
  switch (finished.failure?.kind) {
    case 'refused': {
      const why = 'delayed connect error: Connection refused'
      const details = reset(`remote_connection_failure|${why.replaceAll(' ', '_')}`)
      return outcome({ status: 503, flags: retries ? 'UF,URX' : 'UF', details, transportFailure: why })
    }
    case 'reset':
    case 'empty':
      return outcome({ status: 503, flags: 'UC', details: reset('connection_termination') })
    case 'not-http':
      return outcome({ status: 502, flags: 'UPE', details: reset('protocol_error') })
    default:
      return undefined
  }
}

/** The caller did not wait for an answer: every proxy on the way sees it leave. */
const leaves = ({ failure, response }: Finished): boolean => failure?.kind === 'timeout' && response === undefined

const gone = outcome({ flags: 'DC', details: 'downstream_remote_disconnect' })

/** What a proxy that read HTTP logs of an exchange that no rule refused. */
export const httpOutcome = (finished: Finished, isLast: boolean, retries: boolean): Outcome => {
  if (leaves(finished)) return gone
  const failure = isLast ? failed(finished, retries) : undefined
  return failure ?? outcome({ status: finished.response?.status ?? 0, details: 'via_upstream' })
}

const tcpOutcome = (finished: Finished, isLast: boolean): Outcome => {
  if (isLast && finished.failure?.kind === 'refused')
    return outcome({ flags: 'UF,URX', transportFailure: 'delayed connect error: Connection refused' })
  return outcome({})
}

export interface Common {
  finished: Finished
  requestId: string
  request: Finished['request']
}

export const base = ({ finished, requestId, request }: Common, isHttp: boolean) => ({
  isHttp,
  isRefusedByListener: false,
  requestId,
  ...(isHttp && request !== undefined ? { request } : {}),
  ...(isHttp && finished.response !== undefined ? { response: finished.response } : {}),
  received: finished.bytes.sent,
  sent: finished.bytes.received,
  start: finished.start,
  duration: finished.duration,
})

/** The caller's sidecar, when it handled the exchange. */
export const clientRecord = (model: IstioModel, common: Common, isLast: boolean): ProxyRecord | undefined => {
  const { finished, requestId } = common
  const { from, call, service, verdict, dialled } = finished
  if (!isMeshed(from) || call?.byProxy) return undefined
  if (outboundBypass(from, dialled.port)?.kind === 'bypass') return undefined
  const sent = call && outbound(model, call)
  if (sent?.proxy === 'direct') return undefined
  const protocol = service ? portProtocol(service.port) : 'auto'
  const isHttp = sent
    ? sent.proxy === 'http' && call?.protocol === 'http'
    : protocol !== 'tcp' && finished.request !== undefined
  const said = verdict?.logged?.client
  // A refusal by the receiver that this sidecar only passed on, or one that it made and nobody described.
  if (verdict && verdict.outcome !== 'allow' && said === undefined && isHttp) return undefined
  const unanswered = outcome({ status: isHttp ? 503 : 0, flags: 'UH', details: isHttp ? 'no_healthy_upstream' : '-' })
  const ordinary = isHttp ? httpOutcome(finished, isLast, true) : tcpOutcome(finished, isLast)
  const result = said ? outcome(said) : call ? ordinary : unanswered
  const isMutual = verdict?.transport === 'mtls'
  const reached =
    call !== undefined &&
    (result.details === 'via_upstream' ||
      (!/^(UH|UO|NR|DI|FI|RL)/.test(result.flags) && result.details !== 'direct_response'))
  const peer = call?.destination
  const dialledCluster = service && `outbound|${service.port.port}||${hostOf(service.object).host}`
  const cluster = verdict?.upstream?.cluster ?? dialledCluster ?? 'PassthroughCluster'
  const known = hostIn(cluster)
  return {
    side: 'client',
    pod: from,
    ...(peer && reached ? { peer } : {}),
    ...base(common, isHttp),
    ...result,
    ...(isHttp && result.details === 'via_upstream' ? { serviceTime: finished.duration } : {}),
    upstream: {
      host: reached && peer ? `${ip(peer)}:${call.port}` : '-',
      cluster,
      local: reached && result.flags !== 'UF,URX' ? `${ip(from)}:${portFor(`${requestId}up`)}` : '-',
    },
    downstream: {
      local: `${dialled.address ?? dialled.host}:${dialled.port}`,
      remote: `${ip(from)}:${portFor(`${requestId}down`)}`,
    },
    serverName: '-',
    route: isHttp ? (verdict?.upstream?.route ?? (service ? 'default' : 'allow_any')) : '-',
    isMutual,
    ...(isMutual && peer && reached ? { principals: principalsOf(model, from, peer) } : {}),
    ...(known ? { service: known } : {}),
    knowsPeer:
      reached && peer !== undefined && isMeshed(peer) && (isHttp ? result.details === 'via_upstream' : isMutual),
  }
}

export const principalsOf = (model: IstioModel, source: Pod, destination: Pod) => ({
  source: identityOf(source, model.config.trustDomain),
  destination: identityOf(destination, model.config.trustDomain),
})

/** The caller's sidecar had no patience left: the receiver's sees it leave. */
const isAbandoned = ({ verdict }: Finished): boolean => verdict?.logged?.client?.flags === 'UT'

/** Whether the exchange got as far as the receiver's sidecar. */
export const reachesServer = (finished: Finished): boolean => {
  const { call, verdict } = finished
  if (call === undefined || !isMeshed(call.destination) || inboundBypass(call.destination, call.port)) return false
  if (verdict?.logged?.server !== undefined) return true
  // The caller's own sidecar ended it, before or after the receiver's had it.
  if (verdict?.logged?.client !== undefined && finished.forwarded === undefined && finished.request !== undefined)
    return isAbandoned(finished)
  if (verdict?.outcome === 'allow') return verdict.effect?.kind === 'forward'
  return verdict?.effect?.kind === 'respond' && verdict.effect.by === 'server-proxy'
}

/** The receiver's sidecar, when the exchange reached it. `serverName`: what a gateway that asked it sent. */
export const serverRecord = (
  model: IstioModel,
  common: Common,
  client: ProxyRecord | undefined,
  serverName?: string,
): ProxyRecord | undefined => {
  const { finished, requestId } = common
  const { from, call, verdict } = finished
  if (call === undefined || !reachesServer(finished)) return undefined
  const said = verdict?.logged?.server
  const isRefused = said?.flags === 'NR'
  const isHttp =
    !isRefused &&
    readsHttp(receiverOf(model, call.destination).port(call.port).protocol, call) &&
    finished.request !== undefined
  // RBAC of a TCP port is asked with the first bytes: a connection without any is not refused.
  const counts = isHttp || isRefused || finished.bytes.sent > 0
  const own =
    said && counts
      ? outcome(said)
      : isAbandoned(finished)
        ? gone
        : isHttp
          ? httpOutcome(finished, true, false)
          : tcpOutcome(finished, true)
  const isForwarded = said === undefined || !counts
  const isMutual = verdict?.transport === 'mtls'
  const service = inboundService(model, call)
  const pod = call.destination
  const sent = isMutual ? (serverName ?? outbound(model, call).sni) : ''
  return {
    side: 'server',
    pod,
    peer: from,
    ...base(common, isHttp),
    ...(finished.rateLimits === undefined ? {} : { rateLimits: finished.rateLimits }),
    isRefusedByListener: isRefused,
    ...own,
    ...(isRefused ? { received: 0, sent: 0, duration: 0 } : {}),
    ...(isHttp && own.details === 'via_upstream' ? { serviceTime: finished.serviceTime ?? finished.duration } : {}),
    upstream: {
      host: isForwarded ? `${ip(pod)}:${call.port}` : '-',
      cluster: isRefused ? '-' : service ? `inbound|${call.port}||` : 'InboundPassthroughCluster',
      local: isForwarded && own.flags !== 'UF' ? `127.0.0.6:${portFor(`${requestId}in`)}` : '-',
    },
    downstream: {
      local: `${ip(pod)}:${call.port}`,
      remote:
        client && client.upstream.local !== '-' ? client.upstream.local : `${ip(from)}:${portFor(`${requestId}up`)}`,
    },
    serverName: sent || '-',
    route: isHttp ? 'default' : '-',
    isMutual,
    ...(isMutual ? { principals: principalsOf(model, from, pod) } : {}),
    ...(service ? { service: hostOf(service) } : {}),
    knowsPeer: isMeshed(from) && client !== undefined && (isHttp || isMutual),
  }
}
