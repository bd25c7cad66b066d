/** What should happen to one call, and why: the caller's sidecar, the wire, the receiver's sidecar, the application. */
import type { Call } from '../call.ts'
import { hasLabels } from '../match/labels.ts'
import { normalizePath } from '../match/paths.ts'
import type { Effect, Evidence, Logged, Step, Transport, Verdict } from '../verdict.ts'
import type { AuthorizationPolicy } from './authorization-policy.ts'
import { authorize } from './authorize.ts'
import type { IstioModel } from './compile.ts'
import type { Asked } from './conditions.ts'
import {
  barePath,
  denied,
  deniedBytes,
  forwarding,
  type Handlers,
  handshakeFailed,
  plaintextRefused,
  type Refusal,
} from './effects.ts'
import { connect, inboundProtocol, readsHttp, type Wire } from './inbound.ts'
import { type Outbound, outbound } from './outbound.ts'
import { identityOf, inboundBypass, isMeshed } from './pods.ts'
import { byAge, nameOf, refOf } from './read.ts'
import { tokenDoubt } from './request-authentication.ts'
import { extensionDoubt, ingressDoubt } from './traffic.ts'

const verdict = (
  outcome: Verdict['outcome'],
  transport: Transport,
  steps: Step[],
  deciding: Step,
  more: { effect?: Effect; identity?: string; logged?: Logged } = {},
): Verdict => ({
  outcome,
  transport,
  ...(more.identity === undefined ? {} : { identity: more.identity }),
  ...(more.effect === undefined ? {} : { effect: more.effect }),
  ...(deciding.evidence === undefined ? {} : { decidedBy: deciding.evidence }),
  because: deciding.says,
  steps,
  ...(more.logged === undefined ? {} : { logged: more.logged }),
})

const doubtful = (at: Step['at'], evidence: Evidence): Step => ({
  at,
  outcome: 'unknown',
  says: `${nameOf(evidence.object)} (${evidence.field ?? 'spec'}) applies to this call and is not modelled`,
  evidence,
})

/** How a refusal looks to the caller: its own sidecar answers 503 for HTTP, otherwise the connection is gone. */
const refusal = (sent: Outbound, wire: Pick<Wire, 'failure'>): Refusal => {
  const client = sent.proxy === 'http'
  return wire.failure === 'handshake' ? handshakeFailed(client) : plaintextRefused(client)
}

const remoteAddress = (call: Call): string => {
  const peer = call.source.status?.podIP ?? ''
  const forwarded = (call.http?.headers ?? []).filter(([name]) => name === 'x-forwarded-for').map(([, value]) => value)
  const last = forwarded.join(',').split(',').at(-1)?.trim() ?? ''
  return /^[0-9a-fA-F:.]+$/.test(last) && /[.:]/.test(last) ? last : peer
}

const asked = (
  model: IstioModel,
  call: Call,
  about: {
    http: boolean
    identity: string | undefined
    sni: string
    set: readonly [string, string][]
    removed: readonly string[]
  },
): Asked => {
  const { http } = call
  const peerAddress = call.source.status?.podIP ?? ''
  const base: Asked = {
    ...(about.identity === undefined ? {} : { identity: about.identity }),
    peerAddress,
    remoteAddress: about.http ? remoteAddress(call) : peerAddress,
    destinationAddress: call.destination.status?.podIP ?? '',
    port: call.port,
    sni: about.sni,
  }
  if (!about.http || http === undefined) return base
  const overridden = new Set([...about.removed, ...about.set.map(([name]) => name)])
  const path = normalizePath(http.path, model.config.normalization)
  const pseudo: Record<string, string> = {
    ':authority': http.authority,
    host: http.authority,
    ':method': http.method,
    ':path': path,
    ':scheme': 'http',
  }
  return {
    ...base,
    http: {
      method: http.method,
      path: barePath(path),
      authority: http.authority,
      header: (name) => {
        const special = Object.hasOwn(pseudo, name) ? pseudo[name] : undefined
        if (special !== undefined) return [special]
        const own = overridden.has(name) ? [] : http.headers
        return [...own, ...about.set].filter(([key]) => key === name).map(([, value]) => value)
      },
    },
  }
}

/** Policies for a workload: the root namespace's and its own, whose selector it meets; oldest first. */
export const policiesFor = (model: IstioModel, call: Call): AuthorizationPolicy[] => {
  const { namespace = '', labels } = call.destination.metadata
  const root = model.config.rootNamespace
  const scopes = namespace === root ? [root] : [root, namespace]
  return scopes
    .flatMap((scope) => model.authorization.get(scope) ?? [])
    .filter((policy) => hasLabels(policy.labels, labels))
    .sort((a, b) => byAge(a.object, b.object))
}

/** A call to a receiver that no sidecar guards, or around it. */
const unguarded = (model: IstioModel, call: Call, sent: Outbound, why: Step): Verdict => {
  const steps = [...sent.steps, why]
  if (sent.transport === 'mtls') {
    const failed: Step = {
      at: 'wire',
      outcome: 'deny',
      says: "The caller's sidecar starts mTLS and the receiver does not speak it: the handshake fails",
    }
    const decided = sent.steps.at(-1)?.evidence
    const deciding = decided === undefined ? failed : { ...failed, evidence: decided }
    return verdict('deny', 'none', [...steps, deciding], deciding, refusal(sent, { failure: 'handshake' }))
  }
  const handlers: Handlers = { client: sent.proxy === 'http', server: false }
  const path = call.http && handlers.client ? normalizePath(call.http.path, model.config.normalization) : undefined
  const effect: Effect = { kind: 'forward', forwarding: forwarding(model, call, handlers, undefined, path) }
  const passed: Step = {
    at: 'app',
    outcome: 'pass',
    says: `${nameOf(refOf(call.destination))} answers for itself: no mesh policy is asked`,
  }
  const transport = call.protocol === 'tls' ? 'tls' : 'plaintext'
  return verdict('allow', transport, [...steps, passed], why.outcome === 'info' ? { ...why } : passed, { effect })
}

/** The receiver's sidecar, from the connection to the application. */
const guarded = (model: IstioModel, call: Call, sent: Outbound): Verdict => {
  const { namespace = '', labels } = call.destination.metadata
  const root = model.config.rootNamespace
  const where = nameOf(refOf(call.destination)).replace(/^Pod /, '')
  const unknown = (steps: Step[], evidence: Evidence, at: Step['at'] = 'server'): Verdict => {
    const last = doubtful(at, evidence)
    return verdict('unknown', 'none', [...steps, last], last)
  }
  const extension = extensionDoubt(model.extensions, { namespace, labels, root })
  if (extension !== undefined) return unknown(sent.steps, extension)
  const ingress = ingressDoubt(model.sidecars, { namespace, labels })
  if (ingress !== undefined) return unknown(sent.steps, ingress)

  const protocol = inboundProtocol(model, call)
  const wire = connect(model, call, sent, protocol)
  const steps = [...sent.steps, ...wire.notes, wire.step]
  if (!wire.accepted) return verdict('deny', 'none', steps, wire.step, refusal(sent, wire))
  const http = readsHttp(protocol, call)
  if (http && call.protocol !== 'http') {
    const says = `Port ${call.port} of ${where} is declared HTTP, and these bytes are not: the receiver's sidecar closes the connection`
    const closed: Step = { at: 'server', outcome: 'deny', says }
    return verdict('deny', wire.transport, [...steps, closed], closed, { effect: { kind: 'close' } })
  }
  const identity = wire.transport === 'mtls' ? identityOf(call.source, model.config.trustDomain) : undefined
  const token =
    http && call.http && tokenDoubt(model.requestAuthentications, { namespace, labels, root, request: call.http })
  if (token) return unknown(steps, token)

  const handlers: Handlers = { client: sent.proxy === 'http', server: http }
  const path =
    call.http && (handlers.client || handlers.server)
      ? normalizePath(call.http.path, model.config.normalization)
      : undefined
  const changes = forwarding(model, call, handlers, identity, path)
  const about = { http, identity, sni: sent.sni, set: changes.setRequestHeaders, removed: changes.removeRequestHeaders }
  const decision = authorize(policiesFor(model, call), asked(model, call, about), where, model.config.providers)
  steps.push(...decision.steps)
  const known = identity === undefined ? {} : { identity }
  if (decision.outcome === 'unknown') return verdict('unknown', wire.transport, steps, decision.decided, known)
  if (decision.outcome === 'deny') {
    const refused = http ? denied(model, call, handlers, decision.policyId) : deniedBytes(decision.policyId)
    return verdict('deny', wire.transport, steps, decision.decided, { ...refused, ...known })
  }
  // Nothing restricts the request: over plaintext, the mode that let it in is what a reader wants to know.
  const byDefault = decision.decided.evidence === undefined && wire.transport !== 'mtls'
  const deciding = byDefault ? wire.step : decision.decided
  return verdict('allow', wire.transport, steps, deciding, {
    effect: { kind: 'forward', forwarding: changes },
    ...known,
  })
}

/** See `Mesh.decide`. */
export const decide = (model: IstioModel, call: Call): Verdict => {
  const { source, destination } = call
  const loops =
    source.metadata.name === destination.metadata.name && source.metadata.namespace === destination.metadata.namespace
  if (loops && call.service === undefined) {
    const own: Step = {
      at: 'wire',
      outcome: 'pass',
      says: 'The pod asks itself by its own address: no sidecar is involved',
    }
    const nothing = { setRequestHeaders: [], removeRequestHeaders: [], setResponseHeaders: [] }
    return verdict('allow', 'plaintext', [own], own, { effect: { kind: 'forward', forwarding: nothing } })
  }
  if (isMeshed(source)) {
    const { namespace = '', labels } = source.metadata
    const evidence = extensionDoubt(model.extensions, { namespace, labels, root: model.config.rootNamespace })
    if (evidence !== undefined) {
      const last = doubtful('client', evidence)
      return verdict('unknown', 'none', [last], last)
    }
  }
  const sent = outbound(model, call)
  const last = sent.steps.at(-1)
  if (sent.unknown && last !== undefined) return verdict('unknown', 'none', sent.steps, last)
  if (sent.refused !== undefined)
    return verdict('deny', 'none', sent.steps, sent.refused, { effect: { kind: 'close' } })
  if (!isMeshed(destination)) {
    const says = `${nameOf(refOf(destination))} has no sidecar: nothing there refuses plaintext or asks a policy`
    return unguarded(model, call, sent, { at: 'server', outcome: 'info', says })
  }
  const bypass = inboundBypass(destination, call.port)
  if (bypass !== undefined)
    return unguarded(model, call, sent, { at: 'server', outcome: 'info', says: bypass.says, evidence: bypass.evidence })
  return guarded(model, call, sent)
}
