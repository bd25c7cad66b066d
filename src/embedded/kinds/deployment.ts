/** Deployments. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, integer, nameColumn, templateColumns, text, wide } from './columns.ts'
import { defaultTemplate } from './defaults/pod-spec.ts'
import type { FieldError, Kind } from './kind.ts'
import { formatSelector } from './selector.ts'
import type { DeploymentObject } from './types.ts'
import { forbidden, invalid, nonNegative, notSupported } from './validation/errors.ts'
import { intOrPercentErrors, isZero } from './validation/int-or-percent.ts'
import { podTemplateErrors } from './validation/pod-spec.ts'
import { templateWarnings } from './validation/pod-warnings.ts'
import { restartAlways, workloadSelectorErrors } from './validation/selector.ts'

const setDefaults = (object: KubeObject) => {
  const deployment = object as DeploymentObject
  deployment.spec ??= {}
  const { spec } = deployment
  spec.replicas ??= 1
  spec.strategy ??= {}
  spec.strategy.type ||= 'RollingUpdate'
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {}
    spec.strategy.rollingUpdate.maxSurge ??= '25%'
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%'
  }
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  defaultTemplate(spec)
  deployment.status ??= {}
}

const strategyErrors = (spec: DeploymentObject['spec']): FieldError[] => {
  const { type, rollingUpdate } = spec?.strategy ?? {}
  const at = 'spec.strategy.rollingUpdate'
  if (type === 'Recreate') {
    return rollingUpdate ? [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")] : []
  }
  if (type !== 'RollingUpdate') {
    const shown = { Type: type ?? '', RollingUpdate: rollingUpdate ?? null }
    return [notSupported('spec.strategy', shown, ['Recreate', 'RollingUpdate'])]
  }
  const { maxSurge, maxUnavailable } = rollingUpdate ?? {}
  const errors = [
    ...intOrPercentErrors(maxUnavailable, `${at}.maxUnavailable`, { most100: true }),
    ...intOrPercentErrors(maxSurge, `${at}.maxSurge`),
  ]
  if (isZero(maxSurge) && isZero(maxUnavailable)) {
    errors.push(invalid(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  return errors
}

const validate = (object: KubeObject, old?: KubeObject): FieldError[] => {
  const { spec } = object as DeploymentObject
  const errors = [
    ...nonNegative('spec.replicas', spec?.replicas),
    ...workloadSelectorErrors('deployment', spec, (old as DeploymentObject | undefined)?.spec),
    ...podTemplateErrors(spec?.template, 'spec.template'),
    ...restartAlways(spec?.template),
    ...strategyErrors(spec),
    ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec?.revisionHistoryLimit),
    ...nonNegative('spec.progressDeadlineSeconds', spec?.progressDeadlineSeconds),
  ]
  const deadline = spec?.progressDeadlineSeconds ?? 600
  if (deadline <= (spec?.minReadySeconds ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'))
  }
  return errors
}

export const deploymentKind: Kind = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  resource: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  goType: 'apps/v1.Deployment',
  status: true,
  generation: 'annotations',
  scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  setDefaults,
  validate,
  warnings: (object) => templateWarnings((object as DeploymentObject).spec?.template),
  columns: [
    nameColumn,
    text<DeploymentObject>('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    integer<DeploymentObject>('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
    integer<DeploymentObject>('Available', ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...templateColumns((object) => (object as DeploymentObject).spec?.template),
    wide(text<DeploymentObject>('Selector', ({ spec }) => formatSelector(spec?.selector))),
  ],
}
