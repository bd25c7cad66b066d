/** PodTemplates and ControllerRevisions: pieces that other controllers keep. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, formatLabels, integer, nameColumn, templateColumns, text } from './columns.ts'
import { defaultPodSpec } from './defaults/pod-spec.ts'
import type { Kind } from './kind.ts'
import type { PodTemplateSpec } from './types.ts'
import { podTemplateErrors } from './validation/pod-spec.ts'

interface PodTemplate extends KubeObject {
  template?: PodTemplateSpec
}

export const podTemplateKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  resource: 'podtemplates',
  singular: 'podtemplate',
  namespaced: true,
  goType: 'core/v1.PodTemplate',
  deleteReturnsObject: true,
  setDefaults: (object) => defaultPodSpec((object as PodTemplate).template?.spec),
  validate: (object) => podTemplateErrors((object as PodTemplate).template, 'template'),
  columns: [
    nameColumn,
    ...templateColumns((object) => (object as PodTemplate).template).map((column) => ({ ...column, priority: 0 })),
    text<PodTemplate>('Pod Labels', ({ template }) => formatLabels(template?.metadata?.labels)),
  ],
}

interface ControllerRevision extends KubeObject {
  revision?: number
}

const controllerOf = ({ metadata }: KubeObject): string => {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return '<none>'
  const [group, version] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : ['', owner.apiVersion]
  const kind = owner.kind.toLowerCase()
  return group && version ? `${kind}.${group}/${owner.name}` : `${kind}/${owner.name}`
}

export const controllerRevisionKind: Kind = {
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  singular: 'controllerrevision',
  namespaced: true,
  goType: 'apps/v1.ControllerRevision',
  columns: [
    nameColumn,
    text('Controller', controllerOf),
    integer<ControllerRevision>('Revision', ({ revision }) => revision ?? 0),
    ageColumn,
  ],
}
