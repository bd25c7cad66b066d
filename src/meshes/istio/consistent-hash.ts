/**
 * Consistent hashing: requests with the same key go to the same endpoint, and a lost endpoint moves only its own keys.
 * Which endpoint a key gets is not Envoy's choice (that hashes rings with xxHash64): only that it stays. Upstream:
 * pilot/pkg/networking/core/route/route.go (consistentHashToHashPolicy); envoy source/common/http/hash_policy.cc: without
 * the header or parameter there is no key, and any endpoint may be asked. Cookies are not modelled.
 */
import type { Call } from '../call.ts'
import { fields, text } from './read.ts'

/** The last X-Forwarded-For entry, which is the peer that a gateway saw, else the address of the caller. */
const peerOf = ({ source, http }: Call): string =>
  http?.headers
    .findLast(([name]) => name === 'x-forwarded-for')?.[1]
    .split(',')
    .at(-1)
    ?.trim() ??
  source.status?.podIP ??
  ''

/** What the request is hashed by; undefined: by nothing. `loadBalancer` is a DestinationRule's. */
export const hashKey = (loadBalancer: unknown, call: Call): string | undefined => {
  const by = fields(fields(loadBalancer).consistentHash)
  if (by.useSourceIp === true) return peerOf(call)
  const header = text(by.httpHeaderName)?.toLowerCase()
  if (header) {
    const values = (call.http?.headers ?? []).filter(([name]) => name === header).map(([, value]) => value)
    return values.length === 0 ? undefined : values.sort().join()
  }
  const parameter = text(by.httpQueryParameterName)
  const path = call.http?.path ?? ''
  const query = path.includes('?') ? path.slice(path.indexOf('?') + 1) : ''
  return parameter ? (new URLSearchParams(query).get(parameter) ?? undefined) : undefined
}

/** FNV-1a. */
const hash = (value: string): number => {
  let sum = 2166136261
  for (let i = 0; i < value.length; i++) sum = Math.imul(sum ^ value.charCodeAt(i), 16777619) >>> 0
  // The last characters alone would barely move the high bits.
  return Math.imul(sum ^ (sum >>> 15), 2246822519) >>> 0
}

/** The place of that key: whose name scores highest with it. */
export const placeOfKey = <T>(key: string, places: readonly T[], nameOf: (place: T) => string): T | undefined => {
  let best: T | undefined
  let score = -1
  for (const place of places) {
    const own = hash(`${nameOf(place)} ${key}`)
    if (own > score) [best, score] = [place, own]
  }
  return best
}
