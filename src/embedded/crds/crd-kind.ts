/** The record of CustomResourceDefinition itself. */
import type { KubeObject } from '../../kube/api.ts'
import { createdAtColumn, nameColumn } from '../kinds/columns.ts'
import type { Kind } from '../kinds/kind.ts'
import { asDefinition } from './definition.ts'
import { validateCrd } from './validate-crd.ts'

const setDefaults = (object: KubeObject): void => {
  const { spec, status } = asDefinition(object)
  const names = { ...spec.names }
  names.singular ||= names.kind.toLowerCase()
  names.listKind ||= names.kind === '' ? '' : `${names.kind}List`
  object.spec = { ...spec, names, conversion: spec.conversion ?? { strategy: 'None' } }
  const storage = spec.versions.find((version) => version.storage)?.name
  const stored = status?.storedVersions ?? []
  object.status = {
    conditions: [],
    acceptedNames: { plural: '', kind: '' },
    ...status,
    storedVersions: storage === undefined || stored.includes(storage) ? stored : [...stored, storage],
  }
}

export const crdKind: Kind = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  resource: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  goType: 'apiextensions/v1.CustomResourceDefinition',
  status: true,
  generation: true,
  setDefaults,
  validate: validateCrd,
  columns: [nameColumn, createdAtColumn],
}
