/**
 * What callers meet, in the exact words of Envoy, and how sidecars change what they let through.
 * Deterministic stand-ins, because this is a pure function: the `Hash` of x-forwarded-client-cert is derived from the
 * identity, not from a certificate; x-request-id from the call; x-envoy-upstream-service-time is always 1. The `date`
 * header is left to whoever sends the response.
 * Not modelled: x-envoy-peer-metadata and its -id, which a caller's sidecar also sends to a receiver without one.
 */
import type { Service } from '../../kube/kinds.ts'
import type { Call } from '../call.ts'
import type { Effect, Forwarding, Logged, ProxyLog } from '../verdict.ts'
import { targetPort } from '../world.ts'
import type { IstioModel } from './compile.ts'
import { httpStatus, type JwtStatus, statusDetails, statusText } from './jwt/status.ts'
import { type Outbound, servicesOf } from './outbound.ts'
import { identityOf } from './pods.ts'

/** 64 hex digits that depend on nothing but the text (FNV-1a, several seeds). Not a cryptographic hash. */
const digest = (text: string): string => {
  let digits = ''
  for (let seed = 0; seed < 8; seed++) {
    let hash = (2166136261 ^ (seed * 0x9e3779b9)) >>> 0
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619) >>> 0
    digits += hash.toString(16).padStart(8, '0')
  }
  return digits
}

const uuid = (text: string): string => {
  const hex = digest(text)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-9${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The header as the receiver's sidecar writes it for a caller with that identity. */
export const clientCertHeader = (receiver: string, caller: string): string =>
  `By=${receiver};Hash=${digest(caller)};Subject="";URI=${caller}`

/** Who handles the request as HTTP on the way; a side that is absent or only moves bytes adds nothing. */
export interface Handlers {
  client: boolean
  server: boolean
}

/** `orders.production.svc.cluster.local:80/*` */
const operationOf = (service: Service, port: number): string =>
  `${service.metadata.name}.${service.metadata.namespace ?? 'default'}.svc.cluster.local:${port}/*`

/** How the receiver's sidecar names the Service port that it listens for. */
const operation = (model: IstioModel, call: Call): string | undefined => {
  for (const service of servicesOf(model, call.destination))
    for (const port of service.spec.ports ?? []) {
      const number = targetPort(call.destination, port)
      if (number === call.port) return operationOf(service, port.port)
    }
  return undefined
}

/** Response headers as the caller sees them: its own sidecar's last word, or else the receiver's. */
const responseHeaders = (model: IstioModel, call: Call, handlers: Handlers, passed: boolean): [string, string][] => {
  const time: [string, string] = ['x-envoy-upstream-service-time', '1']
  if (handlers.client) return [['server', 'envoy'], time]
  if (!handlers.server) return []
  const decorator = operation(model, call)
  return [
    ['server', 'istio-envoy'],
    ...(passed ? [time] : []),
    ...(decorator === undefined ? [] : [['x-envoy-decorator-operation', decorator] as [string, string]]),
  ]
}

/**
 * What reaches the application, and what comes back. `path` is as the receiver's filters left it; `token` what the JWT
 * filter did to headers.
 */
export const forwarding = (
  model: IstioModel,
  call: Call,
  handlers: Handlers,
  caller: string | undefined,
  path: string | undefined,
  token?: { set: readonly [string, string][]; removed: readonly string[] },
): Forwarding => {
  if (call.http === undefined || (!handlers.client && !handlers.server))
    return { setRequestHeaders: [], removeRequestHeaders: [], setResponseHeaders: [] }
  const sent = new Set(call.http.headers.map(([name]) => name))
  const set: [string, string][] = []
  if (!sent.has('x-forwarded-proto')) set.push(['x-forwarded-proto', 'http'])
  if (!sent.has('x-request-id')) {
    const about = [call.source.metadata.name, call.destination.metadata.name, call.http.method, call.http.authority]
    set.push(['x-request-id', uuid([...about, call.http.path].join('\n'))])
  }
  if (handlers.client) set.push(['x-envoy-attempt-count', '1'])
  // Between two sidecars the receiver's takes this one out again.
  if (handlers.client && !handlers.server && call.service !== undefined)
    set.push(['x-envoy-decorator-operation', operationOf(call.service.object, call.service.port.port)])
  const certified = handlers.server && caller !== undefined
  if (certified)
    set.push([
      'x-forwarded-client-cert',
      clientCertHeader(identityOf(call.destination, model.config.trustDomain), caller),
    ])
  if (path !== undefined && path !== call.http.path) set.push([':path', path])
  return {
    setRequestHeaders: [...set, ...(token?.set ?? [])],
    removeRequestHeaders: [...(certified ? [] : ['x-forwarded-client-cert']), ...(token?.removed ?? [])],
    setResponseHeaders: responseHeaders(model, call, handlers, true),
  }
}

const plain = (body: string): [string, string][] => [
  ['content-length', String(body.length)],
  ['content-type', 'text/plain'],
]

/** A refusal: what the caller meets, and what the sidecars log. */
export interface Refusal {
  effect: Effect
  logged: Logged
}

/** `rbac_access_denied_matched_policy[…]`: Envoy's rbac_filter.cc; without an id no ALLOW policy matched. */
const rbacDetails = (policyId: string | undefined): string => `rbac_access_denied_matched_policy[${policyId ?? 'none'}]`

/** An answer of the receiver's sidecar as the caller sees it; `headers` are those of its own. */
export const proxyResponse = (
  model: IstioModel,
  call: Call,
  handlers: Handlers,
  { status, headers, body }: { status: number; headers: readonly [string, string][]; body: string },
): Effect => {
  const own = body === '' ? ([['content-length', '0']] as [string, string][]) : plain(body)
  const kept = own.filter(([name]) => !headers.some(([each]) => each === name))
  const added = responseHeaders(model, call, handlers, false)
  return { kind: 'respond', by: 'server-proxy', status, headers: [...headers, ...kept, ...added], body }
}

/** 403 from the receiver's sidecar, as the caller sees it. `policyId` is the RBAC policy that matched. */
export const denied = (model: IstioModel, call: Call, handlers: Handlers, policyId?: string): Refusal => {
  const body = 'RBAC: access denied'
  const headers = [...plain(body), ...responseHeaders(model, call, handlers, false)]
  return {
    effect: { kind: 'respond', by: 'server-proxy', status: 403, headers, body },
    logged: {
      server: { status: 403, flags: '-', details: rbacDetails(policyId) },
      ...(handlers.client ? { client: { status: 403, flags: '-', details: 'via_upstream' } } : {}),
    },
  }
}

/** The JWT filter's refusal: 401, or 403 for a wrong audience (envoy jwt_authn filter.cc). `path` with its query. */
export const tokenRefused = (
  model: IstioModel,
  call: Call,
  handlers: Handlers,
  status: JwtStatus,
  path: string,
): Refusal => {
  const body = statusText(status)
  const code = httpStatus(status)
  const realm = `http://${call.http?.authority ?? ''}${path.slice(0, 256)}`
  const challenge: [string, string] = ['www-authenticate', `Bearer realm="${realm}", error="invalid_token"`]
  return {
    effect: {
      kind: 'respond',
      by: 'server-proxy',
      status: code,
      headers: [challenge, ...plain(body), ...responseHeaders(model, call, handlers, false)],
      body,
    },
    logged: {
      server: { status: code, flags: '-', details: statusDetails(status) },
      ...(handlers.client ? { client: { status: code, flags: '-', details: 'via_upstream' } } : {}),
    },
  }
}

/** RBAC of a TCP port decides at the first bytes: the connection was open and is closed. */
export const deniedBytes = (policyId?: string): Refusal => ({
  effect: { kind: 'close' },
  logged: { server: { status: 0, flags: '-', details: '-', termination: rbacDetails(policyId) } },
})

const unavailable = (body: string): Effect => ({
  kind: 'respond',
  by: 'client-proxy',
  status: 503,
  headers: [...plain(body), ['server', 'envoy']],
  body,
})

/** No filter chain of the receiver takes plaintext; istio pilot/pkg/networking/core/accesslog_builder.go (listener log). */
const noChain: ProxyLog = { status: 0, flags: 'NR', details: 'filter_chain_not_found' }

/**
 * The receiver has no filter chain for what arrives. A caller without a sidecar, or one of bytes, sees a reset. A sidecar
 * that sent HTTP in plaintext answers 503 (95 bytes).
 */
export const plaintextRefused = (client: boolean): Refusal =>
  client
    ? {
        effect: unavailable(
          'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
        ),
        logged: {
          client: {
            status: 503,
            flags: 'UC',
            details: 'upstream_reset_before_response_started{connection_termination}',
          },
          server: noChain,
        },
      }
    : { effect: { kind: 'reset' }, logged: { server: noChain } }

/** The ends of the texts vary in real life. */
const transportFailures = {
  version: 'TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end',
  certificate: 'TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end',
  refused: 'delayed connect error: Connection refused',
}

/** A sidecar that sent HTTP answers for its connection, retries and all. */
const notConnected = (why: keyof typeof transportFailures): Refusal => {
  const failure = transportFailures[why]
  const reason = 'remote connection failure'
  const body = `upstream connect error or disconnect/reset before headers. retried and the latest reset reason: ${reason}, transport failure reason: ${failure}`
  const details = `upstream_reset_before_response_started{${reason}|${failure}}`.replaceAll(' ', '_')
  return {
    effect: unavailable(body),
    logged: { client: { status: 503, flags: 'UF,URX', details, transportFailure: failure } },
  }
}

/** The caller's sidecar started TLS with something that does not speak it, or that it does not trust. */
export const handshakeFailed = (client: boolean, why: 'version' | 'certificate' = 'version'): Refusal =>
  client ? notConnected(why) : { effect: { kind: 'reset' }, logged: {} }

/** Nothing listens there. A sidecar of the caller has taken the connection already: it answers for HTTP, and closes others. */
export const nothingListens = ({ proxy, call }: Pick<Outbound, 'proxy' | 'call'>): Refusal => {
  if (proxy === 'http') return notConnected('refused')
  if (proxy === 'direct') return { effect: { kind: 'refuse' }, logged: {} }
  return { effect: { kind: call.protocol === 'tls' ? 'reset' : 'close' }, logged: {} }
}

/** How a refusal looks to the caller: its own sidecar answers 503 for HTTP, otherwise the connection is gone. */
export const refusal = (sent: Pick<Outbound, 'proxy'>, wire: { failure?: string }): Refusal => {
  const client = sent.proxy === 'http'
  return wire.failure === 'handshake' ? handshakeFailed(client) : plaintextRefused(client)
}
