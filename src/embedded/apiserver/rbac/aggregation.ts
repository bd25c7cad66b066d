/**
 * Keeps the rules of aggregated ClusterRoles: those of every role that their selectors choose, by name, each rule once.
 * Follows kubernetes/kubernetes pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { LabelSelector } from '../../../kube/kinds.ts'
import { selects } from '../../kinds/selector.ts'
import type { Registry } from '../../registry.ts'
import { sameJson } from '../equality.ts'
import { rbacResources } from './authorizer.ts'
import type { PolicyRule } from './rules.ts'

interface ClusterRole extends KubeObject {
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] }
  rules?: PolicyRule[]
}

/** Follows every change from now on; what is there is taken as right. @returns the function that stops it */
export const startRoleAggregation = (registry: Registry): (() => void) => {
  const drawTogether = ({ metadata: { name }, aggregationRule }: ClusterRole): void => {
    const rules: PolicyRule[] = []
    for (const selector of aggregationRule?.clusterRoleSelectors ?? []) {
      for (const role of registry.list(rbacResources.clusterRoles) as ClusterRole[]) {
        if (role.metadata.name === name || !selects(selector, role.metadata.labels)) continue
        for (const rule of role.rules ?? []) if (!rules.some((known) => sameJson(known, rule))) rules.push(rule)
      }
    }
    registry.mutate(
      rbacResources.clusterRoles,
      name,
      undefined,
      (draft) => {
        const role = draft as ClusterRole
        if (sameJson(role.rules ?? [], rules)) return false
        role.rules = structuredClone(rules)
        return undefined
      },
      { fieldManager: 'clusterrole-aggregation-controller' },
    )
  }
  return registry.watch(rbacResources.clusterRoles, () => {
    for (const role of registry.list(rbacResources.clusterRoles) as ClusterRole[])
      if (role.aggregationRule) drawTogether(role)
  })
}
