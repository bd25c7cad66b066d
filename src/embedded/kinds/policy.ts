/** PodDisruptionBudgets and PriorityClasses. */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import type { Kind } from './kind.ts'
import { forbidden, invalid } from './validation/errors.ts'
import { intOrPercentErrors } from './validation/int-or-percent.ts'

interface Budget extends KubeObject {
  spec?: { minAvailable?: number | string; maxUnavailable?: number | string; selector?: LabelSelector }
  status?: { disruptionsAllowed?: number }
}

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
      ...(both ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')] : []),
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
    const { value = 0, metadata } = object as PriorityClass
    if (old && (old as PriorityClass).value !== value) return [forbidden('value', 'may not be changed in an update.')]
    if (value > highestUserPriority && !metadata.name.startsWith('system-')) {
      return [forbidden('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`)]
    }
    return []
  },
  columns: [
    nameColumn,
    integer<PriorityClass>('Value', ({ value }) => value ?? 0),
    { name: 'Global-Default', type: 'boolean', cell: (object) => (object as PriorityClass).globalDefault ?? false },
    ageColumn,
    text<PriorityClass>('PreemptionPolicy', ({ preemptionPolicy }) => preemptionPolicy ?? ''),
  ],
}
