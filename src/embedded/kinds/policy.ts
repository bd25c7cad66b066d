/** PodDisruptionBudgets and PriorityClasses. */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { forbidden, invalid, notListed } from './validation/errors.ts'
import { intOrPercentErrors } from './validation/int-or-percent.ts'

interface Budget extends KubeObject {
  spec?: {
    minAvailable?: number | string
    maxUnavailable?: number | string
    selector?: LabelSelector
    unhealthyPodEvictionPolicy?: string
  }
  status?: { disruptionsAllowed?: number }
}

/** The refusal shows it in Go's names and order. */
const goForm = (spec: NonNullable<Budget['spec']>) => ({
  MinAvailable: spec.minAvailable ?? null,
  Selector: spec.selector ?? null,
  MaxUnavailable: spec.maxUnavailable ?? null,
  UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
})

export const podDisruptionBudgetKind: Kind = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  namespaced: true,
  goType: 'policy/v1.PodDisruptionBudget',
  status: true,
  generation: true,
  setDefaults: (object) => {
    object.status ??= { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
  },
  validate: (object) => {
    const { spec = {} } = object as Budget
    const both = spec.minAvailable !== undefined && spec.maxUnavailable !== undefined
    return [
      ...(both ? [invalid('spec', goForm(spec), 'minAvailable and maxUnavailable cannot be both set')] : []),
      ...intOrPercentErrors(spec.minAvailable, 'spec.minAvailable', { most100: true }),
      ...intOrPercentErrors(spec.maxUnavailable, 'spec.maxUnavailable', { most100: true }),
    ]
  },
  columns: [
    nameColumn,
    text<Budget>('Min Available', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
    text<Budget>('Max Unavailable', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
    integer<Budget>('Allowed Disruptions', ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
}

interface PriorityClass extends KubeObject {
  value?: number
  globalDefault?: boolean
  preemptionPolicy?: string
}

const systemClasses = ['system-cluster-critical', 'system-node-critical']
const preemptions = ['PreemptLowerPriority', 'Never']
const highestUserPriority = 1_000_000_000

export const priorityClassKind: Kind = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  singular: 'priorityclass',
  shortNames: ['pc'],
  namespaced: false,
  goType: 'scheduling/v1.PriorityClass',
  generation: true,
  setDefaults: (object) => {
    ;(object as PriorityClass).preemptionPolicy ??= 'PreemptLowerPriority'
  },
  validate: (object, old) => {
    const { value = 0, metadata, preemptionPolicy = '' } = object as PriorityClass
    if (old && (old as PriorityClass).value !== value) return [forbidden('value', 'may not be changed in an update.')]
    const errors: FieldError[] = []
    const { name } = metadata
    if (name?.startsWith('system-')) {
      if (!systemClasses.includes(name)) {
        const says = `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`
        errors.push(forbidden('metadata.name', says))
      }
    } else if (value > highestUserPriority) {
      errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`))
    }
    if (!preemptions.includes(preemptionPolicy)) {
      errors.push(notListed('preemptionPolicy', preemptionPolicy, preemptions))
    }
    return errors
  },
  columns: [
    nameColumn,
    integer<PriorityClass>('Value', ({ value }) => value ?? 0),
    { name: 'Global-Default', type: 'boolean', cell: (object) => (object as PriorityClass).globalDefault ?? false },
    ageColumn,
    text<PriorityClass>('PreemptionPolicy', ({ preemptionPolicy }) => preemptionPolicy ?? ''),
  ],
}
