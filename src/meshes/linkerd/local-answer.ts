/**
 * What proxies answer by themselves when no policy does. Bodies are empty. The receiver's `l5d-proxy-error` does not reach
 * applications (see `decide.ts`); the caller's own proxy tells its application. Upstream: linkerd2-proxy
 * linkerd/app/outbound/src/http/server.rs, linkerd/app/inbound/src/http/router.rs (rescue), app/core/src/errors/respond.rs.
 * Not modelled: the caller's proxy fails fast after three seconds, here at once; its text names the route and backend too.
 */
import type { LocalAnswer, LocalReason } from '../mesh.ts'

const statuses: Record<LocalReason, number> = {
  'no-endpoints': 504,
  refused: 502,
  reset: 502,
  'rate-limited': 429,
}

const errors: Record<LocalReason, string> = {
  'no-endpoints': 'service in fail-fast',
  refused: 'Connection refused (os error 111)',
  reset: 'connection closed before message completed',
  'rate-limited': 'rate limit exceeded',
}

export const localAnswer = (reason: LocalReason, by: 'client-proxy' | 'server-proxy'): LocalAnswer => ({
  status: statuses[reason],
  headers: [
    ['content-length', '0'],
    ...(by === 'client-proxy' ? ([['l5d-proxy-error', errors[reason]]] as [string, string][]) : []),
    ...(reason === 'rate-limited' ? [] : ([['connection', 'close']] as [string, string][])),
  ],
  body: '',
})
