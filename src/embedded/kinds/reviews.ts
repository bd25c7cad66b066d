/** Questions about who one is and what one may do: created, answered, never stored. The API server's auth part answers. */
import { ageColumn, nameColumn } from './columns.ts'
import type { Kind } from './kind.ts'

const review = (group: string, goPackage: string, kind: string, namespaced = false): Kind => ({
  group,
  version: 'v1',
  kind,
  resource: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  namespaced,
  verbs: ['create'],
  goType: `${goPackage}.${kind}`,
  columns: [nameColumn, ageColumn],
})

const authentication = (kind: string) => review('authentication.k8s.io', 'authentication/v1', kind)
const authorization = (kind: string, namespaced = false) =>
  review('authorization.k8s.io', 'authorization/v1', kind, namespaced)

export const authenticationKinds: Kind[] = [authentication('SelfSubjectReview'), authentication('TokenReview')]

export const authorizationKinds: Kind[] = [
  authorization('LocalSubjectAccessReview', true),
  authorization('SelfSubjectAccessReview'),
  authorization('SelfSubjectRulesReview'),
  authorization('SubjectAccessReview'),
]
