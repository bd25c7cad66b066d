/** Leases: a node's heartbeat, a controller's leadership. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import type { Kind } from './kind.ts'

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string }
}

export const leaseKind: Kind = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  singular: 'lease',
  namespaced: true,
  goType: 'coordination/v1.Lease',
  createOnUpdate: true,
  columns: [nameColumn, text<Lease>('Holder', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn],
}
