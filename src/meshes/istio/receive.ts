/** The receiver's sidecar, from the connection to the application: filter chain, CUSTOM, JWT, DENY, ALLOW. */
import type { Call } from '../call.ts'
import { normalizePath } from '../match/paths.ts'
import type { Evidence, Step, Verdict } from '../verdict.ts'
import { askedOf, type Changes } from './asked.ts'
import { askCustom, authorize, type Decision } from './authorize.ts'
import type { IstioModel } from './compile.ts'
import { denied, deniedBytes, forwarding, type Handlers, refusal, tokenRefused } from './effects.ts'
import { connect, readsHttp, type Wire, wireStep } from './inbound.ts'
import { filterTokens } from './jwt/filter.ts'
import type { Outbound } from './outbound.ts'
import type { EffectiveMode } from './peer-authentication.ts'
import type { PortProtocol } from './protocol.ts'
import { receiverOf } from './receiver.ts'
import { tokenAccepted, tokenRefusal, tokenUnknown } from './token-prose.ts'
import { extensionDoubt, ingressDoubt } from './traffic.ts'
import { doubtful, lazyVerdict, verdict } from './verdicts.ts'

const isEmpty = (objects: readonly unknown[]): boolean => objects.length === 0

/** What applies to the receiver and is not modelled. */
const doubt = (model: IstioModel, call: Call): Evidence | undefined => {
  if (isEmpty(model.extensions) && isEmpty(model.sidecars)) return undefined
  const { namespace = '', labels } = call.destination.metadata
  const about = { namespace, labels, root: model.config.rootNamespace }
  return extensionDoubt(model.extensions, about) ?? ingressDoubt(model.sidecars, { namespace, labels })
}

/** A listener that PeerAuthentication says nothing about: a gateway's. */
export interface Listener {
  mode: EffectiveMode
  protocol: PortProtocol
  wire: Wire
  /** See `askedOf`. */
  trustedProxies: number
}

/** What becomes of a call that reached a pod with a sidecar; `sent` is how it left the caller's pod. */
export const receive = (model: IstioModel, call: Call, sent: Outbound, listener?: Listener): Verdict => {
  const receiver = receiverOf(model, call.destination)
  const evidence = doubt(model, call)
  if (evidence !== undefined) {
    const last = doubtful('server', evidence)
    return verdict('unknown', 'none', [...sent.steps, last], last)
  }
  const { mode, protocol } = listener ?? receiver.port(call.port)
  const wire = listener?.wire ?? connect(call, sent, mode, protocol)
  const arrived = (): Step[] => [...sent.steps, ...receiver.notes, wireStep(mode, wire)]
  if (!wire.accepted) {
    const reasons = () => ({ steps: arrived(), deciding: wireStep(mode, wire) })
    return lazyVerdict('deny', 'none', undefined, reasons, () => refusal(sent, wire))
  }
  const http = readsHttp(protocol, call)
  if (http && call.protocol !== 'http') {
    const says = `Port ${call.port} of ${receiver.where} is declared HTTP, and these bytes are not: the receiver's sidecar closes the connection`
    const closed: Step = { at: 'server', outcome: 'deny', says }
    return verdict('deny', wire.transport, [...arrived(), closed], closed, { effect: { kind: 'close' } })
  }
  const identity = wire.transport === 'mtls' ? receiverOf(model, call.source).identity : undefined
  const handlers: Handlers = { client: sent.proxy === 'http', server: http }
  const proxied = call.http !== undefined && (handlers.client || handlers.server)
  const path = proxied ? normalizePath(call.http?.path ?? '', model.config.normalization) : undefined
  const byProxies = () => forwarding(model, call, handlers, identity, path)
  const changesOf = (): Changes => {
    const { setRequestHeaders: set, removeRequestHeaders: removed } = byProxies()
    return { set, removed }
  }
  const { trustedProxies } = listener ?? {}
  const about = { http, identity, sni: sent.sni, path, changes: changesOf, trustedProxies }
  const refuse = (decision: Decision, before: Step[]): Verdict =>
    lazyVerdict(
      decision.outcome,
      wire.transport,
      identity,
      () => {
        const { decided, steps } = decision.explain(receiver.where)
        return { deciding: decided, steps: [...arrived(), ...before, ...steps] }
      },
      () => {
        if (decision.outcome === 'unknown') return {}
        return http ? denied(model, call, handlers, decision.policyId) : deniedBytes(decision.policyId)
      },
    )

  const custom =
    receiver.tables.custom.length === 0 ? undefined : askCustom(receiver.tables, askedOf(model, call, about))
  if (custom !== undefined) return refuse(custom, [])

  const filtered =
    http && call.http !== undefined && receiver.rules.length > 0
      ? filterTokens(receiver.rules, { ...call.http, path: path ?? call.http.path }, call.tokens)
      : undefined
  if (filtered?.kind === 'unknown') {
    const last = tokenUnknown(filtered.rule, call.tokens !== undefined)
    return lazyVerdict(
      'unknown',
      wire.transport,
      identity,
      () => ({ steps: [...arrived(), last], deciding: last }),
      () => ({}),
    )
  }
  if (filtered?.kind === 'refused') {
    const { status, rule } = filtered
    return lazyVerdict(
      'deny',
      wire.transport,
      identity,
      () => {
        const last = tokenRefusal(rule, status)
        return { steps: [...arrived(), last], deciding: last }
      },
      () => tokenRefused(model, call, handlers, status, path ?? ''),
    )
  }
  const changed = () => forwarding(model, call, handlers, identity, filtered?.path ?? path, filtered)
  const withToken = {
    ...about,
    claims: filtered?.claims,
    path: filtered?.path ?? path,
    changes: (): Changes => {
      const { setRequestHeaders: set, removeRequestHeaders: removed } = changed()
      return { set, removed }
    },
  }
  const decision = authorize(receiver.tables, askedOf(model, call, withToken))
  const before = filtered?.by === undefined ? [] : [tokenAccepted(filtered.by, filtered.claims)]
  if (decision.outcome !== 'allow') return refuse(decision, before)
  return lazyVerdict(
    'allow',
    wire.transport,
    identity,
    () => {
      const { decided, steps } = decision.explain(receiver.where)
      // Nothing restricts the request: over plaintext, the mode that let it in is what a reader wants to know.
      const byMode = decision.byDefault === true && wire.transport !== 'mtls'
      return { deciding: byMode ? wireStep(mode, wire) : decided, steps: [...arrived(), ...before, ...steps] }
    },
    () => ({ effect: { kind: 'forward', forwarding: changed() } }),
  )
}
