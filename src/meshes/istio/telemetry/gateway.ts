/**
 * What the proxies on a way through a gateway saw: a sidecar of the caller, the gateway, the sidecar behind it. A gateway
 * reports as a client does (pilot/pkg/model/telemetry.go, workloadMode of ListenerClassGateway). Not modelled: connections
 * that end before there is a request (a server name that nobody serves, a failed handshake) are not logged by gateways.
 */
import type { HttpRequest } from '../../call.ts'
import type { Verdict } from '../../verdict.ts'
import type { IstioModel } from '../compile.ts'
import { behindGateway } from '../gateway/index.ts'
import { type Outbound, outbound } from '../outbound.ts'
import type { ProxyRecord } from './record.ts'
import {
  base,
  type Common,
  clientRecord,
  hostIn,
  httpOutcome,
  ip,
  outcome,
  portFor,
  principalsOf,
  reachesServer,
  serverRecord,
} from './sides.ts'

/** The gateway adds its peer, before any of its filters looks. */
const withPeer = (request: HttpRequest, peer: string): HttpRequest => {
  const sent = request.headers.filter(([name]) => name === 'x-forwarded-for').map(([, value]) => value)
  const others = request.headers.filter(([name]) => name !== 'x-forwarded-for')
  return { ...request, headers: [...others, ['x-forwarded-for', [...sent, peer].join(',')]] }
}

/** The sidecar of the caller: to it the gateway is an application like another. */
const before = (model: IstioModel, common: Common, sent: Outbound): ProxyRecord | undefined => {
  const { finished } = common
  const { verdict, response, call } = finished
  if (verdict === undefined) return undefined
  const passed =
    response && call?.protocol === 'http' ? { status: response.status, flags: '-', details: 'via_upstream' } : undefined
  const own: Verdict = {
    ...verdict,
    transport: sent.transport,
    upstream: sent.upstream,
    logged: passed === undefined ? {} : { client: passed },
  }
  return clientRecord(model, { ...common, finished: { ...finished, verdict: own } }, false)
}

/** `common.request` is absent when the client spoke TLS; the gateway has read what was inside. */
export const gatewayRecords = (model: IstioModel, common: Common): ProxyRecord[] => {
  const { finished, requestId } = common
  const { from, call, verdict } = finished
  if (call === undefined || verdict === undefined) return []
  const { effect } = verdict
  // The caller's own sidecar answered: no request came as far as the gateway.
  if (effect?.kind === 'respond' && effect.by === 'client-proxy')
    return [clientRecord(model, common, true) ?? []].flat()
  const sent = outbound(model, call)
  const client = before(model, common, sent)
  const inside = common.request ?? call.tls?.http
  const hasEnded =
    finished.response === undefined && verdict.logged === undefined && finished.failure?.kind !== 'timeout'
  if (inside === undefined || hasEnded) return client === undefined ? [] : [client]
  const gateway = call.destination
  const onward = verdict.upstream?.proxy === undefined ? undefined : behindGateway(model, sent.call, sent)
  const request = finished.forwarded ? inside : (onward?.call.http ?? withPeer(inside, ip(from)))
  const seen: Common = {
    requestId,
    request: { ...request, headers: withId(request, requestId) },
    finished: {
      ...finished,
      from: gateway,
      request,
      ...(onward === undefined ? {} : { call: { ...onward.call, protocol: 'http' as const } }),
    },
  }
  const isServed = onward !== undefined && reachesServer(seen.finished)
  // Without a way on, the refusal is the gateway's own.
  const said = verdict.logged?.client ?? (onward === undefined ? verdict.logged?.server : undefined)
  const result = said ? outcome(said) : httpOutcome(seen.finished, !isServed, true)
  const isReached =
    onward !== undefined && (result.details === 'via_upstream' || !/^(UH|UO|NR|DI|FI|RL)/.test(result.flags))
  const isMutual = verdict.transport === 'mtls'
  const upstream = onward && verdict.upstream
  const cluster = upstream?.cluster ?? '-'
  const service = hostIn(cluster)
  const own: ProxyRecord = {
    side: 'client',
    isGateway: true,
    pod: gateway,
    ...(isReached ? { peer: onward.call.destination } : {}),
    ...base(seen, true),
    ...result,
    ...(result.details === 'via_upstream' ? { serviceTime: finished.duration } : {}),
    upstream: {
      host: isReached ? `${ip(onward.call.destination)}:${onward.call.port}` : '-',
      cluster,
      local: isReached && result.flags !== 'UF,URX' ? `${ip(gateway)}:${portFor(`${requestId}on`)}` : '-',
    },
    downstream: {
      local: `${ip(gateway)}:${call.port}`,
      remote: client?.upstream.local ?? `${ip(from)}:${portFor(`${requestId}up`)}`,
    },
    serverName: call.tls?.serverName || '-',
    route: upstream?.route ?? '-',
    isMutual,
    ...(isMutual && isReached ? { principals: principalsOf(model, gateway, onward.call.destination) } : {}),
    ...(service ? { service } : {}),
    knowsPeer: isReached && result.details === 'via_upstream',
  }
  const server = onward && serverRecord(model, seen, own, onward.sni)
  return [client, own, server].filter((record): record is ProxyRecord => record !== undefined)
}

/** The id of this exchange, for the one that the engine made up. */
const withId = ({ headers }: HttpRequest, id: string): HttpRequest['headers'] => [
  ...headers.filter(([name]) => name.toLowerCase() !== 'x-request-id'),
  ['x-request-id', id],
]
