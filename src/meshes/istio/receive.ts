/** The receiver's sidecar, from the connection to the application: filter chain, CUSTOM, JWT, DENY, ALLOW. */
import type { Call } from '../call.ts'
import type { Evidence, Forwarding, Step, Verdict } from '../verdict.ts'
import { arrivalOf, isLost, type Listener } from './arrival.ts'
import { askedOf, type Changes } from './asked.ts'
import { askCustom, authorize, type Decision } from './authorize.ts'
import type { IstioModel } from './compile.ts'
import { denied, deniedBytes, forwarding, refusal, tokenRefused } from './effects.ts'
import { checkedBy, ifAllowed, refusedByAuthorizer, withHeaders } from './ext-authz/told.ts'
import { wireStep } from './inbound.ts'
import { filterTokens } from './jwt/filter.ts'
import type { Outbound } from './outbound.ts'
import type { Fields } from './read.ts'
import { tokenAccepted, tokenRefusal, tokenUnknown } from './token-prose.ts'
import { extensionDoubt, ingressDoubt } from './traffic.ts'
import { doubtful, lazyVerdict, verdict } from './verdicts.ts'

const isEmpty = (objects: readonly unknown[]): boolean => objects.length === 0

/** What applies to the receiver and is not modelled. */
export const receiverDoubt = (model: IstioModel, call: Call): Evidence | undefined => {
  if (isEmpty(model.extensions) && isEmpty(model.sidecars)) return undefined
  const { namespace = '', labels } = call.destination.metadata
  const about = { namespace, labels, root: model.config.rootNamespace }
  return extensionDoubt(model.extensions, about) ?? ingressDoubt(model.sidecars, { namespace, labels })
}

/** `claims` are those of the token that was accepted, for whoever routes by them. */
export interface Received {
  verdict: Verdict
  claims?: Fields | undefined
}

/** What becomes of a call that reached a pod with a sidecar; `sent` is how it left the caller's pod. */
export const receive = (model: IstioModel, call: Call, sent: Outbound, listener?: Listener): Verdict =>
  receiveWithClaims(model, call, sent, listener).verdict

type TellArguments = [reasons: Parameters<typeof lazyVerdict>[3], met: Parameters<typeof lazyVerdict>[4]]

const lastly = (verdict: Verdict): Received => ({ verdict })

/** The same, with what the JWT filter learnt. */
export const receiveWithClaims = (model: IstioModel, call: Call, sent: Outbound, listener?: Listener): Received => {
  const evidence = receiverDoubt(model, call)
  if (evidence !== undefined) {
    const last = doubtful('server', evidence)
    return lastly(verdict('unknown', 'none', [...sent.steps, last], last))
  }
  const arrival = arrivalOf(model, call, sent, listener)
  const { receiver, mode, wire, http, identity, handlers, path, about } = arrival
  const arrived = (): Step[] => [...sent.steps, ...receiver.notes, wireStep(mode, wire)]
  if (!wire.accepted) {
    const reasons = () => ({ steps: arrived(), deciding: wireStep(mode, wire) })
    return lastly(lazyVerdict('deny', 'none', undefined, reasons, () => refusal(sent, wire)))
  }
  if (isLost(arrival, call)) {
    const says = `Port ${call.port} of ${receiver.where} is declared HTTP, and these bytes are not: the receiver's sidecar closes the connection`
    const closed: Step = { at: 'server', outcome: 'deny', says }
    return lastly(verdict('deny', wire.transport, [...arrived(), closed], closed, { effect: { kind: 'close' } }))
  }
  const tell = (outcome: Verdict['outcome'], ...why: TellArguments): Received =>
    lastly(lazyVerdict(outcome, wire.transport, identity, ...why))
  const refuse = (decision: Decision, before: () => Step[]): Received =>
    tell(
      decision.outcome,
      () => {
        const { decided, steps } = decision.explain(receiver.where)
        return { deciding: decided, steps: [...arrived(), ...before(), ...steps] }
      },
      () => {
        if (decision.outcome === 'unknown') return {}
        return http ? denied(model, call, handlers, decision.policyId) : deniedBytes(decision.policyId)
      },
    )

  const custom =
    receiver.tables.custom.length === 0 ? undefined : askCustom(receiver.tables, askedOf(model, call, about))
  if (custom !== undefined && custom.outcome !== 'asks') return refuse(custom, () => [])
  const checked = custom && checkedBy(custom, call)
  if (checked !== undefined && checked.outcome !== 'pass') {
    const { outcome, answer, last, supposed } = checked
    const further = (): Step[] => {
      if (supposed === undefined) return []
      const allowed = { ...call, checks: [...(call.checks ?? []), supposed] }
      return [ifAllowed(receive(model, allowed, sent, listener))]
    }
    return tell(
      outcome,
      () => ({ deciding: last(), steps: [...arrived(), ...custom!.explain(), ...further(), last()] }),
      () => (answer ? refusedByAuthorizer(model, call, handlers, answer) : {}),
    )
  }
  const asked = (): Step[] => (checked === undefined ? [] : [...custom!.explain(), checked.last()])

  // What the authorizer writes into the request is there for tokens and rules.
  const written = checked?.written ?? []
  const filtered =
    http && call.http !== undefined && receiver.rules.length > 0
      ? filterTokens(receiver.rules, withHeaders({ ...call.http, path: path ?? call.http.path }, written), call.tokens)
      : undefined
  if (filtered?.kind === 'unknown') {
    const last = tokenUnknown(filtered.rule, call.tokens !== undefined)
    return tell(
      'unknown',
      () => ({ steps: [...arrived(), ...asked(), last], deciding: last }),
      () => ({}),
    )
  }
  if (filtered?.kind === 'refused') {
    const { status, rule } = filtered
    return tell(
      'deny',
      () => {
        const last = tokenRefusal(rule, status)
        return { steps: [...arrived(), ...asked(), last], deciding: last }
      },
      () => tokenRefused(model, call, handlers, status, path ?? ''),
    )
  }
  const changed = (): Forwarding => {
    const changes = { set: [...written, ...(filtered?.set ?? [])], removed: filtered?.removed ?? [] }
    const forwarded = forwarding(model, call, handlers, identity, filtered?.path ?? path, changes)
    return { ...forwarded, setResponseHeaders: [...forwarded.setResponseHeaders, ...(checked?.shown ?? [])] }
  }
  const withToken = {
    ...about,
    claims: filtered?.claims,
    path: filtered?.path ?? path,
    changes: (): Changes => {
      const { setRequestHeaders: set, removeRequestHeaders: removed } = changed()
      return { set, removed }
    },
  }
  const decision = authorize(receiver.tables, askedOf(model, call, withToken), checked !== undefined)
  const before = (): Step[] => [
    ...asked(),
    ...(filtered?.by === undefined ? [] : [tokenAccepted(filtered.by, filtered.claims)]),
  ]
  if (decision.outcome !== 'allow') return refuse(decision, before)
  const allowed = tell(
    'allow',
    () => {
      const { decided, steps } = decision.explain(receiver.where)
      // Nothing restricts the request: over plaintext, the mode that let it in is what a reader wants to know.
      const open = decision.byDefault === true
      const byMode = open && wire.transport !== 'mtls' ? wireStep(mode, wire) : undefined
      const deciding = (open ? (checked?.last() ?? byMode) : undefined) ?? decided
      return { deciding, steps: [...arrived(), ...before(), ...steps] }
    },
    () => ({ effect: { kind: 'forward', forwarding: changed() } }),
  )
  return { ...allowed, claims: filtered?.claims }
}
