/**
 * One attempt of one request: the verdict made real. Proxies' limits are asked on the way, in Envoy's order: the caller's
 * pool, the receiver's rate limits, its policies, its pool, the application.
 */
import { randomUUID } from 'node:crypto'
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../../meshes/call.ts'
import type { Mesh } from '../../meshes/mesh.ts'
import {
  type EndsTls,
  type Forwarding,
  notModelled,
  plainVerdict,
  type RateLimit,
  type Verdict,
} from '../../meshes/verdict.ts'
import type { Clock } from '../clock.ts'
import { pause } from '../workloads/process/process.ts'
import type { Dial, Failure, HttpExchange } from './dataplane.ts'
import { deliver, type Listen } from './deliver.ts'
import { givenUp } from './dropped.ts'
import { appFailure, localReply, overflow, proxyAnswer, rateLimited, throughProxies } from './envoy.ts'
import { silence } from './locate.ts'
import type { Proxies } from './proxies.ts'
import type { Notes } from './traffic.ts'

type Request = HttpExchange['request']
type Response = HttpExchange['response']

/** Why waiting in a queue ends; made once, since an exception for each costs its stack. */
const entered = new Error('the queue was left')

/** What came back, and how the caller's proxy counts it. */
export interface Attempted {
  answer: Response | Failure
  /** The request as it was sent on. */
  sent: Request
  /** Envoy's conditions that the attempt meets (`connect-failure`, `reset`, `5xx`), for retries. */
  meets: readonly string[]
  verdict: Verdict
  /** The caller's proxy had no room: no endpoint is to blame. */
  isOverflow?: true
}

export interface Ways {
  clock: Clock
  listen: Listen
  proxies: Proxies
  isMeshed: (pod: Pod) => boolean
  /** See `Mesh.localAnswer`. */
  localAnswer?: Mesh['localAnswer']
  proxyLog?: (pod: Pod, line: string) => void
  /** The client's TLS with a gateway: how it fails, if it does. */
  handshake: (endsTls: EndsTls, dial: Dial) => { failure: Failure } | { shown: unknown }
}

/** The mesh's reasoning knows no time; what the application really took is known here. */
const withServiceTime = (headers: [string, string][], milliseconds: number): [string, string][] =>
  headers.map(([name, value]) => [
    name,
    name === 'x-envoy-upstream-service-time' ? String(Math.max(1, milliseconds)) : value,
  ])

/** The request after proxies wrote their headers; `:path` and `:authority` are the request line's. */
export const withChanges = (request: Request, { removeRequestHeaders, setRequestHeaders }: Forwarding): Request => {
  // The mesh is pure and derives its request id; every real request has one of its own.
  const set = setRequestHeaders
    .filter(([name]) => !name.startsWith(':'))
    .map(([name, value]) => [name, name === 'x-request-id' ? randomUUID() : value] as const)
  const changed = new Set([...removeRequestHeaders, ...set.map(([name]) => name)])
  const pseudo = (name: string): string | undefined => setRequestHeaders.find(([each]) => each === name)?.[1]
  return {
    ...request,
    path: pseudo(':path') ?? request.path,
    authority: pseudo(':authority') ?? request.authority,
    headers: [...request.headers.filter(([name]) => !changed.has(name.toLowerCase())), ...set],
  }
}

const conditions = (status: number): string[] => [
  String(status),
  ...(status >= 500 ? ['5xx'] : []),
  ...(status >= 502 && status <= 504 ? ['gateway-error'] : []),
  ...(status === 409 ? ['retriable-4xx'] : []),
]

/** `held` collects what has to be given back when the exchange is over; `left` says how long the client still waits. */
export const attempt = async (
  ways: Ways,
  exchange: { dial: Dial; call: Call; request: Request; notes: Notes; signal: AbortSignal },
  verdict: Verdict,
  held: (() => void)[],
  left: () => { client?: number; proxy?: number },
): Promise<Attempted> => {
  const { clock, proxies, isMeshed, listen } = ways
  const { dial, call, request, notes, signal } = exchange
  const { effect, upstream, inbound } = verdict
  const fromMesh = isMeshed(call.source)
  const to = { pod: upstream?.destination ?? call.destination, port: upstream?.port ?? call.port }
  const done = (answer: Response | Failure, meets: readonly string[] = [], sent = request): Attempted => ({
    answer,
    sent,
    meets,
    verdict,
  })
  /** The client's patience ends first: nobody hears of what follows. */
  const gaveUp = (): Attempted => done({ kind: 'timeout', connected: true })
  const logged = (at: 'client' | 'server', status: number, flags: string, details: string): void => {
    const own = { status, flags, details }
    const seen = { status, flags: '-', details: 'via_upstream' }
    notes.verdict = {
      ...plainVerdict(verdict),
      logged: at === 'client' ? { client: own } : { server: own, client: seen },
    }
  }

  if (verdict.outcome === 'unknown' || !effect) {
    const line = `${notModelled}${verdict.because}`
    ways.proxyLog?.(fromMesh ? call.source : call.destination, line)
    return done({ kind: 'reset' })
  }
  if (verdict.endsTls !== undefined && dial.tls) {
    const shaken = ways.handshake(verdict.endsTls, dial)
    if ('failure' in shaken) return done(shaken.failure)
  }
  // TLS that the application starts hides the request, unless a gateway ends it.
  const isOpaque = dial.tls !== undefined && verdict.endsTls === undefined
  const owner = upstream?.proxy ?? call.source
  if (upstream?.delay !== undefined) {
    const { client = Number.POSITIVE_INFINITY } = left()
    await pause(clock, Math.min(client, upstream.delay), signal)
    if (client <= upstream.delay) return gaveUp()
  }
  const enter = async (pod: Pod, cluster: string, limits: NonNullable<typeof upstream>['limits']) => {
    if (limits === undefined) return 'entered'
    const { client, proxy } = left()
    const wait = Math.min(client ?? Number.POSITIVE_INFINITY, proxy ?? Number.POSITIVE_INFINITY)
    const queued = new AbortController()
    const entering = proxies.enter(pod, cluster, limits, AbortSignal.any([signal, queued.signal]))
    const late = Number.isFinite(wait) ? pause(clock, wait, queued.signal).then(() => 'late' as const) : undefined
    const first = await (late === undefined ? entering : Promise.race([entering, late]))
    queued.abort(entered)
    if (first === 'late') return client !== undefined && client <= wait ? 'client' : 'proxy'
    if (first === undefined) return 'overflow'
    held.push(first)
    return 'entered'
  }
  const timedOut = (): Attempted => {
    logged('client', 504, 'UT', 'response_timeout')
    return done(localReply(504, 'upstream request timeout', clock.now()), conditions(504))
  }
  const isAnswer = effect.kind === 'respond' && effect.by === 'client-proxy' && upstream?.endpoints.length === 0
  if (upstream !== undefined && !isAnswer) {
    const entered = await enter(owner, upstream.cluster, upstream.limits)
    if (entered === 'client') return gaveUp()
    if (entered === 'proxy') return timedOut()
    if (entered === 'overflow') {
      logged('client', 503, 'UO', 'upstream_reset_before_response_started{overflow}')
      return { ...done(overflow(clock.now(), 'envoy')), isOverflow: true }
    }
  }
  const server = fromMesh ? 'envoy' : 'istio-envoy'
  const arrives = effect.kind === 'forward' || (effect.kind === 'respond' && effect.by === 'server-proxy')
  const limited = (first: boolean): RateLimit | undefined =>
    inbound && !isOpaque && call.protocol !== 'tcp'
      ? proxies.limited(to.pod, inbound, `${inbound.cluster} ${verdict.transport}`, first, (limit, taken) => {
          if (limit.statPrefix !== undefined && taken !== 'unasked')
            notes.rateLimits = [...(notes.rateLimits ?? []), { statPrefix: limit.statPrefix, taken }]
        })
      : undefined
  const over = (arrives ? limited(true) : undefined) ?? (effect.kind === 'forward' ? limited(false) : undefined)
  if (over !== undefined) {
    logged('server', over.status, 'RL', 'local_rate_limited')
    const own = ways.localAnswer?.('rate-limited', 'server-proxy')
    const answer = own ? proxyAnswer(own, clock.now()) : rateLimited(over, clock.now(), server)
    return done(answer, conditions(over.status))
  }
  switch (effect.kind) {
    case 'respond': {
      const answer = proxyAnswer(effect, clock.now())
      const details = verdict.logged?.client?.details ?? ''
      const failed = /TLS_error|remote_connection_failure/.test(details) ? ['connect-failure'] : []
      const reset = /connection_termination/.test(details) ? ['reset'] : []
      return done(answer, [...conditions(effect.status), ...failed, ...reset])
    }
    case 'reset':
      return done({ kind: 'reset' }, ['reset'])
    case 'close':
      return done({ kind: 'empty' })
    case 'refuse':
      return done({ kind: 'refused', host: dial.host, port: dial.port })
    case 'drop':
      return done(fromMesh ? await givenUp(clock, dial, call, upstream?.connectTimeout) : await silence(clock, dial))
    case 'forward':
      break
  }
  if (inbound?.limits !== undefined) {
    const entered = await enter(to.pod, inbound.cluster, inbound.limits)
    if (entered === 'client') return gaveUp()
    if (entered === 'proxy') return timedOut()
    if (entered === 'overflow') {
      logged('server', 503, 'UO', 'upstream_reset_before_response_started{overflow}')
      return done(overflow(clock.now(), server), conditions(503))
    }
  }
  const { forwarding } = effect
  const sent = isOpaque ? request : withChanges(request, forwarding)
  const toMesh = isMeshed(to.pod)
  const { client, proxy } = left()
  const limits = [client, proxy, upstream?.retries?.perTry].filter((each) => each !== undefined)
  const asked = clock.now()
  const startsTls = upstream?.startsTls
  const answer = await deliver({ listen, clock }, dial, {
    to,
    request: sent,
    remoteAddress: toMesh ? '127.0.0.6' : (call.source.status?.podIP ?? ''),
    ...(startsTls
      ? { tls: { serverName: startsTls.serverName ?? hostOf(sent.authority), verify: startsTls.verify } }
      : isOpaque && dial.tls
        ? { tls: dial.tls }
        : {}),
    ...(limits.length > 0 ? { limit: Math.min(...limits) } : {}),
  })
  const took = clock.now() - asked
  notes.serviceTime = took
  if (!isOpaque) notes.forwarded = sent
  if ('status' in answer) {
    const timed = withServiceTime(forwarding.setResponseHeaders, took)
    const seen = isOpaque ? answer : throughProxies(answer, timed, clock.now(), forwarding)
    return done(seen, conditions(answer.status), sent)
  }
  if (answer.kind === 'timeout' && fromMesh && (client === undefined || client > took)) return timedOut()
  notes.failure = answer
  const brokenBy = answer.kind === 'refused' ? 'refused' : 'reset'
  const isBroken = ['refused', 'reset', 'empty', 'not-http'].includes(answer.kind)
  if (ways.localAnswer && isBroken && verdict.http && (fromMesh || toMesh)) {
    const own = ways.localAnswer(brokenBy, toMesh ? 'server-proxy' : 'client-proxy')
    return done(proxyAnswer(own, clock.now()), conditions(own.status), sent)
  }
  // A proxy that read the request as HTTP answers for the application; one that only moves bytes closes.
  const isHttp = !isOpaque && forwarding.setResponseHeaders.length > 0
  const failed = isHttp ? appFailure(answer, { client: fromMesh, server: toMesh, now: clock.now() }) : undefined
  if (failed) {
    const connects = answer.kind === 'refused' && !toMesh ? ['connect-failure'] : []
    const meets = answer.kind === 'tls' ? ['connect-failure'] : connects
    return done(failed, [...conditions(failed.status), ...meets, ...(toMesh ? [] : ['reset'])], sent)
  }
  const isHidden = (fromMesh || toMesh) && answer.kind === 'refused'
  return done(isHidden ? { kind: isOpaque ? 'reset' : 'empty' } : answer, [], sent)
}

const hostOf = (authority: string): string => authority.replace(/:\d+$/, '')
