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

/** Envoy's getLastAddressFromXFF (source/common/http/utility.cc): the entry after that many from the right, if it is one. */
const forwardedFor = (call: Call, skipped: number): string | undefined => {
  const lines = (call.http?.headers ?? []).filter(([name]) => name === 'x-forwarded-for').map(([, value]) => value)
  const entry =
    lines
      .join(',')
      .split(',')
      .at(-1 - skipped)
      ?.trim() ?? ''
  return /^[0-9a-fA-F:.]+$/.test(entry) && /[.:]/.test(entry) ? entry : undefined
}

/**
 * Whom the proxy takes for the client. A sidecar does not use the peer's address and trusts no proxies before it
 * (listener_inbound.go: useRemoteAddress false), so the caller controls what it believes: the last X-Forwarded-For entry.
 * A gateway uses the peer's address, or the entry that its trusted proxies wrote (gateway.go,
 * buildGatewayConnectionManager; envoy's conn_manager_utility.cc). Without a usable entry, the peer's address.
 */
const remoteAddress = (call: Call, peer: string, trustedProxies: number | undefined): string => {
  const skipped = trustedProxies === undefined ? 0 : trustedProxies - 1
  return skipped < 0 ? peer : (forwardedFor(call, skipped) ?? peer)
}

/** What was found out about a call on its way to the rules. */
export interface About {
  /** Whether the proxy reads it as HTTP. */
  http: boolean
  identity?: string
  sni: string
  claims?: Fields
  /** The normalized one, with its query. */
  path?: string
  changes: () => Changes
  /** Of a gateway: how many proxies in front of it are trusted. */
  trustedProxies?: number
}

/** `changes` is only asked for when a rule looks at headers. */
export const askedOf = (model: IstioModel, call: Call, about: About): Asked => {
  const { http } = call
  const peerAddress = call.source.status?.podIP ?? ''
  const base: Asked = {
    identity: about.identity,
    peerAddress,
    remoteAddress: about.http ? remoteAddress(call, peerAddress, about.trustedProxies) : peerAddress,
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
