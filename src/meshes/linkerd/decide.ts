/**
 * What should happen to one call, and why: the caller's proxy, the wire, the receiver's proxy, the application.
 * Between two meshed pods mTLS needs no configuration. Not modelled, and `unknown` where it matters: routes of callers
 * of a Service, ServiceProfiles that change anything, gRPC.
 */
import type { Call } from '../call.ts'
import { isOutside } from '../outside.ts'
import { nameOf, refOf } from '../read.ts'
import type { Effect, Evidence, Forwarding, Step, Transport, Verdict } from '../verdict.ts'
import { podAddresses } from '../world.ts'
import { type Arrival, arrivalOf } from './arrival.ts'
import type { LinkerdModel } from './compile.ts'
import { askOutbound } from './outbound.ts'
import { adminPort, identityOf, inboundBypass, isMeshed, outboundBypass } from './pods.ts'
import { bucketsFor } from './rate-limit.ts'
import { type Received, receive } from './receive.ts'

const nothing: Forwarding = { setRequestHeaders: [], removeRequestHeaders: [], setResponseHeaders: [] }

const verdict = (
  outcome: Verdict['outcome'],
  transport: Transport,
  steps: Step[],
  deciding: Step,
  more: Partial<Verdict> = {},
): Verdict => ({
  outcome,
  transport,
  ...(deciding.evidence === undefined ? {} : { decidedBy: deciding.evidence }),
  because: deciding.says,
  steps,
  ...more,
})

/** A call that no proxy of the receiver sees. */
const unguarded = (call: Call, steps: Step[], why: Step): Verdict => {
  const passed: Step = {
    at: 'app',
    outcome: 'pass',
    says: `${nameOf(refOf(call.destination))} answers for itself: no policy of the mesh is asked`,
  }
  const transport = call.protocol === 'tls' ? 'tls' : 'plaintext'
  return verdict('allow', transport, [...steps, why, passed], why, { effect: { kind: 'forward', forwarding: nothing } })
}

/** The caller's own proxy refuses what an EgressNetwork denies (policy-controller/grpc/src/outbound/http.rs, http-egress-deny). */
const egressDenied: Effect = {
  kind: 'respond',
  by: 'client-proxy',
  status: 403,
  headers: [
    ['content-length', '0'],
    ['l5d-proxy-error', 'traffic not allowed'],
  ],
  body: '',
}

/**
 * The receiver's proxy closes a connection that the caller's proxy speaks HTTP on: the caller hears of it from its own
 * proxy. TLS that ends without a notice is an error of input for it (linkerd2-proxy app/outbound/src/http/endpoint.rs,
 * ClientRescue: bad_gateway).
 */
const brokenOff = ({ destination, port }: Call): Effect => ({
  kind: 'respond',
  by: 'client-proxy',
  status: 502,
  headers: [
    ['content-length', '0'],
    ['l5d-proxy-error', `endpoint ${podAddresses(destination)[0] ?? ''}:${port}: client error (SendRequest)`],
    ['connection', 'close'],
  ],
  body: '',
})

/**
 * How a call ends that the receiver's proxy let in, or not. It answers without a body. `l5d-proxy-error` goes to meshed
 * peers only, and the caller's proxy takes it out again where it reads the answer: then no application sees it
 * (linkerd2-proxy app/core/src/errors/respond.rs, app/inbound/src/http/server.rs EmitHeaders,
 * app/outbound/src/http/handle_proxy_error_headers.rs).
 */
const effectOf = (call: Call, received: Received, identity: string | undefined, arrival: Arrival): Effect => {
  const seen = identity !== undefined && arrival.bytes !== undefined
  const answer = (status: number, error: string, more: [string, string][] = []): Effect => ({
    kind: 'respond',
    by: 'server-proxy',
    status,
    headers: [['content-length', '0'], ...(seen ? ([['l5d-proxy-error', error]] as [string, string][]) : []), ...more],
    body: '',
  })
  const { outcome, filtered, http } = received
  if (outcome === 'not-found') return answer(404, 'no route found for request')
  if (outcome === 'denied') return answer(403, 'unauthorized request on route')
  if (outcome === 'closed') {
    const speaksHttp = identity !== undefined && arrival.bytes === undefined && call.protocol === 'http'
    return speaksHttp ? brokenOff(call) : { kind: 'close' }
  }
  if (filtered && 'redirect' in filtered)
    return answer(filtered.redirect.status, 'redirected', [['location', filtered.redirect.location]])
  if (!http) return { kind: 'forward', forwarding: nothing }
  const own: [string, string][] = identity === undefined ? [] : [['l5d-client-id', identity]]
  const changes = filtered && 'set' in filtered ? filtered : { set: own, remove: [] }
  const forged = identity === undefined && !changes.set.some(([name]) => name === 'l5d-client-id')
  const removeRequestHeaders = [...changes.remove, ...(forged ? ['l5d-client-id'] : [])]
  const forwarding = { setRequestHeaders: changes.set, removeRequestHeaders, setResponseHeaders: [] }
  return { kind: 'forward', forwarding }
}

/** See `Mesh.decide`. */
export const decide = (model: LinkerdModel, call: Call): Verdict => {
  const { source, destination } = call
  const isOwn =
    source.metadata.name === destination.metadata.name && source.metadata.namespace === destination.metadata.namespace
  if (isOwn && call.port !== adminPort) {
    const says =
      call.service === undefined
        ? 'The pod asks itself by its own address: no proxy is involved'
        : 'The Service leads back to the pod itself: no mTLS, and no proxy receives it'
    const own: Step = { at: 'wire', outcome: 'pass', says }
    const effect: Effect = { kind: 'forward', forwarding: nothing }
    return verdict('allow', 'plaintext', [own], own, { http: call.protocol === 'http', effect })
  }
  const steps: Step[] = []
  const info = (at: Step['at'], says: string, evidence?: Evidence): Step => ({
    at,
    outcome: 'info',
    says,
    ...(evidence === undefined ? {} : { evidence }),
  })
  const around = isMeshed(source) ? outboundBypass(source, call.service?.port.port ?? call.port) : undefined
  const proxied = isMeshed(source) && around === undefined && !isOwn
  if (around) steps.push(info('client', around.says, around.evidence))
  else if (!proxied)
    steps.push(info('client', `${nameOf(refOf(source))} has no proxy: it sends plaintext and has no identity`))
  const asked = proxied ? askOutbound(model, call) : undefined
  if (asked?.outcome === 'unknown') return verdict('unknown', 'none', [...steps, asked.step], asked.step)
  if (asked?.outcome === 'passed') steps.push(asked.step)
  if (asked?.outcome === 'refused') {
    const effect: Effect = call.protocol === 'http' ? egressDenied : { kind: 'close' }
    return verdict('deny', 'none', [...steps, asked.step], asked.step, { effect })
  }
  if (!isMeshed(destination)) {
    const where = isOutside(destination) ? 'is outside the cluster' : 'has no proxy'
    const says = `${nameOf(refOf(destination))} ${where}: nothing there takes mTLS or asks a policy`
    return unguarded(call, steps, info('server', says))
  }
  const bypass = inboundBypass(destination, call.port)
  if (bypass) return unguarded(call, steps, info('server', bypass.says, bypass.evidence))

  const identity = proxied ? identityOf(source) : undefined
  const wire: Step = proxied
    ? {
        at: 'wire',
        outcome: 'pass',
        says: `Both pods are meshed: mTLS, and the receiver knows the caller as ${identity}`,
      }
    : { at: 'wire', outcome: 'pass', says: 'The connection is not mTLS: the receiver knows an address and no identity' }
  steps.push(wire)
  const transport: Transport = proxied ? 'mtls' : call.protocol === 'tls' ? 'tls' : 'plaintext'
  const client = { address: podAddresses(source)[0] ?? '', ...(identity === undefined ? {} : { identity }) }
  const arrival = proxied ? arrivalOf(model, call) : {}
  const received = receive(model, call, client, arrival)
  const all = [...steps, ...received.steps]
  if (received.outcome === 'unknown') return verdict('unknown', 'none', all, received.deciding)
  const outcome = ['allow', 'redirected'].includes(received.outcome) ? 'allow' : 'deny'
  const { rateLimit } = received.policy
  // A redirect has answered before any limit is asked.
  const isLimited = rateLimit && received.http && received.outcome === 'allow'
  const rateLimits = isLimited ? bucketsFor(rateLimit, client) : []
  return verdict(outcome, transport, all, received.deciding, {
    ...(identity === undefined ? {} : { identity }),
    ...(outcome === 'allow' ? { http: received.http } : {}),
    effect: effectOf(call, received, identity, arrival),
    ...(rateLimits.length > 0 ? { inbound: { cluster: `inbound:${call.port}`, rateLimits } } : {}),
  })
}
