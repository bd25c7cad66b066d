/** ReplicaSets and ReplicationControllers: the same thing with an older selector. */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import { ageColumn, formatLabels, integer, nameColumn, templateColumns, text, wide } from './columns.ts'
import { defaultPodSpec, defaultTemplate } from './defaults/pod-spec.ts'
import type { Column, Kind } from './kind.ts'
import { formatSelector } from './selector.ts'
import type { PodTemplateSpec, ReplicaSetObject } from './types.ts'
import { invalid, nonNegative, required } from './validation/errors.ts'
import { podTemplateErrors } from './validation/pod-spec.ts'
import { templateWarnings } from './validation/pod-warnings.ts'
import { restartAlways, workloadSelectorErrors } from './validation/selector.ts'

const columns = (selector: (object: KubeObject) => string): Column[] => [
  nameColumn,
  integer<ReplicaSetObject>('Desired', (set) => set.spec?.replicas ?? 0),
  integer<ReplicaSetObject>('Current', (set) => set.status?.replicas ?? 0),
  integer<ReplicaSetObject>('Ready', (set) => set.status?.readyReplicas ?? 0),
  ageColumn,
  ...templateColumns((object) => (object as ReplicaSetObject).spec?.template),
  wide(text('Selector', selector)),
]

export const replicaSetKind: Kind = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  goType: 'apps/v1.ReplicaSet',
  status: true,
  generation: true,
  scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  setDefaults: (object) => {
    const set = object as ReplicaSetObject
    set.spec ??= {}
    set.spec.replicas ??= 1
    defaultTemplate(set.spec)
    set.status ??= { replicas: 0 }
    set.status.replicas ??= 0
  },
  validate: (object, old) => {
    const { spec } = object as ReplicaSetObject
    return [
      ...nonNegative('spec.replicas', spec?.replicas),
      ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
      ...workloadSelectorErrors('deployment', spec, (old as ReplicaSetObject | undefined)?.spec),
      ...podTemplateErrors(spec?.template, 'spec.template'),
      ...restartAlways(spec?.template),
    ]
  },
  warnings: (object) => templateWarnings((object as ReplicaSetObject).spec?.template),
  columns: columns((object) => formatSelector((object as ReplicaSetObject).spec?.selector)),
  selectableFields: { 'status.replicas': (object) => String((object as ReplicaSetObject).status?.replicas ?? 0) },
}

interface ReplicationController extends KubeObject {
  spec?: { replicas?: number; minReadySeconds?: number; selector?: Record<string, string>; template?: PodTemplateSpec }
  status?: { replicas?: number }
}

export const replicationControllerKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  goType: 'core/v1.ReplicationController',
  status: true,
  generation: true,
  scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  setDefaults: (object) => {
    const controller = object as ReplicationController
    controller.spec ??= {}
    const { spec } = controller
    const labels = spec.template?.metadata?.labels
    spec.replicas ??= 1
    if (labels && Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels }
    if (labels && !controller.metadata.labels) controller.metadata.labels = { ...labels }
    defaultPodSpec(spec.template?.spec)
    controller.status ??= {}
    controller.status.replicas ??= 0
  },
  validate: (object) => {
    const { spec } = object as ReplicationController
    const selector: LabelSelector = { matchLabels: spec?.selector ?? {} }
    const labels = spec?.template?.metadata?.labels
    const matches = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels?.[key] === value)
    return [
      ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
      ...(Object.keys(spec?.selector ?? {}).length === 0 ? [required('spec.selector')] : []),
      ...nonNegative('spec.replicas', spec?.replicas),
      ...(spec?.template ? [] : [required('spec.template')]),
      ...(spec?.template && !matches
        ? [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]
        : []),
      ...(spec?.template ? podTemplateErrors(spec.template, 'spec.template') : []),
      ...restartAlways(spec?.template),
    ]
  },
  columns: columns((object) => formatLabels((object as ReplicationController).spec?.selector)),
}
