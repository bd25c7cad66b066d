/**
 * What a response looks like after Envoy: the headers that a sidecar adds, and the answers it gives itself when the
 * application does not. Upstream: envoy/source/common/http/conn_manager_utility.cc (server header),
 * router.cc (x-envoy-upstream-service-time), istio/pilot/pkg/networking/core/listener_builder.go.
 */
import type { Failure, HttpExchange } from './dataplane.ts'

type Response = HttpExchange['response']

/** Which sidecars the exchange goes through. */
export interface Hops {
  client: boolean
  server: boolean
  /** Milliseconds since the epoch, for `date`. */
  now: number
}

const hopByHop = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

const encoder = new TextEncoder()

/** A text answer made by a proxy. */
export const localReply = (status: number, body: string, now: number, headers: [string, string][] = []): Response => ({
  status,
  headers: [
    ['content-length', String(encoder.encode(body).length)],
    ['content-type', 'text/plain'],
    ...headers,
    ['date', new Date(now).toUTCString()],
    ['server', 'envoy'],
  ],
  body: encoder.encode(body),
})

/**
 * The application's response as the caller gets it. `set` are the headers that the mesh says proxies write; none means
 * that no proxy read this as HTTP. Envoy writes names in lower case and drops hop-by-hop headers; a header that is set
 * again keeps its place.
 */
export const throughProxies = (
  response: Response,
  set: readonly [string, string][],
  now: number,
  route: { addResponseHeaders?: readonly [string, string][]; removeResponseHeaders?: readonly string[] } = {},
): Response => {
  if (set.length === 0) return response
  const { addResponseHeaders = [], removeResponseHeaders = [] } = route
  const written = new Map(set)
  const kept: [string, string][] = []
  for (const [raw, value] of response.headers) {
    const name = raw.toLowerCase()
    if (hopByHop.has(name) || removeResponseHeaders.includes(name)) continue
    kept.push([name, written.get(name) ?? value])
    written.delete(name)
  }
  if (!kept.some(([name]) => name === 'date')) kept.push(['date', new Date(now).toUTCString()])
  // The server's name comes last, as in Envoy's filter chain.
  const added = [...written].sort(([a], [b]) => Number(a === 'server') - Number(b === 'server'))
  return { ...response, headers: [...kept, ...addResponseHeaders, ...added] }
}

/** A proxy's own answer: what the mesh says it is, and the date. */
export const proxyAnswer = (
  effect: { status: number; headers: [string, string][]; body: string },
  now: number,
): Response => {
  const headers = effect.headers.filter(([name]) => name !== 'server')
  const server = effect.headers.filter(([name]) => name === 'server')
  return {
    status: effect.status,
    headers: [...headers, ['date', new Date(now).toUTCString()], ...server],
    body: encoder.encode(effect.body),
  }
}

/** 503 of the caller's sidecar when a Service has no ready endpoint. */
export const noHealthyUpstream = (now: number): Response => localReply(503, 'no healthy upstream', now)

/** 503 of a proxy whose pool is full (envoy source/common/router/router.cc, x-envoy-overloaded). */
export const overflow = (now: number, server: string): Response => {
  const body = 'upstream connect error or disconnect/reset before headers. reset reason: overflow'
  return named(localReply(503, body, now, [['x-envoy-overloaded', 'true']]), server)
}

/** What a local rate limit answers. */
export const rateLimited = (
  limit: { status: number; responseHeaders: [string, string][] },
  now: number,
  server: string,
): Response => named(localReply(limit.status, 'local_rate_limited', now, limit.responseHeaders), server)

const named = (response: Response, server: string): Response => ({
  ...response,
  headers: response.headers.map(([name, value]) => [name, name === 'server' ? server : value]),
})

const refused = 'remote connection failure, transport failure reason: delayed connect error: Connection refused'

/**
 * What the nearest proxy answers when the application did not; undefined when no proxy stands in between and the caller
 * meets the failure itself.
 */
export const appFailure = (failure: Failure, hops: Hops): Response | undefined => {
  if (!hops.client && !hops.server) return undefined
  const prefix = 'upstream connect error or disconnect/reset before headers.'
  // The server's sidecar does not retry; the caller's retries failed connections, and says so.
  const retried = hops.server ? 'reset reason' : 'retried and the latest reset reason'
  const answer = (status: number, body: string): Response => {
    const reply = localReply(status, body, hops.now)
    return hops.client ? reply : named(reply, 'istio-envoy')
  }
  if (failure.kind === 'refused') return answer(503, `${prefix} ${retried}: ${refused}`)
  if (failure.kind === 'reset' || failure.kind === 'empty')
    return answer(503, `${prefix} reset reason: connection termination`)
  if (failure.kind === 'tls') {
    const reason = failure.certificate
      ? 'TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end'
      : 'TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end'
    const says = `remote connection failure, transport failure reason: ${reason}`
    return answer(503, `${prefix} ${retried}: ${says}`)
  }
  if (failure.kind === 'not-http') return answer(502, `${prefix} reset reason: protocol error`)
  return undefined
}
