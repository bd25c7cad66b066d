/**
 * One HTTP request from a pod: where it goes, the attempts of the caller's proxy, and what the client gets.
 */
import type { Call } from '../../meshes/call.ts'
import type { Upstream, Verdict } from '../../meshes/verdict.ts'
import { podAddresses } from '../../meshes/world.ts'
import { pause } from '../workloads/process/process.ts'
import { type Attempted, attempt, type Ways } from './attempt.ts'
import type { Dial, HttpExchange, HttpResult } from './dataplane.ts'
import { deliver } from './deliver.ts'
import { noHealthyUpstream, proxyAnswer } from './envoy.ts'
import type { NoPlace, Place } from './locate.ts'
import type { Notes } from './traffic.ts'

type Request = HttpExchange['request']

export interface ExchangeWays extends Ways {
  locate: (dial: Dial, notes: Notes) => Promise<Place | NoPlace>
  decide: (call: Call) => Verdict
  /** The call with the facts that deciding it needs. */
  gather: (call: Call) => Promise<Call>
}

const lowerCased = (headers: Request['headers']): [string, string][] =>
  headers.map(([name, value]) => [name.toLowerCase(), value])

const addressOf = ({ destination }: Upstream): string => podAddresses(destination)[0] ?? destination.metadata.name

/** Why its attempts end; made once, since an exception for each costs its stack. */
const isOver = new Error('the exchange is over')

/** Another attempt is worth it, and the proxy has one left. */
const isRetried = ({ meets, verdict }: Attempted, tries: number): boolean => {
  const retries = verdict.upstream?.retries
  if (retries === undefined || tries > retries.attempts) return false
  return retries.on.some((condition) => meets.includes(condition))
}

/** How outlier detection counts an answer: what the client's proxy made of a failed connection is a 503. */
const statusOf = ({ answer }: Attempted): number => ('status' in answer ? answer.status : 503)

/** Envoy's flag for a retry that its circuit breaker stopped (router.cc, RetryStatus::NoOverflow). */
const withoutRetry = (verdict: Verdict, status: number): Verdict => {
  const { client = { status, details: 'via_upstream' }, server } = verdict.logged ?? {}
  return { ...verdict, logged: { client: { ...client, flags: 'UO' }, ...(server === undefined ? {} : { server }) } }
}

const run = async (
  ways: ExchangeWays,
  exchange: { dial: Dial; call: Call; request: Request; notes: Notes; signal: AbortSignal },
): Promise<Attempted> => {
  const { proxies, clock, isMeshed } = ways
  const { dial, call, notes } = exchange
  const start = clock.now()
  const tried = new Map<string, Set<string>>()
  // The caller's proxy keeps count; without one, a gateway's may.
  const owner = isMeshed(call.source) ? call.source : call.destination
  const isProxied = isMeshed(owner)
  const number = isProxied ? proxies.turn(owner, exchange.request.authority) : 0
  const gathered = (avoid: ReadonlyMap<string, ReadonlySet<string>>, tries: number): Promise<Call> => {
    // A copy: what is tried later was not yet known to this attempt, and logs ask about it again afterwards.
    const turn = { number: number + tries, avoid: new Map(avoid), ejected: proxies.ejected(owner) }
    return ways.gather(isProxied ? { ...call, turn } : call)
  }
  const held: (() => void)[] = []
  try {
    for (let tries = 0; ; tries++) {
      let asked = await gathered(tried, tries)
      let verdict = ways.decide(asked)
      if (tries > 0 && verdict.upstream?.endpoints.length === 0) {
        // Nobody is left who was not asked: those who were are asked again.
        asked = await gathered(new Map(), tries)
        verdict = ways.decide(asked)
      }
      const { upstream } = verdict
      const isAsDialled = upstream === undefined || upstream.endpoints.length === 0 || upstream.proxy !== undefined
      const reached = isAsDialled ? asked : { ...asked, destination: upstream.destination, port: upstream.port }
      Object.assign(notes, { call: reached, verdict })
      const elapsed = (): number => clock.now() - start
      const left = () => ({
        ...(dial.timeout === undefined ? {} : { client: Math.max(0, dial.timeout - elapsed()) }),
        ...(upstream?.timeout === undefined
          ? {}
          : { proxy: Math.max(0, upstream.timeout + (upstream.delay ?? 0) - elapsed()) }),
      })
      const attempted = await attempt(ways, exchange, verdict, held, left)
      for (const release of held.splice(0)) release()
      if (upstream !== undefined && isProxied && attempted.verdict.outcome !== 'unknown') {
        const address = addressOf(upstream)
        // Envoy's router takes an overflow for the cluster's, not for an endpoint's (Filter::onUpstreamReset).
        const isBlamed = upstream.endpoints.length > 0 && !attempted.isOverflow
        if (isBlamed) proxies.report(upstream.proxy ?? call.source, upstream, address, statusOf(attempted))
        tried.set(upstream.cluster, new Set([...(tried.get(upstream.cluster) ?? []), address]))
      }
      if (!isRetried(attempted, tries + 1) || upstream === undefined) return attempted
      const again = proxies.retry(upstream.proxy ?? owner, upstream.cluster, upstream.limits)
      if (again === undefined) {
        notes.verdict = withoutRetry(notes.verdict ?? verdict, statusOf(attempted))
        return attempted
      }
      held.push(again)
    }
  } finally {
    for (const release of held) release()
  }
}

/** Where the request goes. The caller's proxy may wait for somebody to be there, as long as the client does. */
const locateWithin = async (ways: ExchangeWays, dial: Dial, notes: Notes): Promise<Place | NoPlace> => {
  const { proxies, clock } = ways
  const place = await ways.locate(dial, notes)
  const { service } = notes
  if (service === undefined || !ways.isMeshed(dial.from)) return place
  const key = `${service.object.metadata.namespace}/${service.object.metadata.name}:${service.port.port}`
  if (!('failure' in place)) proxies.peopled(dial.from, key)
  if (!('failure' in place) || !place.noEndpoints || dial.tls) return place
  const patience = ways.localAnswer?.('no-endpoints', 'client-proxy', service).after ?? 0
  const wait = proxies.deserted(dial.from, key, patience)
  if (wait === 0) return place
  await pause(clock, Math.min(wait, dial.timeout ?? wait), dial.signal)
  if (dial.timeout !== undefined && dial.timeout <= wait)
    return { failure: { kind: 'timeout', connected: true }, ...(place.address ? { address: place.address } : {}) }
  const again = await ways.locate(dial, notes)
  if (!('failure' in again)) proxies.peopled(dial.from, key)
  return again
}

export const createExchange =
  (ways: ExchangeWays) =>
  async (dial: Dial, request: Request, notes: Notes): Promise<HttpResult> => {
    const { clock, isMeshed } = ways
    const place = await locateWithin(ways, dial, notes)
    if ('failure' in place) {
      const fromMesh = place.noEndpoints && isMeshed(dial.from)
      const remoteAddress = place.address
      if (fromMesh && !dial.tls && place.failure.kind !== 'timeout') {
        const own = ways.localAnswer?.('no-endpoints', 'client-proxy', notes.service)
        const response = own ? proxyAnswer(own, clock.now()) : noHealthyUpstream(clock.now())
        return { ok: true, exchange: { request, response }, remoteAddress: remoteAddress ?? '' }
      }
      return { ok: false, failure: fromMesh ? { kind: 'reset' } : place.failure, remoteAddress }
    }
    const { to, address: remoteAddress } = place
    if (!place.call) {
      const answer = await deliver(ways, dial, {
        to,
        request,
        remoteAddress: '127.0.0.1',
        ...(dial.tls ? { tls: dial.tls } : {}),
        ...(dial.timeout === undefined ? {} : { limit: dial.timeout }),
      })
      return 'status' in answer
        ? { ok: true, exchange: { request, response: answer }, remoteAddress }
        : { ok: false, failure: answer, remoteAddress }
    }
    const { byProxy } = dial
    const call: Call = dial.tls
      ? { ...place.call, protocol: 'tls', tls: { serverName: dial.tls.serverName, http: request } }
      : {
          ...place.call,
          protocol: 'http',
          http: { ...request, headers: lowerCased(request.headers) },
          ...(byProxy ? { byProxy } : {}),
        }
    const over = new AbortController()
    const signal = dial.signal ? AbortSignal.any([dial.signal, over.signal]) : over.signal
    try {
      const { answer, sent, verdict } = await run(ways, { dial, call, request, notes, signal })
      if ('status' in answer) return { ok: true, exchange: { request: sent, response: answer }, remoteAddress, verdict }
      return { ok: false, failure: answer, remoteAddress, verdict }
    } finally {
      over.abort(isOver)
    }
  }
