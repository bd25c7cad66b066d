/** Leases: a node's heartbeat, a controller's leadership. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import type { Kind } from './kind.ts'
import { invalid, nonNegative } from './validation/errors.ts'

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; leaseTransitions?: number }
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
  validate: (object) => {
    const { leaseDurationSeconds: seconds, leaseTransitions } = (object as Lease).spec ?? {}
    return [
      ...(seconds !== undefined && seconds <= 0
        ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
        : []),
      ...nonNegative('spec.leaseTransitions', leaseTransitions),
    ]
  },
  columns: [nameColumn, text<Lease>('Holder', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn],
}
