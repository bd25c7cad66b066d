/**
 * Nobody grants what they do not hold. Follows kubernetes/kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,
 * clusterrolebinding}/policybased/storage.go: checked before validation, unless the rules (or the roleRef) stay the same.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../admission.ts'
import type { User } from '../auth.ts'
import { sameJson } from '../equality.ts'
import { forbidden, notFound } from '../errors.ts'
import { type Authorizer, type Binding, isAdmin, rbacResources } from './authorizer.ts'
import { describeRule, missingRules, type PolicyRule } from './rules.ts'

const group = 'rbac.authorization.k8s.io'

interface Role extends KubeObject {
  rules?: PolicyRule[]
  aggregationRule?: unknown
}

const everything: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

const quoted = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`

export const escalationPlugin = (authorizer: Authorizer): AdmissionPlugin => {
  const confirm = (request: AdmissionRequest, user: User, wanted: readonly PolicyRule[]): void => {
    const { rules } = authorizer.rulesFor(user, request.namespace)
    const missing = missingRules(rules, wanted)
    if (missing.length === 0) return
    const texts = [...new Set(missing.map(describeRule))].sort().join('\n')
    const who = `user ${JSON.stringify(user.username)} (groups=${quoted(user.groups)})`
    const says = `${who} is attempting to grant RBAC permissions not currently held:\n${texts}`
    throw forbidden({ group, resource: request.resource }, request.object?.metadata.name ?? '', says)
  }
  const may = (request: AdmissionRequest, user: User, verb: string, resource: string, name: string): boolean =>
    authorizer.authorize(user, { verb, group, resource, namespace: request.namespace, name }).allowed

  const checkRole = (request: AdmissionRequest, user: User): void => {
    const { aggregationRule, metadata, ...role } = request.object as Role
    const rules = role.rules ?? []
    const old = request.oldObject as Role | undefined
    const same = old && sameJson(rules, old.rules ?? []) && sameJson(aggregationRule, old.aggregationRule)
    if (same || may(request, user, 'escalate', request.resource, metadata.name)) return
    if (rules.length > 0) confirm(request, user, rules)
    // Whoever says which roles are drawn together may end up with any right.
    if (aggregationRule !== undefined) {
      const held = authorizer.rulesFor(user, undefined).rules
      if (missingRules(held, everything).length > 0)
        throw forbidden(
          rbacResources.clusterRoles,
          metadata.name,
          'must have cluster-admin privileges to use an aggregationRule',
        )
    }
  }

  const checkBinding = (request: AdmissionRequest, user: User): void => {
    const { roleRef, subjects } = request.object as Binding
    const old = request.oldObject as Binding | undefined
    if (old && sameJson(roleRef, old.roleRef) && sameJson(subjects, old.subjects)) return
    const name = roleRef?.name ?? ''
    const resource = roleRef?.kind === 'Role' ? 'roles' : 'clusterroles'
    if (may(request, user, 'bind', resource, name)) return
    const rules = authorizer.rulesOfRole(roleRef ?? {}, request.namespace)
    if (typeof rules === 'string') throw notFound({ group, resource }, name)
    confirm(request, user, rules)
  }

  return {
    name: 'RBACEscalation',
    mutate: (request) => {
      const { user, operation, object } = request
      if (!user || isAdmin(user) || request.group !== group || operation === 'DELETE' || !object) return
      if (request.resource === 'roles' || request.resource === 'clusterroles') checkRole(request, user)
      else checkBinding(request, user)
    },
  }
}
