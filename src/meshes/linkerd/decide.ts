/**
 * What should happen to one call, and why: the caller's proxy, the wire, the receiver's proxy, the application.
 * Between two meshed pods mTLS needs no configuration. Not modelled, and `unknown` where it matters: routes of callers
 * (parent Service or EgressNetwork), ServiceProfiles that change anything, route filters, gRPC.
 */
import type { Call } from '../call.ts'
import { isOutside } from '../outside.ts'
import { nameOf, refOf } from '../read.ts'
import type { Effect, Evidence, Forwarding, Step, Transport, Verdict } from '../verdict.ts'
import { podAddresses } from '../world.ts'
import type { LinkerdModel } from './compile.ts'
import { serverOf } from './compile.ts'
import { stopsOutbound } from './outbound.ts'
import { identityOf, inboundBypass, isMeshed, isOpaquePort, isOpaqueService, outboundBypass } from './pods.ts'
import { bucketsFor } from './rate-limit.ts'
import { receive } from './receive.ts'

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

/**
 * The receiver's proxy answers without a body. `l5d-proxy-error` goes to meshed peers only, and the caller's proxy takes
 * it out again: no application sees it (linkerd2-proxy app/core/src/errors/respond.rs, app/inbound/src/http/server.rs
 * EmitHeaders, app/outbound/src/http/handle_proxy_error_headers.rs).
 */
const answer = (status: number): Effect => ({
  kind: 'respond',
  by: 'server-proxy',
  status,
  headers: [['content-length', '0']],
  body: '',
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

/** Whether the caller's own proxy takes the connection for bytes: the endpoint or the Service says so. */
const takenForBytes = (model: LinkerdModel, call: Call): Evidence | true | undefined => {
  const server = serverOf(model, call.destination, call.port)
  const service = call.service && isOpaqueService(call.service.object, call.service.port.port)
  if (service) return service
  return server === undefined ? isOpaquePort(call.destination, call.port) : undefined
}

/** See `Mesh.decide`. */
export const decide = (model: LinkerdModel, call: Call): Verdict => {
  const { source, destination } = call
  const isOwn =
    source.metadata.name === destination.metadata.name && source.metadata.namespace === destination.metadata.namespace
  if (isOwn && call.service === undefined) {
    const own: Step = {
      at: 'wire',
      outcome: 'pass',
      says: 'The pod asks itself by its own address: no proxy is involved',
    }
    return verdict('allow', 'plaintext', [own], own, { effect: { kind: 'forward', forwarding: nothing } })
  }
  const steps: Step[] = []
  const info = (at: Step['at'], says: string, evidence?: Evidence): Step => ({
    at,
    outcome: 'info',
    says,
    ...(evidence === undefined ? {} : { evidence }),
  })
  const around = isMeshed(source) ? outboundBypass(source, call.service?.port.port ?? call.port) : undefined
  const proxied = isMeshed(source) && around === undefined
  if (around) steps.push(info('client', around.says, around.evidence))
  else if (!proxied)
    steps.push(info('client', `${nameOf(refOf(source))} has no proxy: it sends plaintext and has no identity`))
  const stop = proxied ? stopsOutbound(model, call) : undefined
  if (stop?.outcome === 'unknown') return verdict('unknown', 'none', [...steps, stop.step], stop.step)
  if (stop) {
    const effect: Effect = call.protocol === 'http' ? egressDenied : { kind: 'close' }
    return verdict('deny', 'none', [...steps, stop.step], stop.step, { effect })
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
  const received = receive(model, call, client, proxied ? takenForBytes(model, call) : undefined)
  const all = [...steps, ...received.steps]
  const known = identity === undefined ? {} : { identity }
  switch (received.outcome) {
    case 'unknown':
      return verdict('unknown', 'none', all, received.deciding)
    case 'closed':
      return verdict('deny', transport, all, received.deciding, { ...known, effect: { kind: 'close' } })
    case 'not-found':
    case 'denied':
      return verdict('deny', transport, all, received.deciding, {
        ...known,
        effect: answer(received.outcome === 'denied' ? 403 : 404),
      })
    case 'allow': {
      const forwarding: Forwarding = received.http
        ? {
            setRequestHeaders: identity === undefined ? [] : [['l5d-client-id', identity]],
            removeRequestHeaders: identity === undefined ? ['l5d-client-id'] : [],
            setResponseHeaders: [],
          }
        : nothing
      const { rateLimit } = received.policy
      const rateLimits = rateLimit && received.http ? bucketsFor(rateLimit, client) : []
      return verdict('allow', transport, all, received.deciding, {
        ...known,
        http: received.http,
        effect: { kind: 'forward', forwarding },
        ...(rateLimits.length > 0 ? { inbound: { cluster: `inbound:${call.port}`, rateLimits } } : {}),
      })
    }
  }
}
