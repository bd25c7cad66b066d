/** Namespaces. Their `spec.finalizers` hold a deletion until the namespace controller has emptied them. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import type { Kind } from './kind.ts'
import type { NamespaceObject } from './types.ts'

const setDefaults = (object: KubeObject) => {
  const namespace = object as NamespaceObject
  const { name } = namespace.metadata
  // Without a name yet (generateName) the label waits for the next write.
  if (name) namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': name }
  if (!namespace.metadata.deletionTimestamp) {
    namespace.spec ??= {}
    namespace.spec.finalizers ??= ['kubernetes']
  }
  namespace.status ??= {}
  namespace.status.phase ??= 'Active'
}

export const namespaceKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  goType: 'core/v1.Namespace',
  status: true,
  nameFormat: 'label',
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  setDefaults,
  columns: [nameColumn, text<NamespaceObject>('Status', (namespace) => namespace.status?.phase ?? ''), ageColumn],
  selectableFields: {
    'status.phase': (object) => (object as NamespaceObject).status?.phase ?? '',
    name: (object) => object.metadata.name,
  },
}
