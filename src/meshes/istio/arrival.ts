/** A call at a proxy of its receiver, before any policy is asked: the connection, and what rules would see of it. */
import type { Call, HttpRequest } from '../call.ts'
import { withoutPort } from '../match/hosts.ts'
import { normalizePath } from '../match/paths.ts'
import type { About, Changes } from './asked.ts'
import type { IstioModel } from './compile.ts'
import { forwarding, type Handlers } from './effects.ts'
import { connect, readsHttp, type Wire } from './inbound.ts'
import type { Outbound } from './outbound.ts'
import type { EffectiveMode } from './peer-authentication.ts'
import type { PortProtocol } from './protocol.ts'
import { type Receiver, receiverOf } from './receiver.ts'

/** A listener that PeerAuthentication says nothing about: a gateway's. */
export interface Listener {
  mode: EffectiveMode
  protocol: PortProtocol
  wire: Wire
  /** Of TLS that ends here. */
  serverName?: string
  /** See `askedOf`. */
  trustedProxies: number
}

/** How far a call gets before policies are asked. */
export interface Arrival {
  receiver: Receiver
  mode: EffectiveMode
  wire: Wire
  /** Whether the sidecar reads the bytes as HTTP. */
  http: boolean
  identity?: string
  handlers: Handlers
  path?: string
  /** What the rules see. */
  about: About
}

/** The server name of TLS that passes through: the application's, or what the caller's sidecar asked for. */
const serverNameIn = (call: Call, { upstream }: Outbound): string => {
  const { startsTls } = upstream ?? {}
  if (startsTls === undefined) return call.tls?.serverName ?? ''
  return startsTls.serverName ?? withoutPort(call.http?.authority ?? '')
}

export const arrivalOf = (model: IstioModel, call: Call, sent: Outbound, listener?: Listener): Arrival => {
  const receiver = receiverOf(model, call.destination)
  const { mode, protocol } = listener ?? receiver.port(call.port)
  const wire = listener?.wire ?? connect(call, sent, mode, protocol)
  const http = readsHttp(protocol, call)
  const identity = wire.transport === 'mtls' ? receiverOf(model, call.source).identity : undefined
  const handlers: Handlers = { client: sent.proxy === 'http', server: http }
  const proxied = call.http !== undefined && (handlers.client || handlers.server)
  const path = proxied ? normalizePath(call.http?.path ?? '', model.config.normalization) : undefined
  const changes = (): Changes => {
    const { setRequestHeaders: set, removeRequestHeaders: removed } = forwarding(model, call, handlers, identity, path)
    return { set, removed }
  }
  const about = {
    http,
    identity,
    sni: (listener?.serverName ?? sent.sni) || (wire.transport === 'tls' ? serverNameIn(call, sent) : ''),
    path,
    changes,
    trustedProxies: listener?.trustedProxies,
  }
  return { receiver, mode, wire, http, identity, handlers, path, about }
}

/** Whether the connection ends there, whatever the policies. */
export const isLost = ({ wire, http }: Arrival, call: Call): boolean =>
  !wire.accepted || (http && call.protocol !== 'http')

/** The request as that sidecar has it. */
export const requestAt = ({ path, about }: Arrival, http: HttpRequest): HttpRequest => {
  const { set, removed } = about.changes()
  const changed = new Set([...removed, ...set.map(([name]) => name)])
  const headers = [...http.headers.filter(([name]) => !changed.has(name)), ...set.filter(([name]) => name[0] !== ':')]
  return { ...http, path: path ?? http.path, headers }
}
