/** What the receiver's sidecar knows of a call when its rules are asked. */
import type { Call } from '../call.ts'
import { normalizePath, withoutQuery } from '../match/paths.ts'
import type { IstioModel } from './compile.ts'
import type { Asked } from './conditions.ts'
import type { Fields } from './read.ts'

/** The header changes that proxies made before the rules are asked. */
export interface Changes {
  set: readonly (readonly [name: string, value: string])[]
  removed: readonly string[]
}

/**
 * The last X-Forwarded-For entry, which the caller controls: sidecars do not use the peer's address, and trust no
 * proxies before it (listener_inbound.go: useRemoteAddress false; envoy's conn_manager_utility.cc). Without a usable
 * entry, the peer's address.
 */
const remoteAddress = (call: Call, peer: string): string => {
  let last: string | undefined
  for (const [name, value] of call.http?.headers ?? []) if (name === 'x-forwarded-for') last = value
  const entry = last?.split(',').at(-1)?.trim() ?? ''
  return /^[0-9a-fA-F:.]+$/.test(entry) && /[.:]/.test(entry) ? entry : peer
}

/** `changes` is only asked for when a rule looks at headers; `path` is the normalized one, with its query. */
export const askedOf = (
  model: IstioModel,
  call: Call,
  about: { http: boolean; identity?: string; sni: string; claims?: Fields; path?: string; changes: () => Changes },
): Asked => {
  const { http } = call
  const peerAddress = call.source.status?.podIP ?? ''
  const base: Asked = {
    identity: about.identity,
    peerAddress,
    remoteAddress: about.http ? remoteAddress(call, peerAddress) : peerAddress,
    destinationAddress: call.destination.status?.podIP ?? '',
    port: call.port,
    sni: about.sni,
    claims: about.claims,
  }
  if (!about.http || http === undefined) return base
  const path = about.path ?? normalizePath(http.path, model.config.normalization)
  const pseudo = (name: string): string | undefined => {
    switch (name) {
      case ':authority':
      case 'host':
        return http.authority
      case ':method':
        return http.method
      case ':path':
        return path
      case ':scheme':
        return 'http'
      default:
        return undefined
    }
  }
  const header = (name: string): string[] => {
    const special = pseudo(name)
    if (special !== undefined) return [special]
    const { set, removed } = about.changes()
    const isOverridden = removed.includes(name) || set.some(([key]) => key === name)
    return [...(isOverridden ? [] : http.headers), ...set].filter(([key]) => key === name).map(([, value]) => value)
  }
  return { ...base, http: { method: http.method, path: withoutQuery(path), authority: http.authority, header } }
}
