/**
 * Filters as `/config_dump` shows them. RBAC filters carry the names of policies and rules, which is what
 * `istioctl x authz check` reads. Upstream: pilot/pkg/networking/core/listener_builder.go, filterchain_options.go,
 * pilot/pkg/security/authz/builder.
 * Not modelled: the matchers inside RBAC policies, JWT filters, CUSTOM's filters, filters that no lab reads.
 */
import type { Pod } from '../../../kube/kinds.ts'
import { hasLabels } from '../../match/labels.ts'
import type { AuthorizationPolicy } from '../authorization-policy.ts'
import type { IstioModel } from '../compile.ts'
import { byId, entriesOf } from '../rbac.ts'

type Json = Record<string, unknown>

const managerType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const proxyType = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'
const routerType = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'
const rbacTypes = {
  http: 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC',
  network: 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC',
}

export interface Filter {
  name: string
  typed_config: Json & { route_config?: { name?: string; virtual_hosts: Json[] } }
}

export interface Chain {
  filters: Filter[]
  [field: string]: unknown
}

export const address = (host: string, port: number) => ({ socket_address: { address: host, port_value: port } })

/** Bytes to a cluster. */
export const proxy = (cluster: string): Filter => ({
  name: 'envoy.filters.network.tcp_proxy',
  typed_config: { '@type': proxyType, stat_prefix: cluster, cluster },
})

/** Bytes to one of several clusters, by weight. */
export const weighted = (prefix: string, clusters: readonly { name: string; weight: number }[]): Filter => ({
  name: 'envoy.filters.network.tcp_proxy',
  typed_config: { '@type': proxyType, stat_prefix: prefix, weighted_clusters: { clusters } },
})

/** HTTP. @param routes `rds` or `route_config` */
export const manager = (prefix: string, routes: Json, filters: readonly Filter[] = []): Filter => ({
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: {
    '@type': managerType,
    stat_prefix: prefix,
    ...routes,
    http_filters: [...filters, { name: 'envoy.filters.http.router', typed_config: { '@type': routerType } }],
  },
})

/** The policies that guard the pod. */
const guards = (model: IstioModel, pod: Pod): AuthorizationPolicy[] => {
  const namespace = pod.metadata.namespace ?? 'default'
  return [...new Set([model.config.rootNamespace, namespace])]
    .flatMap((where) => model.authorization.get(where) ?? [])
    .filter((policy) => !policy.targeted && hasLabels(policy.labels, pod.metadata.labels))
}

const tableOf = (policies: readonly AuthorizationPolicy[], kind: 'http' | 'network', action: string): Json => {
  const rules = policies
    .flatMap(entriesOf)
    .filter((entry) => entry.rule === undefined || (kind === 'http' ? entry.http : entry.tcp) !== undefined)
    .sort(byId)
  return {
    ...(action === 'ALLOW' ? {} : { action: action === 'AUDIT' ? 'LOG' : 'DENY' }),
    ...(rules.length > 0 ? { policies: Object.fromEntries(rules.map(({ id }) => [id, {}])) } : {}),
  }
}

/** One filter for each action that has a policy, in the order of asking; dry runs are shadow rules. */
export const rbacFilters = (model: IstioModel, pod: Pod, kind: 'http' | 'network'): Filter[] => {
  const all = guards(model, pod)
  return (['AUDIT', 'DENY', 'ALLOW'] as const).flatMap((action) => {
    const own = all.filter((policy) => policy.action === action)
    const [enforced, dry] = [own.filter(({ dryRun }) => !dryRun), own.filter(({ dryRun }) => dryRun)]
    if (own.length === 0) return []
    return [
      {
        name: `envoy.filters.${kind}.rbac`,
        typed_config: {
          '@type': rbacTypes[kind],
          ...(enforced.length > 0 ? { rules: tableOf(enforced, kind, action) } : {}),
          ...(dry.length > 0 ? { shadow_rules: tableOf(dry, kind, action) } : {}),
          ...(action === 'AUDIT' ? {} : { shadow_rules_stat_prefix: `istio_dry_run_${action.toLowerCase()}_` }),
          ...(kind === 'network' ? { stat_prefix: 'tcp.' } : {}),
        },
      },
    ]
  })
}
