/** What rules can ask about, and of what: shared by the conditions on callers, requests and tokens. */
import type { Fields } from './read.ts'

/** What the receiver's sidecar knows when it asks the rules. */
export interface Asked {
  /** SPIFFE URI of the client certificate; absent over plaintext. */
  identity?: string
  peerAddress: string
  /** The last X-Forwarded-For entry, which the caller controls, else the peer address. */
  remoteAddress: string
  destinationAddress: string
  /** Container port. */
  port: number
  /** Server name of the TLS hello; empty over plaintext. */
  sni: string
  /** Of the token that a RequestAuthentication accepted, space-delimited ones as lists; absent: there was none. */
  claims?: Fields
  http?: {
    method: string
    /** Normalized, without query. */
    path: string
    authority: string
    /** Values of a header, one per line, after the proxies' own changes. */
    header: (name: string) => readonly string[]
  }
}

export type Test = (asked: Asked) => boolean

/** What a value means depends on where the policy lives and on the mesh. */
export interface Surroundings {
  /** Namespace of the policy. */
  home: string
  /** The mesh's own trust domain, then its aliases. */
  trustDomains: readonly string[]
}

export interface Attribute {
  httpOnly: boolean
  /** Undefined: the value cannot be used. */
  compile: (value: string, about: Surroundings) => Test | undefined
  seen: (asked: Asked) => string
  /** What alone it depends on: the connection (who asks whom, from where, on which port), the method, or the path. */
  of?: 'connection' | 'method' | 'path'
  unmodelled?: boolean
}
