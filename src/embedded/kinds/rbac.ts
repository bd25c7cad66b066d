/** Roles and bindings, in a namespace and cluster-wide. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, createdAtColumn, nameColumn, text, wide } from './columns.ts'
import type { Column, FieldError, Kind } from './kind.ts'
import { complaints, invalid, notListed, notSupported, required } from './validation/errors.ts'
import { dnsSubdomain } from './validation/names.ts'

const group = 'rbac.authorization.k8s.io'

interface Rule {
  verbs?: string[]
  apiGroups?: string[]
  resources?: string[]
  nonResourceURLs?: string[]
}

interface Role extends KubeObject {
  rules?: Rule[]
}

interface Subject {
  kind?: string
  apiGroup?: string
  name?: string
  namespace?: string
}

interface Binding extends KubeObject {
  roleRef?: { apiGroup?: string; kind?: string; name?: string }
  subjects?: Subject[]
}

const ruleErrors = (rule: Rule, at: string, namespaced: boolean): FieldError[] => {
  const errors: FieldError[] = []
  const { verbs = [], apiGroups = [], resources = [], nonResourceURLs = [] } = rule
  if (verbs.length === 0) errors.push(required(`${at}.verbs`, 'verbs must contain at least one value'))
  if (nonResourceURLs.length > 0) {
    if (namespaced) {
      errors.push(
        invalid(`${at}.nonResourceURLs`, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
      )
    }
    if (apiGroups.length + resources.length > 0) {
      const says = 'rules cannot apply to both regular resources and non-resource URLs'
      errors.push(invalid(`${at}.nonResourceURLs`, nonResourceURLs, says))
    }
    return errors
  }
  if (apiGroups.length === 0) {
    errors.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'))
  }
  if (resources.length === 0) {
    errors.push(required(`${at}.resources`, 'resource rules must supply at least one resource'))
  }
  return errors
}

const aggregationErrors = (object: KubeObject): FieldError[] => {
  const { aggregationRule } = object as { aggregationRule?: { clusterRoleSelectors?: unknown[] } }
  if (!aggregationRule || aggregationRule.clusterRoleSelectors?.length) return []
  const says = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
  return [required('aggregationRule.clusterRoleSelectors', says)]
}

const role = (kind: string, namespaced: boolean): Kind => ({
  group,
  version: 'v1',
  kind,
  resource: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  namespaced,
  goType: `rbac/v1.${kind}`,
  nameFormat: 'path',
  createOnUpdate: true,
  setDefaults: (object) => {
    // Upstream shows a role without rules so; aggregation fills in those that have it.
    ;(object as { rules?: Rule[] | null }).rules ??= null
  },
  validate: (object) => [
    ...aggregationErrors(object),
    ...((object as Role).rules ?? []).flatMap((rule, index) => ruleErrors(rule, `rules[${index}]`, namespaced)),
  ],
  columns: [nameColumn, createdAtColumn],
})

const subjectGroup = (kind: string | undefined): string => (kind === 'ServiceAccount' ? '' : group)

const subjectKinds = ['ServiceAccount', 'User', 'Group']

/** In a namespace, an account without one is nobody: accepted, as upstream does. */
const subjectErrors = (
  { kind, name, namespace, apiGroup = '' }: Subject,
  at: string,
  namespaced: boolean,
): FieldError[] => {
  const errors: FieldError[] = name ? [] : [required(`${at}.name`)]
  if (!subjectKinds.includes(kind ?? '')) {
    errors.push(notListed(`${at}.kind`, kind, subjectKinds))
    return errors
  }
  if (apiGroup !== subjectGroup(kind)) {
    errors.push(notSupported(`${at}.apiGroup`, apiGroup, [subjectGroup(kind)]))
  }
  if (kind === 'ServiceAccount' && name) errors.push(...complaints(`${at}.name`, name, dnsSubdomain))
  if (kind === 'ServiceAccount' && !namespace && !namespaced) errors.push(required(`${at}.namespace`))
  return errors
}

/** The refusal shows it in Go's names. */
const goRef = ({ apiGroup = '', kind = '', name = '' }: NonNullable<Binding['roleRef']>) => ({
  APIGroup: apiGroup,
  Kind: kind,
  Name: name,
})

const bindingErrors = (binding: Binding, old: Binding | undefined, roles: string[]): FieldError[] => {
  const { roleRef = {}, subjects = [] } = binding
  const errors: FieldError[] = []
  if (roleRef.apiGroup !== group) errors.push(notSupported('roleRef.apiGroup', roleRef.apiGroup, [group]))
  if (!roles.includes(roleRef.kind ?? '')) errors.push(notListed('roleRef.kind', roleRef.kind, roles))
  if (!roleRef.name) errors.push(required('roleRef.name'))
  subjects.forEach((subject, index) => {
    errors.push(...subjectErrors(subject, `subjects[${index}]`, roles.length > 1))
  })
  const text = ({ apiGroup, kind, name }: NonNullable<Binding['roleRef']>) => JSON.stringify([apiGroup, kind, name])
  if (old && text(old.roleRef ?? {}) !== text(roleRef))
    errors.push(invalid('roleRef', goRef(roleRef), 'cannot change roleRef'))
  return errors
}

const subjects = (name: string, kind: string): Column =>
  wide(
    text<Binding>(name, ({ subjects: all = [] }) =>
      all
        .filter((subject) => subject.kind === kind)
        .map((subject) => (kind === 'ServiceAccount' ? `${subject.namespace}/${subject.name}` : subject.name))
        .join(', '),
    ),
  )

const binding = (kind: string, namespaced: boolean, roles: string[]): Kind => ({
  group,
  version: 'v1',
  kind,
  resource: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  namespaced,
  goType: `rbac/v1.${kind}`,
  nameFormat: 'path',
  createOnUpdate: true,
  setDefaults: (object) => {
    const binding = object as Binding
    const { subjects: all = [] } = binding
    binding.roleRef ??= {}
    binding.roleRef.apiGroup ||= group
    for (const subject of all) {
      if (!subject.apiGroup && subject.kind !== 'ServiceAccount') subject.apiGroup = group
    }
  },
  validate: (object, old) => bindingErrors(object, old, roles),
  columns: [
    nameColumn,
    text<Binding>('Role', ({ roleRef }) => `${roleRef?.kind}/${roleRef?.name}`),
    ageColumn,
    subjects('Users', 'User'),
    subjects('Groups', 'Group'),
    subjects('ServiceAccounts', 'ServiceAccount'),
  ],
})

export const rbacKinds: Kind[] = [
  binding('ClusterRoleBinding', false, ['ClusterRole']),
  role('ClusterRole', false),
  binding('RoleBinding', true, ['Role', 'ClusterRole']),
  role('Role', true),
]
