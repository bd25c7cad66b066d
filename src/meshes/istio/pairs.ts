/**
 * What a connection between two pods settles, worked out once and kept: where the caller's sidecar sends it, whether the
 * receiver's takes it, and what is left to ask about each request. A decision then looks at little but the request.
 * Pairs that depend on more (routes, tokens, gateways, chance) are decided whole, every time.
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import { normalizePath } from '../match/paths.ts'
import type { Transport, Verdict } from '../verdict.ts'
import { askedOf } from './asked.ts'
import type { IstioModel } from './compile.ts'
import { connect, readsHttp } from './inbound.ts'
import { type Outbound, outbound } from './outbound.ts'
import { isGateway, isMeshed } from './pods.ts'
import { matchTests, narrow, type Tests } from './rbac.ts'
import { receiverDoubt } from './receive.ts'
import { receiverOf } from './receiver.ts'
import { extensionDoubt } from './traffic.ts'

/** What is left to ask about each request. */
interface Settled {
  transport: Transport
  identity?: string
  http: boolean
  sni: string
  /** The caller's sidecar has normalized the path before the receiver's does. */
  twice: boolean
  deny: readonly Tests[]
  allow: readonly Tests[]
  restricts: boolean
  /** Nothing is left to ask: every request meets this. */
  always?: Verdict['outcome']
}

export interface Pair {
  service: Call['service']
  port: number
  protocol: Call['protocol']
  authority: string | undefined
  /** How the caller sends it, for as long as nothing but AuthorizationPolicies change; absent: it takes the request to tell. */
  sent?: Outbound
  /** Null: it takes the request to tell. Absent: not worked out yet. */
  settled?: Settled | null
}

/** By receiver, then by caller. */
export type Pairs = Map<Pod, Map<Pod, Pair[]>>

const noChanges = { set: [], removed: [] }

/** The caller's side, where it is the same for every request. */
const sentOf = (model: IstioModel, call: Call): Outbound | undefined => {
  const { source, destination } = call
  const { namespace = '', name, labels } = source.metadata
  const isSelf = name === destination.metadata.name && namespace === destination.metadata.namespace
  if (isSelf || model.config.unmodelled !== undefined || !isMeshed(destination)) return undefined
  if (isGateway(source) || isGateway(destination) || call.protocol === 'tls') return undefined
  const about = { namespace, labels, root: model.config.rootNamespace }
  if (isMeshed(source) && extensionDoubt(model.extensions, about) !== undefined) return undefined
  const sent = outbound(model, call)
  const isSame = sent.call.destination === destination && sent.call.port === call.port
  const isPlain = !sent.unknown && !sent.refused && !sent.answer && !sent.changes && !sent.hashed
  return isSame && isPlain && sent.transport !== 'tls' ? sent : undefined
}

const looksAtHeaders = ({ from, to, when }: Tests): boolean =>
  [...from, ...to, when].some((tests) => tests.some((test) => test.attribute.startsWith('request.headers')))

const isFree = ({ from, to, when }: Tests): boolean => from.length + to.length + when.length === 0

/** The outcome of Envoy's RBAC filters (see authorize.ts), with no words. */
const outcomeOf = (settled: Settled, match: (tests: Tests) => 'yes' | 'no' | 'unknown'): Verdict['outcome'] => {
  let isOpen = false
  for (const tests of settled.deny) {
    const answer = match(tests)
    if (answer === 'yes') return 'deny'
    if (answer === 'unknown') isOpen = true
  }
  let best: 'yes' | 'no' | 'unknown' = settled.restricts ? 'no' : 'yes'
  for (const tests of settled.allow) {
    if (best === 'yes') break
    const answer = match(tests)
    if (answer !== 'no') best = answer
  }
  if (best === 'no') return 'deny'
  return isOpen || best === 'unknown' ? 'unknown' : 'allow'
}

const settle = (model: IstioModel, call: Call, sent: Outbound): Settled | null => {
  const receiver = receiverOf(model, call.destination)
  const { mode, protocol, bypass } = receiver.port(call.port)
  const isSimple = receiver.rules.length === 0 && receiver.tables.custom.length === 0 && bypass === undefined
  if (!isSimple || receiverDoubt(model, call) !== undefined) return null
  const { transport, accepted } = connect(sent.call, sent, mode, protocol)
  const twice = sent.call.http !== call.http
  const base = { transport, http: false, sni: sent.sni, twice, deny: [], allow: [], restricts: false }
  if (!accepted) return { ...base, always: 'deny' }
  const http = readsHttp(protocol, call)
  if (http && call.protocol !== 'http') return null
  const identity = transport === 'mtls' ? receiverOf(model, call.source).identity : undefined
  const asked = askedOf(model, call, { http, identity, sni: sent.sni, changes: () => noChanges })
  const { deny, allow, restricts } = receiver.tables
  const left = (entries: typeof deny): Tests[] => entries.flatMap((entry) => narrow(entry, asked) ?? [])
  const settled: Settled = { ...base, identity, http, deny: left(deny), allow: left(allow), restricts }
  const all = [...settled.deny, ...settled.allow]
  if (all.some(looksAtHeaders)) return null
  return all.every(isFree) ? { ...settled, always: outcomeOf(settled, () => 'yes') } : settled
}

const find = (pairs: Pairs, { destination, source, service, port, protocol, http }: Call): Pair => {
  let bySource = pairs.get(destination)
  if (bySource === undefined) {
    bySource = new Map()
    pairs.set(destination, bySource)
  }
  let known = bySource.get(source)
  if (known === undefined) {
    known = []
    bySource.set(source, known)
  }
  for (const pair of known)
    if (
      pair.port === port &&
      pair.protocol === protocol &&
      pair.authority === http?.authority &&
      pair.service?.object === service?.object &&
      pair.service?.port === service?.port
    )
      return pair
  const pair: Pair = { service, port, protocol, authority: http?.authority }
  // A caller that makes up host names does not fill the memory.
  if (known.length >= 16) known.shift()
  known.push(pair)
  return pair
}

/** The decision as far as it can be had without its reasons; undefined: it has to be decided whole. */
export const glance = (
  model: IstioModel,
  call: Call,
): (Pick<Verdict, 'outcome' | 'transport' | 'identity'> & { upstream: Verdict['upstream'] }) | undefined => {
  if (call.turn !== undefined) return undefined
  const pair = find(model.pairs, call)
  if (pair.settled === undefined) {
    pair.sent ??= sentOf(model, call)
    pair.settled = pair.sent === undefined ? null : settle(model, call, pair.sent)
  }
  const { settled, sent } = pair
  if (settled === null) return undefined
  const { always, transport, identity, http, sni, twice } = settled
  if (always !== undefined) return { outcome: always, transport, identity, upstream: sent?.upstream }
  const { normalization } = model.config
  const once = call.http && normalizePath(call.http.path, normalization)
  const path = once !== undefined && twice ? normalizePath(once, normalization) : once
  const asked = askedOf(model, call, { http, identity, sni, path, changes: () => noChanges })
  const outcome = outcomeOf(settled, (tests) => matchTests(tests, asked))
  return { outcome, transport, identity, upstream: sent?.upstream }
}

/** Pairs after a change of AuthorizationPolicies alone: those of receivers that it may concern are settled anew. */
export const keepPairs = (pairs: Pairs, concerns: (receiver: Pod) => boolean): Pairs => {
  const kept: Pairs = new Map()
  for (const [receiver, bySource] of pairs) {
    if (!concerns(receiver)) {
      kept.set(receiver, bySource)
      continue
    }
    const anew = new Map<Pod, Pair[]>()
    for (const [source, known] of bySource)
      anew.set(
        source,
        known.map(({ settled: _settled, ...pair }) => pair),
      )
    kept.set(receiver, anew)
  }
  return kept
}
