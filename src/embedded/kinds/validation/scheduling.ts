/** Where a pod may run: tolerations, affinity, topology spread, gates. Follows core/validation. */
import type { FieldError } from '../kind.ts'
import type { NodeSelectorTerm, PodSpec, Toleration } from '../types.ts'
import { complaints, duplicate, forbidden, invalid, notListed, notSupported, required } from './errors.ts'
import { dnsLabel, labelValueFormat, qualifiedName } from './names.ts'
import { selectorErrors } from './selector.ts'

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const operators = ['Equal', 'Exists']

export const tolerationErrors = (tolerations: readonly Toleration[], field: string): FieldError[] =>
  tolerations.flatMap(({ key, operator, value = '', effect, tolerationSeconds: seconds }, index) => {
    const at = `${field}[${index}]`
    const errors = key ? complaints(`${at}.key`, key, qualifiedName) : []
    if (!key && operator !== 'Exists') {
      const says = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalid(`${at}.operator`, operator ?? '', says))
    }
    if (seconds !== undefined && effect !== 'NoExecute') {
      const says = "effect must be 'NoExecute' when `tolerationSeconds` is set"
      errors.push(invalid(`${at}.effect`, effect ?? '', says))
    }
    if (operator === 'Exists') {
      if (value) errors.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"))
    } else if (operator === undefined || operator === '' || operator === 'Equal') {
      const says = labelValueFormat(value)
      if (says.length > 0) errors.push(invalid(`${at}.operator`, value, says.join(';')))
    } else {
      const known = operator === 'Lt' || operator === 'Gt' ? [...operators, 'Lt', 'Gt'] : operators
      errors.push(notListed(`${at}.operator`, operator, known))
    }
    if (effect && !effects.includes(effect)) errors.push(notListed(`${at}.effect`, effect, effects))
    return errors
  })

type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number]

const requirementErrors = ({ key = '', operator, values = [] }: Partial<Requirement>, at: string): FieldError[] => {
  const errors: FieldError[] = []
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      errors.push(required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
    }
  } else errors.push(invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'))
  errors.push(...complaints(`${at}.key`, key, qualifiedName))
  values.forEach((value, index) => {
    errors.push(...complaints(`${at}.values[${index}]`, value, labelValueFormat))
  })
  return errors
}

const termErrors = ({ matchExpressions = [] }: NodeSelectorTerm, at: string): FieldError[] =>
  matchExpressions.flatMap((one, index) => requirementErrors(one, `${at}.matchExpressions[${index}]`))

/** Also what a PersistentVolume requires of nodes. */
export const nodeSelectorErrors = (terms: readonly NodeSelectorTerm[], field: string): FieldError[] => {
  const at = `${field}.nodeSelectorTerms`
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')]
  return terms.flatMap((term, index) => termErrors(term, `${at}[${index}]`))
}

interface PodTerm {
  labelSelector?: Parameters<typeof selectorErrors>[0]
  namespaceSelector?: Parameters<typeof selectorErrors>[0]
  namespaces?: string[]
  topologyKey?: string
}

const podTermErrors = (term: PodTerm, at: string): FieldError[] => [
  ...(term.labelSelector ? selectorErrors(term.labelSelector, `${at}.labelSelector`) : []),
  ...(term.namespaceSelector ? selectorErrors(term.namespaceSelector, `${at}.namespaceSelector`) : []),
  ...(term.namespaces ?? []).flatMap((name) => complaints(`${at}.namespace`, name, dnsLabel)),
  ...(term.topologyKey ? [] : [required(`${at}.topologyKey`, 'can not be empty')]),
  ...complaints(`${at}.topologyKey`, term.topologyKey ?? '', qualifiedName),
]

const weightErrors = (weight: number | undefined, at: string): FieldError[] =>
  weight !== undefined && weight >= 1 && weight <= 100
    ? []
    : [invalid(`${at}.weight`, weight ?? 0, 'must be in the range 1-100')]

const [hard, soft] = [
  'requiredDuringSchedulingIgnoredDuringExecution',
  'preferredDuringSchedulingIgnoredDuringExecution',
] as const

interface Affinity {
  nodeAffinity?: {
    [hard]?: { nodeSelectorTerms?: NodeSelectorTerm[] }
    [soft]?: { weight?: number; preference?: NodeSelectorTerm }[]
  }
  podAffinity?: PodAffinity
  podAntiAffinity?: PodAffinity
}

interface PodAffinity {
  [hard]?: PodTerm[]
  [soft]?: { weight?: number; podAffinityTerm?: PodTerm }[]
}

export const affinityErrors = (given: PodSpec['affinity'], field: string): FieldError[] => {
  const affinity = (given ?? {}) as Affinity
  const errors: FieldError[] = []
  const node = affinity.nodeAffinity
  if (node?.[hard]) {
    errors.push(...nodeSelectorErrors(node[hard].nodeSelectorTerms ?? [], `${field}.nodeAffinity.${hard}`))
  }
  node?.[soft]?.forEach(({ weight, preference = {} }, index) => {
    const at = `${field}.nodeAffinity.${soft}[${index}]`
    errors.push(...weightErrors(weight, at), ...termErrors(preference, `${at}.preference`))
  })
  for (const which of ['podAffinity', 'podAntiAffinity'] as const) {
    affinity[which]?.[hard]?.forEach((term, index) => {
      errors.push(...podTermErrors(term, `${field}.${which}.${hard}[${index}]`))
    })
    affinity[which]?.[soft]?.forEach(({ weight, podAffinityTerm = {} }, index) => {
      const at = `${field}.${which}.${soft}[${index}]`
      errors.push(...weightErrors(weight, at), ...podTermErrors(podAffinityTerm, `${at}.podAffinityTerm`))
    })
  }
  return errors
}

interface Spread {
  maxSkew?: number
  topologyKey?: string
  whenUnsatisfiable?: string
  minDomains?: number
  labelSelector?: PodTerm['labelSelector']
}

const unsatisfiable = ['DoNotSchedule', 'ScheduleAnyway']

export const spreadErrors = (given: unknown, field: string): FieldError[] =>
  ((given ?? []) as Spread[]).flatMap((spread, index, all) => {
    const at = `${field}[${index}]`
    const errors: FieldError[] = []
    const { maxSkew = 0, topologyKey, whenUnsatisfiable: when = '', minDomains } = spread
    if (maxSkew <= 0) errors.push(invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'))
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'))
    if (!unsatisfiable.includes(when)) errors.push(notSupported(`${at}.whenUnsatisfiable`, when, unsatisfiable))
    const again = all
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === when)
    if (again) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${when}}`))
    if (minDomains !== undefined && minDomains <= 0) {
      errors.push(invalid(`${at}.minDomains`, minDomains, 'must be greater than zero'))
    }
    if (spread.labelSelector) errors.push(...selectorErrors(spread.labelSelector, `${at}.labelSelector`))
    return errors
  })

export const gateErrors = (spec: PodSpec, field: string): FieldError[] => {
  const readiness = (spec.readinessGates ?? []).flatMap(({ conditionType }, index) =>
    complaints(`${field}.readinessGates[${index}].conditionType`, conditionType, qualifiedName),
  )
  const names = new Set<string>()
  const scheduling = (spec.schedulingGates ?? []).flatMap(({ name }, index) => {
    const at = `${field}.schedulingGates[${index}]`
    const errors = complaints(at, name, qualifiedName)
    if (names.has(name)) errors.push(duplicate(at, name))
    names.add(name)
    return errors
  })
  return [...readiness, ...scheduling]
}
