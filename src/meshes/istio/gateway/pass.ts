/** What a gateway does to a call itself: TLS, its own policies, redirects; and the call that it makes of it. */
import type { Call, HttpRequest } from '../../call.ts'
import type { EndsTls, Step, Verdict } from '../../verdict.ts'
import { ownReply } from '../caller.ts'
import type { IstioModel } from '../compile.ts'
import { trustedProxiesOf } from '../mesh-config.ts'
import { finish, type Outbound } from '../outbound.ts'
import { fields, nameOf, refOf } from '../read.ts'
import { receive } from '../receive.ts'
import { doubtful, verdict } from '../verdicts.ts'
import { route } from './routes.ts'
import { evidenceOf, serversOn, type Taken, take } from './servers.ts'

/** What a gateway did to the connection and sends on; `onward` is absent when the request ends there. */
export interface Passed {
  taken: Taken
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

/** The gateway's own decision, and the call that it makes of it. */
export const pass = (model: IstioModel, call: Call, sent: Outbound): Passed | Verdict => {
  const taken = take(serversOn(model, call), call)
  if ('unsure' in taken) {
    const last = doubtful('server', taken.unsure)
    return verdict('unknown', 'none', [...sent.steps, last], last)
  }
  if ('ends' in taken) {
    const { ends } = taken
    const kind = ends.evidence === undefined && call.protocol !== 'tls' ? 'refuse' : 'reset'
    return verdict('deny', 'none', [...sent.steps, ends], ends, { effect: { kind } })
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
  const { tls: _tls, ...rest } = call
  const listener = {
    mode: { mode: 'PERMISSIVE' as const, says, evidence: evidenceOf(server) },
    protocol: 'http' as const,
    trustedProxies: trustedProxiesOf(call.destination, model.config),
    wire: {
      transport: scheme === 'https' ? ('tls' as const) : ('plaintext' as const),
      accepted: true,
      ending: scheme === 'https' ? 'the request inside is read' : 'the request is read',
    },
  }
  const own = receive(model, { ...rest, protocol: 'http', http }, { ...sent, proxy: 'direct' }, listener)
  if (own.outcome !== 'allow') return endsTls === undefined ? own : withTls(own, endsTls)
  const redirects = fields(server.spec.tls).httpsRedirect === true && scheme === 'http'
  if (redirects) {
    const location = `https://${http.authority}${http.path}`
    const last: Step = {
      at: 'server',
      outcome: 'deny',
      says: `${nameOf(refOf(server.object))} redirects to ${location}`,
      evidence: evidenceOf(server, '.tls.httpsRedirect'),
    }
    const answer = {
      status: 301,
      body: '',
      headers: [['location', location] as [string, string]],
      flags: '-',
      details: 'direct_response',
      says: last.says,
    }
    return verdict('deny', 'none', [...own.steps, last], last, { effect: ownReply(answer, 'server-proxy') })
  }
  const asking = asGateway(call, http, scheme)
  const routed = route(model, asking, taken)
  return { taken, own, onward: finish(model, routed, asking, 'http') }
}

/** Getters stay getters: nothing is worked out before it is read. */
const withTls = (found: Verdict, endsTls: EndsTls): Verdict =>
  Object.defineProperties({} as Verdict, {
    ...Object.getOwnPropertyDescriptors(found),
    endsTls: { value: endsTls, enumerable: true, configurable: true },
  })

/** The calls that a gateway makes of a call to it, for whoever has to look at both. */
export const callBehindGateway = (model: IstioModel, call: Call, sent: Outbound): Call | undefined => {
  const passed = pass(model, call, sent)
  return 'taken' in passed ? passed.onward?.call : undefined
}
