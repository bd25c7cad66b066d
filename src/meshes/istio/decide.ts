/** What should happen to one call, and why: the caller's sidecar, the wire, the receiver's sidecar, the application. */
import type { Call } from '../call.ts'
import { normalizePath } from '../match/paths.ts'
import { isOutside } from '../outside.ts'
import type { Effect, Step, Verdict } from '../verdict.ts'
import { endedByCaller, withRoute } from './caller.ts'
import type { IstioModel } from './compile.ts'
import { forwarding, type Handlers, handshakeFailed, refusal } from './effects.ts'
import { glance } from './entrance.ts'
import { throughGateway } from './gateway/index.ts'
import { type Outbound, outbound } from './outbound.ts'
import { ambientDoubt, isGateway, isMeshed } from './pods.ts'
import { nameOf, refOf } from './read.ts'
import { receive } from './receive.ts'
import { receiverOf } from './receiver.ts'
import { extensionDoubt } from './traffic.ts'
import { doubtful, verdict } from './verdicts.ts'

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

/** See `Mesh.decide`. What connections settle is remembered (ways.ts, entrance.ts); the reasons are found when they are read. */
export const decide = (model: IstioModel, call: Call): Verdict =>
  glance(model, call, decideWhole) ?? decideWhole(model, call)

/** The same from the beginning, step by step. */
export const decideWhole = (model: IstioModel, call: Call): Verdict => {
  const { source, destination } = call
  const loops =
    source.metadata.name === destination.metadata.name && source.metadata.namespace === destination.metadata.namespace
  if (loops && call.service === undefined && !isGateway(destination)) {
    const own: Step = {
      at: 'wire',
      outcome: 'pass',
      says: 'The pod asks itself by its own address: no sidecar is involved',
    }
    const nothing = { setRequestHeaders: [], removeRequestHeaders: [], setResponseHeaders: [] }
    return verdict('allow', 'plaintext', [own], own, { effect: { kind: 'forward', forwarding: nothing } })
  }
  const { unmodelled } = model.config
  if (unmodelled !== undefined && (isMeshed(source) || isMeshed(destination))) {
    const says = `The mesh config sets ${unmodelled.key}, which is not modelled`
    const last: Step = { at: 'client', outcome: 'unknown', says, evidence: unmodelled.evidence }
    return verdict('unknown', 'none', [last], last)
  }
  if (model.extensions.length > 0 && isMeshed(source)) {
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
  return endedByCaller(sent) ?? withRoute(model, call, sent, mistrusting(sent) ?? arrive(model, sent))
}

/** The caller's sidecar ends the handshake, before the receiver's policies are asked. */
const mistrusting = ({ mistrusts, proxy, steps }: Outbound): Verdict | undefined =>
  mistrusts && verdict('deny', 'none', steps, mistrusts, handshakeFailed(proxy === 'http', 'certificate'))

/** What becomes of a call that a gateway sends on. */
const goOn = (model: IstioModel, sent: Outbound): Verdict =>
  withRoute(model, sent.call, sent, mistrusting(sent) ?? arrive(model, sent))

/** The call at the pod that the caller's side picked. */
const arrive = (model: IstioModel, sent: Outbound): Verdict => {
  // TLS that the caller's sidecar starts is TLS to the receiver, whatever is inside.
  const call: Call = sent.transport === 'tls' ? { ...sent.call, protocol: 'tls' } : sent.call
  const { destination } = call
  const ambient = ambientDoubt(destination)
  if (ambient !== undefined) {
    const last: Step = { at: 'server', outcome: 'unknown', ...ambient }
    return verdict('unknown', 'none', [...sent.steps, last], last)
  }
  if (!isMeshed(destination)) {
    const outside = isOutside(destination)
    const says = outside
      ? `${nameOf(refOf(destination))} is outside the cluster: no policy of the mesh is asked there`
      : `${nameOf(refOf(destination))} has no sidecar: nothing there refuses plaintext or asks a policy`
    return unguarded(model, call, sent, { at: 'server', outcome: 'info', says })
  }
  if (isGateway(destination)) return throughGateway(model, call, sent, (onward) => goOn(model, onward))
  const { bypass } = receiverOf(model, destination).port(call.port)
  if (bypass !== undefined)
    return unguarded(model, call, sent, { at: 'server', outcome: 'info', says: bypass.says, evidence: bypass.evidence })
  return receive(model, call, sent)
}
