/**
 * What a response looks like after Envoy: the headers that a sidecar adds, and the answers it gives itself when the
 * application does not. Upstream: envoy/source/common/http/conn_manager_utility.cc (server header),
 * router.cc (x-envoy-upstream-service-time), istio/pilot/pkg/networking/core/listener_builder.go.
 */
import type { Call } from '../../meshes/call.ts'
import type { Failure, HttpExchange } from './dataplane.ts'

type Response = HttpExchange['response']

/** Which sidecars the exchange goes through. */
export interface Hops {
  client: boolean
  server: boolean
  call: Call
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
 * The response as the caller gets it. `set` are the mesh's own additions. A response of the application that passed no
 * proxy stays as it is; Envoy writes names in lower case, drops hop-by-hop headers and names itself as the server.
 */
export const throughProxies = (response: Response, hops: Hops, set: readonly [string, string][] = []): Response => {
  if (!hops.client && !hops.server) return response
  const replaced = new Set(set.map(([name]) => name))
  const kept = response.headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !hopByHop.has(name) && name !== 'server' && !replaced.has(name))
  const has = (name: string): boolean => kept.some(([each]) => each === name)
  const headers: [string, string][] = [...kept]
  const add = (name: string, value: string): void => {
    if (!replaced.has(name) && !has(name)) headers.push([name, value])
  }
  add('date', new Date(hops.now).toUTCString())
  // The caller's sidecar writes its own name over the server's; without one the server's sidecar shows as istio-envoy.
  add('server', hops.client ? 'envoy' : 'istio-envoy')
  return { ...response, headers: [...headers, ...set] }
}

/** 503 of the caller's sidecar when a Service has no ready endpoint. */
export const noHealthyUpstream = (now: number): Response => localReply(503, 'no healthy upstream', now)

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
  if (failure.kind === 'refused')
    return throughProxies(localReply(503, `${prefix} ${retried}: ${refused}`, hops.now), hops)
  if (failure.kind === 'reset' || failure.kind === 'empty')
    return throughProxies(localReply(503, `${prefix} reset reason: connection termination`, hops.now), hops)
  if (failure.kind === 'not-http')
    return throughProxies(localReply(502, `${prefix} reset reason: protocol error`, hops.now), hops)
  return undefined
}
