/** DaemonSets. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, formatLabels, integer, nameColumn, templateColumns, text, wide } from './columns.ts'
import { defaultTemplate } from './defaults/pod-spec.ts'
import type { FieldError, Kind } from './kind.ts'
import { formatSelector } from './selector.ts'
import type { DaemonSetObject } from './types.ts'
import { forbidden, invalid, nonNegative, notListed } from './validation/errors.ts'
import { intOrPercentErrors, isZero } from './validation/int-or-percent.ts'
import { podTemplateErrors } from './validation/pod-spec.ts'
import { templateWarnings } from './validation/pod-warnings.ts'
import { restartAlways, workloadSelectorErrors } from './validation/selector.ts'

const templateGeneration = 'deprecated.daemonset.template.generation'

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
  set.metadata.annotations = { [templateGeneration]: '1', ...set.metadata.annotations }
  defaultTemplate(spec)
  const { status } = set
  set.status = {
    ...status,
    currentNumberScheduled: status?.currentNumberScheduled ?? 0,
    numberMisscheduled: status?.numberMisscheduled ?? 0,
    desiredNumberScheduled: status?.desiredNumberScheduled ?? 0,
    numberReady: status?.numberReady ?? 0,
  }
}

const strategies = ['RollingUpdate', 'OnDelete']

const strategyErrors = ({ updateStrategy }: NonNullable<DaemonSetObject['spec']>): FieldError[] => {
  const { type = '', rollingUpdate: rolling } = updateStrategy ?? {}
  const at = 'spec.updateStrategy.rollingUpdate'
  if (!strategies.includes(type)) {
    return [notListed('spec.updateStrategy', { Type: type, RollingUpdate: rolling ?? null }, strategies)]
  }
  if (type !== 'RollingUpdate') return []
  const { maxUnavailable, maxSurge } = rolling ?? {}
  const errors = [
    ...intOrPercentErrors(maxUnavailable, `${at}.maxUnavailable`, { most100: true }),
    ...intOrPercentErrors(maxSurge, `${at}.maxSurge`, { most100: true }),
  ]
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(invalid(`${at}.maxUnavailable`, maxUnavailable, 'cannot be 0 when maxSurge is 0'))
  } else if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    errors.push(invalid(`${at}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  }
  return errors
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
    return [
      ...workloadSelectorErrors('daemonset', spec, (old as DaemonSetObject | undefined)?.spec),
      ...podTemplateErrors(spec.template, 'spec.template'),
      ...restartAlways(spec.template),
      ...(spec.template?.spec?.activeDeadlineSeconds === undefined
        ? []
        : [
            forbidden(
              'spec.template.spec.activeDeadlineSeconds',
              'activeDeadlineSeconds in DaemonSet is not Supported',
            ),
          ]),
      ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
      ...strategyErrors(spec),
    ]
  },
  warnings: (object) => templateWarnings((object as DaemonSetObject).spec?.template),
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
