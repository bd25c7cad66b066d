/**
 * What a receiver's sidecar makes of everything that comes one way (ways.ts): whether it takes the connection, and what
 * its rules leave to ask. A decision then looks at little but the request; receive.ts says the same with its reasons, and
 * must agree.
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import { isPlainPath, normalizePath, withoutQuery } from '../match/paths.ts'
import type { Gist, Transport, Upstream, Verdict } from '../verdict.ts'
import { type Admission, below, grow, leftOf, outcomeOf, type Rules } from './admission.ts'
import { askedOf } from './asked.ts'
import type { Asked } from './attribute.ts'
import { type Caller, callerOf } from './callers.ts'
import { clientTls } from './client-tls.ts'
import type { IstioModel } from './compile.ts'
import { connect, readsHttp } from './inbound.ts'
import { type Outbound, serverNameOf } from './outbound.ts'
import { receiverDoubt } from './receive.ts'
import { guardOf, receiverOf } from './receiver.ts'
import { BriefVerdict, type Whole } from './verdicts.ts'
import { type Way, wayOf } from './ways.ts'

export interface Entrance {
  transport: Transport
  sni: string
  /** Undefined: nobody is let in. */
  admission: Admission | undefined
  /** The receiver's sidecar reads HTTP. */
  http: boolean
  /** See Way. */
  twice: boolean
  upstream: Upstream | undefined
}

/** How it travels, by the PeerAuthentications that there are now. */
const wrapping = (
  model: IstioModel,
  { cluster, call, transport, sni }: Outbound,
): Pick<Outbound, 'transport' | 'sni'> => {
  if (cluster === undefined) return { transport, sni }
  const tls = clientTls(model, call, cluster)
  // The name does not depend on them.
  const name = (): string => sni || (tls.sni ?? serverNameOf(cluster.name))
  return { transport: tls.transport, sni: tls.transport === 'mtls' ? name() : '' }
}

const enter = (model: IstioModel, call: Call, { sent, twice }: Way): Entrance | null => {
  if (sent === null) return null
  const { mode, protocol, bypass } = receiverOf(model, call.destination).port(call.port)
  const { rules, tables, admission } = guardOf(model, call.destination)
  const isSimple = rules.length === 0 && tables.custom.length === 0 && bypass === undefined
  if (!isSimple || receiverDoubt(model, call) !== undefined) return null
  const now = wrapping(model, sent)
  const { transport, accepted } = connect(call, now, mode, protocol)
  const http = readsHttp(protocol, call)
  if (accepted && http && call.protocol !== 'http') return null
  return {
    transport,
    sni: now.sni,
    admission: accepted ? admission(http) : undefined,
    http,
    twice,
    upstream: sent.upstream,
  }
}

/** The entrance as it is now. What was left to ask stays when all that it depends on did. */
const enterAnew = (model: IstioModel, call: Call, way: Way): Entrance | null => {
  const before = way.entrance
  const now = enter(model, call, way)
  const isSame =
    now?.admission === before?.admission && now?.transport === before?.transport && now?.sni === before?.sni
  if (!isSame) way.left = []
  way.entrance = now
  way.isOld = false
  return now
}

const noChanges = { set: [], removed: [] }
const unchanged = () => noChanges

/** The path as the rules see it, without its query. */
const pathOf = (model: IstioModel, path: string, { twice }: Entrance): string => {
  if (isPlainPath(path)) return path
  const { normalization } = model.config
  const once = normalizePath(path, normalization)
  return withoutQuery(twice ? normalizePath(once, normalization) : once)
}

const isSelf = ({ metadata: a }: Pod, { metadata: b }: Pod): boolean => a.name === b.name && a.namespace === b.namespace

/** A call at the entrance, from a caller. */
interface Arrival {
  model: IstioModel
  call: Call
  caller: Caller
  entrance: Entrance
}

const identityOf = ({ transport }: Entrance, { identity }: Caller): string | undefined =>
  transport === 'mtls' ? identity : undefined

const askedAt = ({ model, call, caller, entrance }: Arrival, path = ''): Asked => {
  const { http, sni } = entrance
  return askedOf(model, call, { http, identity: identityOf(entrance, caller), sni, path, changes: unchanged })
}

/** The rules of a connection that leave something to ask of its request. */
const ask = (arrival: Arrival, left: Rules): Verdict['outcome'] | undefined => {
  const { http } = arrival.call
  if (http === undefined || !arrival.entrance.http)
    return left.looksAtHeaders ? undefined : outcomeOf(left, askedAt(arrival))
  const path = pathOf(arrival.model, http.path, arrival.entrance)
  const ofMethod = below(left, http.method) ?? grow(left, 'method', http.method, askedAt(arrival, path))
  if (ofMethod.always !== undefined) return ofMethod.always
  const ofPath = below(ofMethod, path) ?? grow(ofMethod, 'path', path, askedAt(arrival, path))
  if (ofPath.always !== undefined) return ofPath.always
  return ofPath.looksAtHeaders ? undefined : outcomeOf(ofPath, askedAt(arrival, path))
}

/** Null: the caller is the receiver. */
const leftAt = (arrival: Arrival, admission: Admission): Rules | null =>
  isSelf(arrival.call.source, arrival.call.destination) ? null : leftOf(admission, askedAt(arrival))

const gistOf = (outcome: Verdict['outcome'], http: boolean): Gist | undefined => {
  if (outcome === 'unknown') return undefined
  if (outcome === 'allow') return 'forwarded'
  return http ? 'forbidden' : 'refused'
}

/** The decision, with reasons that are found when they are read; undefined: it has to be decided `whole`. */
export const glance = (model: IstioModel, call: Call, whole: Whole): BriefVerdict | undefined => {
  const { turn, byProxy, protocol } = call
  if (turn !== undefined || byProxy || protocol === 'tls' || model.config.unmodelled !== undefined) return undefined
  const caller = callerOf(model, call.source)
  const way = caller.isOdd ? undefined : wayOf(model, caller, call)
  if (way === undefined) return undefined
  const entrance = way.entrance === undefined || way.isOld ? enterAnew(model, call, way) : way.entrance
  if (entrance === null) return undefined
  const { transport, upstream, admission } = entrance
  if (admission === undefined) {
    const refused = { outcome: 'deny', transport, identity: undefined, gist: 'refused', upstream } as const
    return isSelf(call.source, call.destination) ? undefined : new BriefVerdict(refused, model, call, whole)
  }
  let left = way.left[caller.place]
  if (left === undefined) {
    left = leftAt({ model, call, caller, entrance }, admission)
    way.left[caller.place] = left
  }
  const outcome = left === null ? undefined : (left.always ?? ask({ model, call, caller, entrance }, left))
  if (outcome === undefined) return undefined
  const identity = identityOf(entrance, caller)
  const seen = { outcome, transport, identity, gist: gistOf(outcome, entrance.http), upstream }
  return new BriefVerdict(seen, model, call, whole)
}
