/** What a gateway does to a call itself: TLS, its own policies, redirects; and the call that it makes of it. */
import type { Call, HttpRequest } from '../../call.ts'
import type { Effect, EndsTls, Step, Verdict } from '../../verdict.ts'
import type { Listener } from '../arrival.ts'
import { ownReply } from '../caller.ts'
import type { IstioModel } from '../compile.ts'
import { nothingListens, refusal } from '../effects.ts'
import type { Check } from '../ext-authz/check.ts'
import { checkWanted } from '../ext-authz/wanted.ts'
import { trustedProxiesOf } from '../mesh-config.ts'
import { finish, type Outbound } from '../outbound.ts'
import { nameOf, refOf } from '../read.ts'
import { receiveWithClaims } from '../receive.ts'
import { doubtful, verdict } from '../verdicts.ts'
import { type Opaque, opaqueListener, passOpaque } from './bytes.ts'
import { hostFor, route } from './routes.ts'
import { evidenceOf } from './servers.ts'
import { type Taken, take } from './take.ts'

/** What a gateway did to the connection and sends on; `onward` is absent when the request ends there. */
export interface Passed {
  taken: Taken | Opaque
  own: Verdict
  onward?: Outbound
}

const asGateway = (call: Call, http: HttpRequest, scheme: string): Call & { http: HttpRequest } => {
  const peer = call.source.status?.podIP ?? ''
  const forwarded = http.headers.filter(([name]) => name === 'x-forwarded-for').map(([, value]) => value)
  const kept = http.headers.filter(([name]) => name !== 'x-forwarded-for' && name !== 'x-forwarded-proto')
  const { service: _service, tls: _tls, ...rest } = call
  return {
    ...rest,
    source: call.destination,
    protocol: 'http',
    http: {
      ...http,
      headers: [...kept, ['x-forwarded-for', [...forwarded, peer].join(',')], ['x-forwarded-proto', scheme]],
    },
  }
}

/** The request as it is inside the gateway, for `receive`. */
const arriving = (
  model: IstioModel,
  call: Call,
  sent: Outbound,
  { http, scheme, says, server, isMutual }: Taken,
): [Call, Outbound, Listener] => {
  const { tls, ...rest } = call
  const isTls = scheme === 'https'
  const listener: Listener = {
    ...(isTls && !isMutual && tls !== undefined ? { serverName: tls.serverName.toLowerCase() } : {}),
    mode: { mode: 'PERMISSIVE', says, evidence: evidenceOf(server) },
    protocol: 'http',
    trustedProxies: trustedProxiesOf(call.destination, model.config),
    wire: {
      transport: isMutual ? 'mtls' : isTls ? 'tls' : 'plaintext',
      accepted: true,
      ending: isTls ? 'the request inside is read' : 'the request is read',
    },
  }
  return [{ ...rest, protocol: 'http', http }, { ...sent, proxy: 'direct' }, listener]
}

/** What the gateway itself has to ask an external authorizer. */
export const gatewayCheck = (model: IstioModel, call: Call, sent: Outbound): Check | undefined => {
  const taken = take(model, call, sent)
  if ('opaque' in taken) return checkWanted(model, call, { ...sent, proxy: 'direct' }, opaqueListener(taken))
  if (!('server' in taken) || taken.endsTls?.mutual) return undefined
  return checkWanted(model, ...arriving(model, call, sent, taken))
}

/** The request with what the gateway's own filters wrote into it and took out. */
const filtered = (http: HttpRequest, effect: Effect | undefined): HttpRequest => {
  if (effect?.kind !== 'forward') return http
  const { setRequestHeaders: set, removeRequestHeaders: removed } = effect.forwarding
  const changed = new Set([...removed, ...set.map(([name]) => name)])
  const kept = http.headers.filter(([name]) => !changed.has(name))
  const path = set.find(([name]) => name === ':path')?.[1] ?? http.path
  return { ...http, path, headers: [...kept, ...set.filter(([name]) => name[0] !== ':')] }
}

/** The gateway's own decision, and the call that it makes of it. */
export const pass = (model: IstioModel, call: Call, sent: Outbound): Passed | Verdict => {
  const taken = take(model, call, sent)
  if ('unsure' in taken) {
    const last = doubtful('server', taken.unsure)
    return verdict('unknown', 'none', [...sent.steps, last], last)
  }
  if ('ends' in taken) {
    const { ends, failure } = taken
    const steps = [...sent.steps, ends]
    // A sidecar of the caller answers for what happened to its connection.
    const { effect, logged } = failure === 'port' ? nothingListens(sent) : refusal(sent, { failure })
    const own = logged.client === undefined ? {} : { logged: { client: logged.client } }
    return verdict('deny', 'none', steps, ends, { effect, ...own })
  }
  if ('opaque' in taken) {
    const passed = passOpaque(model, call, sent, taken)
    return passed.onward === undefined ? passed.own : { ...passed, taken }
  }
  const { http, scheme, says, server, endsTls } = taken
  if (endsTls?.mutual) {
    const last: Step = {
      at: 'server',
      outcome: 'deny',
      says: `${says} and asks for a client certificate, which the caller's application does not show`,
      evidence: evidenceOf(server, '.tls.mode'),
    }
    return withTls(verdict('deny', 'none', [...sent.steps, last], last, { effect: { kind: 'reset' } }), endsTls)
  }
  const { verdict: own, claims } = receiveWithClaims(model, ...arriving(model, call, sent, taken))
  if (own.outcome !== 'allow') return endsTls === undefined ? own : withTls(own, endsTls)
  // Before any route (envoy source/common/router/config_impl.cc, requireTls).
  const redirecting =
    scheme === 'http' ? hostFor(model, call.destination, taken, http.authority, claims)?.redirecting : undefined
  if (redirecting !== undefined) {
    const location = `https://${http.authority}${http.path}`
    const last: Step = {
      at: 'server',
      outcome: 'deny',
      says: `${nameOf(refOf(redirecting.object))} redirects to ${location}`,
      evidence: evidenceOf(redirecting, '.tls.httpsRedirect'),
    }
    const answer = {
      status: 301,
      body: '',
      headers: [['location', location] as [string, string]],
      flags: '-',
      details: 'direct_response',
      says: last.says,
    }
    const logged = { server: { status: 301, flags: '-', details: 'direct_response' } }
    return verdict('deny', 'none', [...own.steps, last], last, { effect: ownReply(answer, 'server-proxy'), logged })
  }
  const asking = asGateway(call, filtered(http, own.effect), scheme)
  const routed = route(model, asking, taken, claims)
  return { taken, own, onward: finish(model, routed, asking, 'http') }
}

/** Getters stay getters: nothing is worked out before it is read. */
const withTls = (found: Verdict, endsTls: EndsTls): Verdict =>
  Object.defineProperties({} as Verdict, {
    ...Object.getOwnPropertyDescriptors(found),
    endsTls: { value: endsTls, enumerable: true, configurable: true },
  })

/** What a gateway makes of a call to it, for whoever has to look at both. */
export const behindGateway = (model: IstioModel, call: Call, sent: Outbound): Outbound | undefined => {
  const passed = pass(model, call, sent)
  return 'taken' in passed ? passed.onward : undefined
}
