/**
 * RBAC over the stored roles and bindings. Follows kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/rbac.go and
 * pkg/registry/rbac/validation/rule.go. Not modelled: the node authorizer (nodes are simulated inside the process).
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { Registry } from '../../registry.ts'
import type { Attributes, Decision, User } from '../auth.ts'
import { type PolicyRule, ruleAllows } from './rules.ts'

export interface RoleRef {
  apiGroup?: string
  kind?: string
  name?: string
}

export interface Subject {
  kind?: string
  name?: string
  namespace?: string
}

export interface Binding extends KubeObject {
  roleRef: RoleRef
  subjects?: Subject[]
}

export interface Authorizer {
  authorize(user: User, asked: Attributes): Decision
  /** Every rule that holds for the user there, in the order in which they are found, and what could not be found. */
  rulesFor(user: User, namespace: string | undefined): { rules: PolicyRule[]; errors: string[] }
  /** The rules of the role that a binding of that namespace names; an error text when there is none. */
  rulesOfRole(roleRef: RoleRef, namespace: string | undefined): PolicyRule[] | string
}

const group = 'rbac.authorization.k8s.io'
export const rbacResources = {
  roles: { group, resource: 'roles' },
  clusterRoles: { group, resource: 'clusterroles' },
  roleBindings: { group, resource: 'rolebindings' },
  clusterRoleBindings: { group, resource: 'clusterrolebindings' },
}

export const isAdmin = (user: User): boolean => user.groups.includes('system:masters')

const appliesTo = (user: User, { kind, name, namespace }: Subject, home: string): boolean => {
  if (kind === 'User') return user.username === name
  if (kind === 'Group') return name !== undefined && user.groups.includes(name)
  const from = namespace || home
  return kind === 'ServiceAccount' && from !== '' && user.username === `system:serviceaccount:${from}:${name}`
}

const describeSubject = ({ kind, name, namespace }: Subject, home: string): string =>
  kind === 'ServiceAccount' ? `${kind} "${name}/${namespace || home}"` : `${kind} "${name}"`

const aggregate = (errors: readonly string[]): string => {
  const texts = [...new Set(errors)]
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
}

export const createAuthorizer = (registry: Registry): Authorizer => {
  const rulesOfRole: Authorizer['rulesOfRole'] = ({ kind, name = '' }, namespace) => {
    const inNamespace = kind === 'Role'
    const resource = inNamespace ? rbacResources.roles : rbacResources.clusterRoles
    const role = registry.get(resource, name, inNamespace ? namespace : undefined)
    if (!role) return `${inNamespace ? 'role' : 'clusterrole'}.${group} "${name}" not found`
    return (role as { rules?: PolicyRule[] }).rules ?? []
  }

  /** Calls back for each rule and each dangling reference until it answers false. */
  const visit = (
    user: User,
    namespace: string | undefined,
    visitor: (rule: PolicyRule | undefined, source: () => string, error?: string) => boolean,
  ): void => {
    const places = [{ resource: rbacResources.clusterRoleBindings, home: '' }]
    if (namespace) places.push({ resource: rbacResources.roleBindings, home: namespace })
    for (const { resource, home } of places) {
      for (const object of registry.list(resource, home ? { namespace: home } : {})) {
        const { metadata, roleRef, subjects = [] } = object as Binding
        const subject = subjects.find((candidate) => appliesTo(user, candidate, home))
        if (!subject) continue
        const rules = rulesOfRole(roleRef, home)
        const source = () =>
          `${object.kind} "${metadata.name}${home ? `/${home}` : ''}" of ${roleRef.kind} "${roleRef.name}" to ${describeSubject(subject, home)}`
        if (typeof rules === 'string') {
          if (!visitor(undefined, source, rules)) return
        } else for (const rule of rules) if (!visitor(rule, source)) return
      }
    }
  }

  return {
    authorize: (user, asked) => {
      if (isAdmin(user)) return { allowed: true }
      let reason: string | undefined
      const errors: string[] = []
      visit(user, 'path' in asked ? undefined : asked.namespace, (rule, source, error) => {
        if (error) errors.push(error)
        if (!rule || !ruleAllows(rule, asked)) return true
        reason = `RBAC: allowed by ${source()}`
        return false
      })
      if (reason) return { allowed: true, reason }
      return { allowed: false, ...(errors.length > 0 ? { reason: `RBAC: ${aggregate(errors)}` } : {}) }
    },
    rulesFor: (user, namespace) => {
      const rules: PolicyRule[] = []
      const errors: string[] = []
      visit(user, namespace, (rule, _source, error) => {
        if (rule) rules.push(rule)
        if (error) errors.push(error)
        return true
      })
      return { rules, errors }
    },
    rulesOfRole,
  }
}
