/** `istioctl experimental authz check <pod>`. Upstream: istio/istio istioctl/pkg/authz/listener.go. */
import { findPod, type Subcommand, ToolError, table } from './context.ts'
import { chainsOf, type Filter, readDump } from './dump.ts'

const policyName = /(?:istio-ext-authz-)?ns\[(.+)\]-policy\[(.+)\]-rule\[(.+)\]/

const rbacOf = (filter: Filter): Filter[] => {
  if (filter.name === 'envoy.filters.network.rbac' || filter.name === 'envoy.filters.http.rbac') return [filter]
  return (filter.typed_config?.http_filters ?? []).flatMap(rbacOf)
}

export const authz: Subcommand = async (context, [verb, named]) => {
  if (verb !== 'check') throw new ToolError('usage: istioctl experimental authz check <pod-name>[.<namespace>]')
  const dump = await readDump(context, await findPod(context, named))
  const found = new Map<string, Map<string, Set<string>>>()
  const add = (action: string, name: string, rule: string): void => {
    const policies = found.get(action) ?? new Map<string, Set<string>>()
    policies.set(name, (policies.get(name) ?? new Set()).add(rule))
    found.set(action, policies)
  }
  for (const { typed_config: config } of dump.listeners
    .flatMap(chainsOf)
    .flatMap(({ filters = [] }) => filters.flatMap(rbacOf))) {
    const action = config?.rules?.action ?? 'ALLOW'
    const names = Object.keys(config?.rules?.policies ?? {})
    for (const name of names) {
      const parts = policyName.exec(name)
      if (parts) add(action, `${parts[2]}.${parts[1]}`, parts[3]!)
    }
    if (config?.rules && names.length === 0) add(action, '_anonymous_match_nothing_', '0')
  }
  const rows = ['DENY', 'ALLOW', 'LOG', 'CUSTOM'].flatMap((action) =>
    [...(found.get(action) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, rules]) => [action, name, String(rules.size)]),
  )
  context.out(table([['ACTION', 'AuthorizationPolicy', 'RULES'], ...rows], 3))
  return 0
}
