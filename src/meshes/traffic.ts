/**
 * An exchange or connection that is over, as plain data: what a mesh needs to say what its proxies wrote about it. The
 * embedded data plane's reports have this shape; so could a capture from anywhere else.
 */
import type { Pod, Service, ServicePort } from '../kube/kinds.ts'
import type { Call, HttpRequest } from './call.ts'
import type { Verdict } from './verdict.ts'

export interface Finished {
  from: Pod
  /** Host and port as the client wrote them, and the address that it dialled where one was found. */
  dialled: { host: string; port: number; address?: string }
  /** Present when a pod was found to talk to. */
  call?: Call
  /** The Service that was asked for; without a `call`, it had no ready endpoint. */
  service?: { object: Service; port: ServicePort }
  verdict?: Verdict
  /** HTTP as the client wrote it; absent for a connection of plain bytes. */
  request?: HttpRequest
  /** The same request as the application got it. Absent: it never got there. */
  forwarded?: HttpRequest
  response?: { status: number; headers: readonly (readonly [name: string, value: string])[] }
  /** How the connection ended for the client instead, or how the application failed a proxy that then answered. */
  failure?: { kind: string }
  /** Payload bytes that the client sent and got. */
  bytes: { sent: number; received: number }
  /** Milliseconds since the epoch. */
  start: number
  /** Milliseconds that the whole took, and that the application took of it. */
  duration: number
  serviceTime?: number
  /** What the receiver's rate limits said of it: `over` and let pass, or turned away (`enforced`). */
  rateLimits?: readonly { statPrefix: string; taken: 'ok' | 'over' | 'enforced' }[]
}

/** A number that a proxy counted. Counters and histograms add up over its life; labels stay in the order given. */
export interface Sample {
  name: string
  kind: 'counter' | 'histogram'
  value: number
  labels: Record<string, string>
  /** Of a histogram: the upper bounds of its buckets, ascending. Absent: Envoy's. */
  bounds?: readonly number[]
  /** Labels whose value is an expression over the report's attributes; one that cannot be evaluated is `unknown`. */
  computed?: Record<string, string>
}

/** What one proxy did about one exchange. */
export interface ProxyReport {
  pod: Pod
  container: string
  /** Lines for its log; `when` is an expression over the attributes that must be true. */
  lines: { text: string; when?: string }[]
  /** May be worked out when it is read: most numbers never are. */
  readonly samples: readonly Sample[]
  /** The proxy's own statistics by name (`cluster.outbound|80||….upstream_rq_total`), to be added up. */
  stats: Record<string, number>
  /** What expressions see: CEL values by name (`request`, `response`, `connection`, …). Integers are bigints. */
  readonly attributes: Record<string, unknown>
}
