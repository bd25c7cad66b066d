/** StatefulSets. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, templateColumns, text } from './columns.ts'
import { defaultPodSpec } from './defaults/pod-spec.ts'
import type { FieldError, Kind } from './kind.ts'
import type { StatefulSetObject } from './types.ts'
import { forbidden, nonNegative, oneOf } from './validation/errors.ts'
import { podTemplateErrors } from './validation/pod-spec.ts'
import { restartAlways, workloadSelectorErrors } from './validation/selector.ts'

const setDefaults = (object: KubeObject) => {
  const set = object as StatefulSetObject
  set.spec ??= {}
  const { spec } = set
  spec.replicas ??= 1
  spec.podManagementPolicy ??= 'OrderedReady'
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ??= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.partition ??= 0
  }
  spec.revisionHistoryLimit ??= 10
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ??= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ??= 'Retain'
  defaultPodSpec(spec.template?.spec)
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ||= 'v1'
    claim.kind ||= 'PersistentVolumeClaim'
    const claimSpec = claim.spec as { volumeMode?: string } | undefined
    if (claimSpec) claimSpec.volumeMode ??= 'Filesystem'
    claim.status = { phase: 'Pending' }
  }
  set.status ??= {}
  set.status.replicas ??= 0
  set.status.availableReplicas ??= 0
}

const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

const updateErrors = (spec: object, old: object | undefined): FieldError[] => {
  if (!old) return []
  const fixed = (of: object) =>
    JSON.stringify(
      Object.entries(of)
        .filter(([key]) => !mutable.includes(key))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  if (fixed(spec) === fixed(old)) return []
  const names = mutable.map((name) => `'${name}'`)
  const says = `updates to statefulset spec for fields other than ${names.slice(0, -1).join(', ')} and ${names.at(-1)} are forbidden`
  return [forbidden('spec', says)]
}

export const statefulSetKind: Kind = {
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  resource: 'statefulsets',
  singular: 'statefulset',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  goType: 'apps/v1.StatefulSet',
  status: true,
  generation: true,
  scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  setDefaults,
  validate: (object, old) => {
    const { spec = {} } = object as StatefulSetObject
    return [
      ...oneOf('spec.podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel']),
      ...oneOf('spec.updateStrategy', spec.updateStrategy?.type, ['OnDelete', 'RollingUpdate']),
      ...nonNegative('spec.replicas', spec.replicas),
      ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
      ...workloadSelectorErrors('statefulset', spec, undefined),
      ...podTemplateErrors(spec.template, 'spec.template'),
      ...restartAlways(spec.template),
      ...updateErrors(spec, (old as StatefulSetObject | undefined)?.spec),
    ]
  },
  columns: [
    nameColumn,
    text<StatefulSetObject>('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    ageColumn,
    ...templateColumns((object) => (object as StatefulSetObject).spec?.template),
  ],
}
