/**
 * What a receiver's sidecar makes of everything that comes one way (ways.ts): whether it takes the connection, and what
 * its rules leave to ask. A decision then looks at little but the request; receive.ts says the same with its reasons, and
 * must agree.
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import { normalizePath, withoutQuery } from '../match/paths.ts'
import type { Transport, Upstream, Verdict } from '../verdict.ts'
import { type Admission, leftFor, leftOf, outcomeOf } from './admission.ts'
import { askedOf } from './asked.ts'
import type { Asked } from './attribute.ts'
import { type Caller, callerOf } from './callers.ts'
import { clientTls } from './client-tls.ts'
import type { IstioModel } from './compile.ts'
import { connect, readsHttp } from './inbound.ts'
import { type Outbound, serverNameOf } from './outbound.ts'
import { receiverDoubt } from './receive.ts'
import { guardOf, receiverOf } from './receiver.ts'
import { type Way, wayOf } from './ways.ts'

export interface Entrance {
  transport: Transport
  sni: string
  /** Undefined: nobody is let in. */
  admission: Admission | undefined
  /** The receiver's sidecar reads HTTP. */
  http: boolean
  /** The caller's sidecar has normalized the path before the receiver's does. */
  twice: boolean
  upstream: Upstream | undefined
}

/** The verdict without its reasons. */
export type Seen = Pick<Verdict, 'outcome' | 'transport' | 'identity' | 'upstream'>

/** How it travels, by the PeerAuthentications that there are now. */
const wrapping = (
  model: IstioModel,
  { cluster, call, transport, sni }: Outbound,
): Pick<Outbound, 'transport' | 'sni'> => {
  if (cluster === undefined) return { transport, sni }
  const tls = clientTls(model, call, cluster)
  return { transport: tls.transport, sni: tls.transport === 'mtls' ? (tls.sni ?? serverNameOf(cluster.name)) : '' }
}

const enter = (model: IstioModel, call: Call, sent: Outbound): Entrance | null => {
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
    twice: sent.call.http !== call.http,
    upstream: sent.upstream,
  }
}

/** The entrance as it is now. What was left to ask stays when all that it depends on did. */
const entranceOf = (model: IstioModel, call: Call, way: Way): Entrance | null => {
  if (way.entrance !== undefined && !way.isOld) return way.entrance
  const before = way.entrance
  const now = way.sent === null ? null : enter(model, call, way.sent)
  const isSame =
    now?.admission === before?.admission && now?.transport === before?.transport && now?.sni === before?.sni
  if (!isSame) way.left = []
  way.entrance = now
  way.isOld = false
  return now
}

const noChanges = { set: [], removed: [] }
const unchanged = () => noChanges

const pathOf = (model: IstioModel, path: string, twice: boolean): string => {
  const { normalization } = model.config
  const once = normalizePath(path, normalization)
  return twice && once !== path ? normalizePath(once, normalization) : once
}

const isSelf = ({ metadata: a }: Pod, { metadata: b }: Pod): boolean => a.name === b.name && a.namespace === b.namespace

/** The outcome of what the rules leave to ask; undefined: it has to be decided whole. */
const outcome = (
  call: Call,
  caller: Caller,
  way: Way,
  admission: Admission,
  isHttp: boolean,
  path: string,
  asked: () => Asked,
): Verdict['outcome'] | undefined => {
  const { place } = caller
  if (way.left[place] === undefined)
    way.left[place] = isSelf(call.source, call.destination) ? null : leftOf(admission, asked())
  let left = way.left[place]
  if (left === null) return undefined
  if (isHttp && call.http !== undefined && left.always === undefined) {
    left = leftFor(left, 'method', call.http.method, asked)
    left = leftFor(left, 'path', withoutQuery(path), asked)
  }
  return left.always ?? (left.looksAtHeaders ? undefined : outcomeOf(left, asked()))
}

/** The decision as far as it can be had without its reasons; undefined: it has to be decided whole. */
export const glance = (model: IstioModel, call: Call): Seen | undefined => {
  if (call.turn !== undefined || call.protocol === 'tls' || model.config.unmodelled !== undefined) return undefined
  const caller = callerOf(model, call.source)
  const way = caller.isOdd ? undefined : wayOf(model, caller, call)
  const entrance = way && entranceOf(model, call, way)
  if (way === undefined || !entrance) return undefined
  const { transport, upstream, admission, http, sni, twice } = entrance
  if (admission === undefined)
    return isSelf(call.source, call.destination)
      ? undefined
      : { outcome: 'deny', transport, identity: undefined, upstream }
  const identity = transport === 'mtls' ? caller.identity : undefined
  const path = http && call.http ? pathOf(model, call.http.path, twice) : ''
  const asked = (): Asked => askedOf(model, call, { http, identity, sni, path, changes: unchanged })
  const found = outcome(call, caller, way, admission, http, path, asked)
  return found && { outcome: found, transport, identity, upstream }
}
