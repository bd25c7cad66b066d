/** What the engine says should happen to a call, and why. The only result of `decide`; never a bare boolean. */
import type { ObjectRef } from '../kube/api.ts'
import type { Pod } from '../kube/kinds.ts'

/** Where in which object a reason stands. */
export interface Evidence {
  object: ObjectRef
  /** A field path inside the object: `spec.rules[0].to[0].operation.paths`. */
  field?: string
  /** Index of the rule, where the object has rules. */
  rule?: number
}

/** One question that was asked on the way, in the order of asking, answered in the mesh's own terms. */
export interface Step {
  /** Where it was asked: the caller's proxy, the connection, the receiver's proxy, or the application. */
  at: 'client' | 'wire' | 'server' | 'app'
  /** What the step decided for the call. `info` decides nothing; `unknown` could not be decided. */
  outcome: 'pass' | 'deny' | 'info' | 'unknown'
  /** One sentence, e.g. `PeerAuthentication production/default is STRICT: plaintext is refused`. */
  says: string
  evidence?: Evidence
}

/**
 * What the calling application meets.
 * - `forward`: the request reaches the application (with the header changes of `Forwarding`).
 * - `respond`: a proxy answers instead.
 * - `reset`: the connection is reset (curl exit 56); `close`: closed without a byte (curl exit 52);
 *   `refuse`: nothing listens (curl exit 7); `drop`: no answer at all (curl exit 28).
 */
export type Effect =
  | { kind: 'forward'; forwarding: Forwarding }
  | { kind: 'respond'; by: 'client-proxy' | 'server-proxy'; status: number; headers: [string, string][]; body: string }
  | { kind: 'reset' }
  | { kind: 'close' }
  | { kind: 'refuse' }
  | { kind: 'drop' }

/** How proxies change a request that they let through, and the response to it. Header names are lower-case. */
export interface Forwarding {
  setRequestHeaders: [string, string][]
  removeRequestHeaders: string[]
  setResponseHeaders: [string, string][]
  /** Lines that a route adds to the response, and names that it takes out. */
  addResponseHeaders?: [string, string][]
  removeResponseHeaders?: string[]
}

/** How many requests a proxy lets run at once. Absent numbers: no limit. */
export interface Limits {
  /** Requests in flight. */
  requests?: number
  /** Connections, which for HTTP/1.1 are requests in flight too; what exceeds them waits. */
  connections?: number
  /** Requests that may wait for a connection. */
  pending?: number
  /** Requests that are asked again at the same time. */
  retries?: number
  evidence: Evidence
}

/** When a proxy stops sending to an endpoint that fails. Times in milliseconds. */
export interface OutlierDetection {
  /** Consecutive answers of 500 and more; 0: off. */
  serverErrors: number
  /** Consecutive 502, 503, 504 and failed connections; 0: off. */
  gatewayErrors: number
  interval: number
  baseEjectionTime: number
  maxEjectionPercent: number
  /** Below this share of healthy endpoints all are used again; 0: never. */
  minHealthPercent: number
  evidence: Evidence
}

/** Further attempts of a proxy; `on` in Envoy's terms (`connect-failure`, `5xx`, `503`). */
export interface Retries {
  attempts: number
  on: readonly string[]
  /** Milliseconds that one attempt may take. */
  perTry?: number
}

/** TLS that a proxy of the receiver ends: with which certificate, and whether it asks for the client's. */
export interface EndsTls {
  secret: { namespace: string; name: string }
  mutual: boolean
}

/** Where the caller's proxy sends a call, and what it watches meanwhile: state lives with whoever sends for real. */
export interface Upstream {
  /** `outbound|80|v1|orders.production.svc.cluster.local`, `PassthroughCluster` */
  cluster: string
  /** %ROUTE_NAME% */
  route?: string
  destination: Pod
  port: number
  /** Addresses of all endpoints of the cluster, of which outlier detection may eject some. */
  endpoints: readonly string[]
  limits?: Limits
  outlierDetection?: OutlierDetection
  /** Milliseconds until the proxy gives up a connection that nobody answers; absent: 10 s. */
  connectTimeout?: number
  /** Milliseconds until the proxy answers 504. */
  timeout?: number
  retries?: Retries
  /** Milliseconds that a fault holds the request back first. */
  delay?: number
  /** Whose proxy it is, when not the caller's: a gateway's. */
  proxy?: Pod
  /** The proxy itself starts TLS with the receiver: the application must speak it. */
  startsTls?: { serverName?: string; verify: boolean }
}

/** A token bucket in the receiver's proxy. */
export interface RateLimit {
  /** Names the bucket among those of one proxy. */
  key: string
  maxTokens: number
  tokensPerFill: number
  /** Milliseconds. */
  fillInterval: number
  /** Percent of requests that are counted, and of those over the limit that are answered. */
  enabled: number
  enforced: number
  status: number
  responseHeaders: [string, string][]
  /** Under which its counters stand. Absent: nobody counts. */
  statPrefix?: string
  /** Whether it is asked before authentication and authorization, or after. */
  first: boolean
  evidence: Evidence
}

/** What the receiver's proxy watches. */
export interface Inbound {
  /** `inbound|8080||` */
  cluster: string
  limits?: Limits
  rateLimits?: readonly RateLimit[]
}

/** How the bytes travel between the two pods. `none`: they never do. */
export type Transport = 'mtls' | 'tls' | 'plaintext' | 'none'

/** What one sidecar writes about the call in its access log. */
export interface ProxyLog {
  /** %RESPONSE_CODE%; 0 when no response was sent. */
  status: number
  /** %RESPONSE_FLAGS%: `-`, `NR`, `UC`, `UF,URX`. */
  flags: string
  /** %RESPONSE_CODE_DETAILS%: `rbac_access_denied_matched_policy[none]`, `filter_chain_not_found`; `-` for none. */
  details: string
  /** %CONNECTION_TERMINATION_DETAILS%, for what a filter of a TCP connection decided. */
  termination?: string
  /** %UPSTREAM_TRANSPORT_FAILURE_REASON% */
  transportFailure?: string
}

/**
 * The access log of each sidecar, where it differs from the ordinary one (the application's status, `-`,
 * `via_upstream`). A side that is absent logs the ordinary line, or is not known.
 */
export interface Logged {
  client?: ProxyLog
  server?: ProxyLog
}

/** The application answers; a 403 of a proxy; no answer, because a proxy refuses or ends the connection. */
export type Gist = 'forwarded' | 'forbidden' | 'refused'

/** Some fields are worked out when they are first read, so a copy is made with `plainVerdict`, never by spreading. */
export interface Verdict {
  /** `unknown`: a field that matters here is not modelled; `steps` name it. It is never a guess. */
  outcome: 'allow' | 'deny' | 'unknown'
  transport: Transport
  /**
   * How the call left the caller's pod, whatever the receiver made of it: a request in plaintext that STRICT refuses was
   * on the wire all the same. Absent when nothing left.
   */
  sent?: Exclude<Transport, 'none'>
  /** A proxy on the way reads the call as HTTP and can answer for the application. Absent: see `Forwarding`. */
  http?: boolean
  /** The caller as the receiver's proxy knows it, e.g. `spiffe://cluster.local/ns/production/sa/frontend`. */
  identity?: string
  /** What the caller meets. Absent only with `unknown`. */
  effect?: Effect
  /** The same in a word, where that is known without working out the effect. */
  gist?: Gist
  /** What decided: the object, or absent for a default. */
  decidedBy?: Evidence
  /** One sentence for people: the deciding step's. */
  because: string
  steps: Step[]
  /** Set for denials. */
  logged?: Logged
  /** Present when a proxy of the caller picked where the call goes. */
  upstream?: Upstream
  /** Present when a proxy of the receiver has limits of its own. */
  inbound?: Inbound
  /** Present when a gateway ends the TLS of the application, whatever becomes of the request then. */
  endsTls?: EndsTls
}

/**
 * How an embedded cluster tells of an `unknown` verdict, in logs and through the clients that meet it: words that no real
 * mesh has, so that nobody takes the reset for an answer.
 */
export const notModelled = 'meshdojo: not modelled, connection reset: '

/** What is told of an `unknown` verdict; undefined for any other, and where no mesh decided. */
export const toldUnmodelled = (verdict: Verdict | undefined): string | undefined =>
  verdict?.outcome === 'unknown' ? `${notModelled}${verdict.because}` : undefined

/** Something `compile` could not use, or does not model. It travels as data; it never throws. */
export interface Problem {
  object: ObjectRef
  field?: string
  says: string
  /** `invalid`: the mesh ignores it too. `unmodelled`: the mesh honours it and this engine does not. */
  kind: 'invalid' | 'unmodelled'
}

/** Every field of a verdict that says something of its own, so that a copy forgets none. */
const fields: Record<Exclude<keyof Verdict, 'gist'>, true> = {
  outcome: true,
  transport: true,
  sent: true,
  http: true,
  identity: true,
  effect: true,
  decidedBy: true,
  because: true,
  steps: true,
  logged: true,
  upstream: true,
  inbound: true,
  endsTls: true,
}

/** The verdict as plain data, with everything worked out. */
export const plainVerdict = (verdict: Verdict): Verdict => {
  const names = Object.keys(fields) as (keyof typeof fields)[]
  const told = names.map((name) => [name, verdict[name]] as const).filter(([, value]) => value !== undefined)
  return Object.fromEntries(told) as unknown as Verdict
}
