/** StatefulSets. */
import type { KubeObject } from '../../kube/api.ts'
import { sameJson } from '../apiserver/equality.ts'
import { ageColumn, nameColumn, templateColumns, text } from './columns.ts'
import { defaultTemplate } from './defaults/pod-spec.ts'
import type { FieldError, Kind } from './kind.ts'
import type { StatefulSetObject } from './types.ts'
import { forbidden, invalid, nonNegative } from './validation/errors.ts'
import { podTemplateErrors } from './validation/pod-spec.ts'
import { templateWarnings } from './validation/pod-warnings.ts'
import { restartAlways, workloadSelectorErrors } from './validation/selector.ts'

const setDefaults = (object: KubeObject) => {
  const set = object as StatefulSetObject
  set.spec ??= {}
  const { spec } = set
  spec.replicas ??= 1
  spec.serviceName ??= ''
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
  defaultTemplate(spec)
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

const policyErrors = (spec: NonNullable<StatefulSetObject['spec']>): FieldError[] => {
  const errors: FieldError[] = []
  const { podManagementPolicy: policy = '', updateStrategy = {} } = spec
  if (!['OrderedReady', 'Parallel'].includes(policy)) {
    errors.push(invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  }
  const { type = '', rollingUpdate } = updateStrategy
  if (!['RollingUpdate', 'OnDelete'].includes(type)) {
    const shown = { Type: type, RollingUpdate: rollingUpdate ?? null }
    errors.push(invalid('spec.updateStrategy', shown, "must be 'RollingUpdate' or 'OnDelete'"))
  }
  return [...errors, ...nonNegative('spec.updateStrategy.rollingUpdate.partition', rollingUpdate?.partition)]
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
  const fixed = (of: object) => Object.fromEntries(Object.entries(of).filter(([key]) => !mutable.includes(key)))
  if (sameJson(fixed(spec), fixed(old))) return []
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
      ...policyErrors(spec),
      ...nonNegative('spec.replicas', spec.replicas),
      ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
      ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
      ...workloadSelectorErrors('statefulset', spec, undefined),
      ...podTemplateErrors(spec.template, 'spec.template'),
      ...restartAlways(spec.template),
      ...updateErrors(spec, (old as StatefulSetObject | undefined)?.spec),
    ]
  },
  warnings: (object) => templateWarnings((object as StatefulSetObject).spec?.template),
  columns: [
    nameColumn,
    text<StatefulSetObject>('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    ageColumn,
    ...templateColumns((object) => (object as StatefulSetObject).spec?.template),
  ],
}
