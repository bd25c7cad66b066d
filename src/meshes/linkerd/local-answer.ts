/**
 * What proxies answer by themselves when no policy does. Bodies are empty. The receiver's `l5d-proxy-error` does not reach
 * applications (see `decide.ts`); the caller's own proxy tells its application. Upstream: linkerd2-proxy
 * linkerd/app/outbound/src/http/server.rs, linkerd/app/inbound/src/http/router.rs (rescue), app/core/src/errors/respond.rs.
 * A Service without endpoints: the balancer waits three seconds for one, then fails every request at once until there is
 * one (linkerd/proxy/balance/queue/src/worker.rs, linkerd/app/src/env.rs); the text is each layer's own, from the logical
 * service to the balancer (linkerd2 issue 12720 has one).
 */
import type { Call } from '../call.ts'
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

/** Which layers the error went through on its way out. */
const through = ({ object, port }: NonNullable<Call['service']>): string => {
  const backend = `Service.${object.metadata.namespace}.${object.metadata.name}:${port.port}`
  return `logical service ${object.spec.clusterIP}:${port.port}: route default.http: backend ${backend}: ${backend}: `
}

/** See `Mesh.localAnswer`. */
export const localAnswer = (
  reason: LocalReason,
  by: 'client-proxy' | 'server-proxy',
  service?: Call['service'],
): LocalAnswer => ({
  status: statuses[reason],
  ...(reason === 'no-endpoints' ? { after: 3000 } : {}),
  headers: [
    ['content-length', '0'],
    ...(by === 'client-proxy'
      ? ([['l5d-proxy-error', `${reason === 'no-endpoints' && service ? through(service) : ''}${errors[reason]}`]] as [
          string,
          string,
        ][])
      : []),
    ...(reason === 'rate-limited' ? [] : ([['connection', 'close']] as [string, string][])),
  ],
  body: '',
})
