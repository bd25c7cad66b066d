/**
 * Ways from callers to receivers: how callers of one group (callers.ts) reach one port of a pod, as far as no request
 * changes it. A way is worked out when it is first gone, and kept while nothing changes that it was made of. What depends
 * on more (routes, gateways, chance) has none: it is decided whole, every time.
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import type { Rules } from './admission.ts'
import type { Caller } from './callers.ts'
import type { IstioModel } from './compile.ts'
import type { Entrance } from './entrance.ts'
import { type Outbound, outbound } from './outbound.ts'
import { isGateway, isMeshed } from './pods.ts'

export interface Way {
  service: Call['service']
  protocol: Call['protocol']
  authority: string | undefined
  /** How the first of these callers sent it; null: it takes the request to tell. What PeerAuthentications say of it may be old. */
  sent: Outbound | null
  /** The caller's sidecar has normalized the path before the receiver's does. */
  twice: boolean
  /** How the receiver takes it; null: it takes the request to tell. Absent: not worked out yet. */
  entrance?: Entrance | null
  /** It was worked out before the last change. */
  isOld: boolean
  /** By the caller's place in its group: what is left to ask; null: the caller is the receiver, and decided whole. */
  left: (Rules | null)[]
}

/** One port of a receiver. */
interface Door {
  port: number
  /** By the caller's group. */
  ways: Way[][]
}

export type Doors = Map<Pod, Door[]>

/** More ways of a group to a door than these are host names that somebody made up. */
const mostWays = 16

const isWay = (way: Way, { service, protocol, http }: Call): boolean =>
  way.protocol === protocol &&
  way.authority === http?.authority &&
  way.service?.object === service?.object &&
  way.service?.port === service?.port

/** The caller's side, where it is the same for every request. */
const sentOf = (model: IstioModel, call: Call): Outbound | null => {
  const sent = outbound(model, call)
  const isSame = sent.call.destination === call.destination && sent.call.port === call.port
  const isPlain = !sent.unknown && !sent.refused && !sent.answer && !sent.changes && !sent.hashed && !sent.mistrusts
  return isSame && isPlain && sent.transport !== 'tls' ? sent : null
}

/** Undefined: the receiver has no sidecar that could be asked. */
const doorOf = (doors: Doors, { destination, port }: Call): Door | undefined => {
  let known = doors.get(destination)
  if (known === undefined) {
    if (!isMeshed(destination) || isGateway(destination)) return undefined
    known = []
    doors.set(destination, known)
  }
  for (const door of known) if (door.port === port) return door
  const door: Door = { port, ways: [] }
  known.push(door)
  return door
}

/** The way that the caller's call goes; undefined: there is none. */
export const wayOf = (model: IstioModel, caller: Caller, call: Call): Way | undefined => {
  const door = doorOf(model.doors, call)
  if (door === undefined) return undefined
  door.ways[caller.group] ??= []
  const known = door.ways[caller.group] as Way[]
  for (const way of known) if (isWay(way, call)) return way
  const { service, protocol, http } = call
  const sent = sentOf(model, call)
  const way: Way = {
    service,
    protocol,
    authority: http?.authority,
    sent,
    twice: sent !== null && sent.call.http !== http,
    entrance: undefined,
    isOld: false,
    left: [],
  }
  if (known.length >= mostWays) known.shift()
  known.push(way)
  return way
}

/**
 * The ways after a change. Receivers that are `untouched`, with whatever is still to be found out about them, share theirs
 * with the model before. Of the others, what the receiver makes of ways that it `concerns` has to be worked out anew.
 */
export const keepWays = (
  doors: Doors,
  untouched: (receiver: Pod) => boolean,
  concerns: (receiver: Pod, way: Way) => boolean,
): Doors => {
  const kept: Doors = new Map()
  for (const [receiver, known] of doors) {
    const now = (way: Way): Way => (concerns(receiver, way) ? { ...way, isOld: true } : way)
    const copies = () => known.map(({ port, ways }) => ({ port, ways: ways.map((group) => group.map(now)) }))
    kept.set(receiver, untouched(receiver) ? known : copies())
  }
  return kept
}
