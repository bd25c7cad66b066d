/**
 * Envoy's own statistics, as far as security labs read them: limits that were hit, and what RBAC refused. Names as Istio
 * configures them: pilot/pkg/util (DelimitedStatsPrefix ends a prefix with `;`), envoy documentation "Cluster manager,
 * statistics" and "RBAC, statistics". Not modelled: everything else Envoy counts, `rbac.allowed`, dry-run results.
 */
import type { ProxyRecord } from './record.ts'

const ofCluster = ({ upstream, flags }: ProxyRecord): Record<string, number> => {
  if (!upstream.cluster.startsWith('outbound|')) return {}
  const name = `cluster.${upstream.cluster};.`
  if (flags === 'UO') return { [`${name}upstream_rq_pending_overflow`]: 1 }
  if (flags === 'UT') return { [`${name}upstream_rq_total`]: 1, [`${name}upstream_rq_timeout`]: 1 }
  return upstream.host === '-' ? {} : { [`${name}upstream_rq_total`]: 1 }
}

const ofListener = ({ details, termination, isHttp, downstream }: ProxyRecord): Record<string, number> => {
  if (!/^rbac_access_denied/.test(isHttp ? details : termination)) return {}
  const port = /\d+$/.exec(downstream.local)?.[0] ?? ''
  return { [isHttp ? `http.inbound_0.0.0.0_${port};.rbac.denied` : 'tcp.rbac.denied']: 1 }
}

/** What this exchange adds to the statistics of that proxy. */
export const statsOf = (record: ProxyRecord): Record<string, number> => {
  if (record.isRefusedByListener) return {}
  return record.side === 'client' ? (record.isHttp ? ofCluster(record) : {}) : ofListener(record)
}
