/** DaemonSets. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, formatLabels, integer, nameColumn, templateColumns, text, wide } from './columns.ts'
import { defaultPodSpec } from './defaults/pod-spec.ts'
import type { Kind } from './kind.ts'
import { formatSelector } from './selector.ts'
import type { DaemonSetObject } from './types.ts'
import { invalid, nonNegative, oneOf } from './validation/errors.ts'
import { intOrPercentErrors, isZero } from './validation/int-or-percent.ts'
import { podTemplateErrors } from './validation/pod-spec.ts'
import { restartAlways, workloadSelectorErrors } from './validation/selector.ts'

const setDefaults = (object: KubeObject) => {
  const set = object as DaemonSetObject
  set.spec ??= {}
  const { spec } = set
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ??= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
  defaultPodSpec(spec.template?.spec)
  const { status } = set
  set.status = {
    ...status,
    currentNumberScheduled: status?.currentNumberScheduled ?? 0,
    numberMisscheduled: status?.numberMisscheduled ?? 0,
    desiredNumberScheduled: status?.desiredNumberScheduled ?? 0,
    numberReady: status?.numberReady ?? 0,
  }
}

export const daemonSetKind: Kind = {
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  goType: 'apps/v1.DaemonSet',
  status: true,
  generation: true,
  setDefaults,
  validate: (object, old) => {
    const { spec = {} } = object as DaemonSetObject
    const { type, rollingUpdate: rolling } = spec.updateStrategy ?? {}
    const at = 'spec.updateStrategy.rollingUpdate'
    const bothZero = type === 'RollingUpdate' && isZero(rolling?.maxUnavailable) && isZero(rolling?.maxSurge)
    return [
      ...workloadSelectorErrors('daemonset', spec, (old as DaemonSetObject | undefined)?.spec),
      ...podTemplateErrors(spec.template, 'spec.template'),
      ...restartAlways(spec.template),
      ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
      ...oneOf('spec.updateStrategy.type', type, ['OnDelete', 'RollingUpdate']),
      ...intOrPercentErrors(rolling?.maxUnavailable, `${at}.maxUnavailable`, { most100: true }),
      ...intOrPercentErrors(rolling?.maxSurge, `${at}.maxSurge`, { most100: true }),
      ...(bothZero ? [invalid(`${at}.maxUnavailable`, rolling?.maxUnavailable, 'cannot be 0 when maxSurge is 0')] : []),
    ]
  },
  columns: [
    nameColumn,
    integer<DaemonSetObject>('Desired', ({ status }) => status?.desiredNumberScheduled ?? 0),
    integer<DaemonSetObject>('Current', ({ status }) => status?.currentNumberScheduled ?? 0),
    integer<DaemonSetObject>('Ready', ({ status }) => status?.numberReady ?? 0),
    integer<DaemonSetObject>('Up-to-date', ({ status }) => status?.updatedNumberScheduled ?? 0),
    integer<DaemonSetObject>('Available', ({ status }) => status?.numberAvailable ?? 0),
    text<DaemonSetObject>('Node Selector', ({ spec }) => formatLabels(spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...templateColumns((object) => (object as DaemonSetObject).spec?.template),
    wide(text<DaemonSetObject>('Selector', ({ spec }) => formatSelector(spec?.selector))),
  ],
}
