/**
 * Envoy's own statistics, as far as security labs read them: limits that were hit, and what filters refused. Names as Istio
 * configures them: pilot/pkg/util (DelimitedStatsPrefix ends a prefix with `;`), envoy documentation "Cluster manager,
 * statistics" and "RBAC, statistics". Not modelled: everything else Envoy counts, `rbac.allowed`, dry-run results.
 */
import type { ProxyRecord } from './record.ts'

const ofCluster = ({ upstream, flags, details }: ProxyRecord): Record<string, number> => {
  if (!upstream.cluster.startsWith('outbound|')) return {}
  const name = `cluster.${upstream.cluster};.`
  const isAnswered = details === 'via_upstream'
  if (flags === 'UO' && isAnswered) return { [`${name}upstream_rq_total`]: 1, [`${name}upstream_rq_retry_overflow`]: 1 }
  if (flags === 'UO') return { [`${name}upstream_rq_pending_overflow`]: 1 }
  if (flags === 'UT') return { [`${name}upstream_rq_total`]: 1, [`${name}upstream_rq_timeout`]: 1 }
  return upstream.host === '-' ? {} : { [`${name}upstream_rq_total`]: 1 }
}

const filters: readonly [details: RegExp, name: string][] = [
  [/^rbac_access_denied/, 'rbac.denied'],
  [/^ext_authz_denied$/, 'ext_authz.denied'],
  [/^ext_authz_error$/, 'ext_authz.error'],
]

/** What a filter refused. A gateway's listeners are outbound ones. */
const ofListener = ({ details, termination, isHttp, downstream, isGateway }: ProxyRecord): Record<string, number> => {
  const why = isHttp || termination === '-' ? details : termination
  const name = filters.find(([pattern]) => pattern.test(why))?.[1]
  if (name === undefined) return {}
  const port = /\d+$/.exec(downstream.local)?.[0] ?? ''
  const direction = isGateway ? 'outbound' : 'inbound'
  return { [isHttp ? `http.${direction}_0.0.0.0_${port};.${name}` : `tcp.${name}`]: 1 }
}

/** envoy source/extensions/filters/http/local_ratelimit/local_ratelimit.cc: every limit that was asked, by its prefix. */
const ofRateLimits = ({ rateLimits = [] }: ProxyRecord): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { statPrefix, taken } of rateLimits) {
    const names = taken === 'ok' ? ['ok'] : taken === 'over' ? ['rate_limited'] : ['rate_limited', 'enforced']
    for (const name of ['enabled', ...names]) {
      const full = `${statPrefix}.http_local_rate_limit.${name}`
      counts[full] = (counts[full] ?? 0) + 1
    }
  }
  return counts
}

/** What this exchange adds to the statistics of that proxy. */
export const statsOf = (record: ProxyRecord): Record<string, number> => {
  if (record.isRefusedByListener) return {}
  if (record.side === 'server') return { ...ofListener(record), ...ofRateLimits(record) }
  return { ...(record.isHttp ? ofCluster(record) : {}), ...(record.isGateway ? ofListener(record) : {}) }
}
