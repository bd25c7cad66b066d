/** ServiceAccounts. */
import { ageColumn, integer, nameColumn } from './columns.ts'
import type { Kind } from './kind.ts'
import type { ServiceAccountObject } from './types.ts'

export const serviceAccountKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  namespaced: true,
  goType: 'core/v1.ServiceAccount',
  deleteReturnsObject: true,
  subresources: [
    { name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
  ],
  columns: [nameColumn, integer<ServiceAccountObject>('Secrets', ({ secrets }) => secrets?.length ?? 0), ageColumn],
}
