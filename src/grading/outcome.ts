/**
 * What a probe met, in the words of a check. "Refused" is kept for a connection that the other side's proxy would not
 * have; a workload that is down, or a name that does not exist, is "unreachable" and never counts as secured.
 */
import type { CurlResult } from './curl.ts'

export type OutcomeKind = 'ok' | 'status' | 'denied' | 'refused' | 'dropped' | 'unreachable'

export interface Outcome {
  kind: OutcomeKind
  /** For one line: `200`, `403 RBAC: access denied`, `refused (connection reset)`. */
  says: string
}

const refusals: Record<number, string> = {
  35: 'TLS handshake refused',
  52: 'closed without an answer',
  55: 'connection reset while sending',
  56: 'connection reset',
}

const unreachable: Record<number, string> = {
  3: 'the URL is malformed',
  5: 'no such proxy',
  6: 'no such name',
  7: 'nothing listens there',
}

/** The 503 that the caller's own sidecar writes when the other side would not have the connection. */
const upstreamRefused = /reset reason: (connection termination|remote connection failure|connection failure)/
const connectionRefused = /delayed connect error: (\d+|Connection refused)/
/** The 503 that it writes when nothing answered at all. */
const upstreamSilent = /reset reason: connection timeout/
const noUpstream = /no healthy upstream|no_healthy_upstream/

/**
 * Policies answer 403 with these: Envoy's and Cilium's proxies by their words, linkerd2-proxy without any (its
 * `l5d-proxy-error` ends at the caller's proxy), which applications hardly ever do.
 */
const policyBody = /^(RBAC: access denied|Access denied)\s*$/

/** What of a probe's result tells. */
export type Answered = Pick<CurlResult, 'exitCode' | 'status' | 'headers' | 'body'>

const isBare = ({ body, headers }: Answered): boolean =>
  body === '' && headers.every(([name]) => ['content-length', 'date', 'connection'].includes(name))

const isPolicyDenial = (result: Answered): boolean =>
  policyBody.test(result.body) || isBare(result) || result.headers.some(([name]) => name === 'l5d-proxy-error')

/** What Linkerd's proxy tells its own application of a Service without endpoints (linkerd2-proxy linkerd/stack/src/failfast.rs). */
const isFailFast = ({ status, headers }: Answered): boolean =>
  status === 504 && headers.some(([name, value]) => name === 'l5d-proxy-error' && value.endsWith('in fail-fast'))

/** Reads a probe's result. */
export const classify = (result: Answered): Outcome => {
  const { exitCode, status, body } = result
  if (exitCode === 28) return { kind: 'dropped', says: 'no answer' }
  const refusal = refusals[exitCode]
  if (refusal !== undefined) return { kind: 'refused', says: `refused (${refusal})` }
  if (exitCode !== 0 || status === undefined)
    return { kind: 'unreachable', says: `unreachable (${unreachable[exitCode] ?? `curl exit ${exitCode}`})` }
  if (status === 403 && isPolicyDenial(result))
    return { kind: 'denied', says: result.body === '' ? '403 from a proxy' : '403 RBAC: access denied' }
  if (isFailFast(result)) return { kind: 'unreachable', says: '504 service in fail-fast' }
  if (status === 503 && noUpstream.test(body)) return { kind: 'unreachable', says: '503 no healthy upstream' }
  if (status === 503 && connectionRefused.test(body)) return { kind: 'unreachable', says: '503 nothing listens there' }
  if (status === 503 && upstreamSilent.test(body))
    return { kind: 'dropped', says: 'no answer (503 from its own sidecar)' }
  if (status === 503 && upstreamRefused.test(body))
    return { kind: 'refused', says: 'refused (503 from its own sidecar)' }
  return { kind: status < 400 ? 'ok' : 'status', says: String(status) }
}
