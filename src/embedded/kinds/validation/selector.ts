/** Label selectors in specs, and pod templates that must carry the labels their owner selects. */
import type { LabelSelector } from '../../../kube/kinds.ts'
import type { FieldError } from '../kind.ts'
import { selects } from '../selector.ts'
import type { PodTemplateSpec } from '../types.ts'
import { forbidden, invalid, notSupported, required } from './errors.ts'
import { labelErrors } from './labels.ts'
import { labelValueFormat, qualifiedName } from './names.ts'

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist']

/** Problems of the selector itself. */
export const selectorErrors = (selector: LabelSelector | undefined, field: string): FieldError[] => {
  const errors = labelErrors(selector?.matchLabels, `${field}.matchLabels`)
  ;(selector?.matchExpressions ?? []).forEach((expression, index) => {
    const at = `${field}.matchExpressions[${index}]`
    const { key, operator, values = [] } = expression
    const wantsValues = operator === 'In' || operator === 'NotIn'
    if (!operators.includes(operator)) errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'))
    else if (wantsValues && values.length === 0) {
      errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if (!wantsValues && values.length > 0) {
      errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    }
    errors.push(...qualifiedName(key ?? '').map((says) => invalid(`${at}.key`, key, says)))
    values.forEach((value, position) => {
      errors.push(...labelValueFormat(value).map((says) => invalid(`${at}.values[${position}]`, value, says)))
    })
  })
  return errors
}

/** The rules that Deployments, ReplicaSets, StatefulSets and DaemonSets share; `called` is what messages call the kind. */
export const workloadSelectorErrors = (
  called: string,
  spec: { selector?: LabelSelector; template?: PodTemplateSpec } | undefined,
  old: { selector?: LabelSelector } | undefined,
): FieldError[] => {
  const selector = spec?.selector
  const errors: FieldError[] = selector ? selectorErrors(selector, 'spec.selector') : [required('spec.selector')]
  const empty = Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions ?? []).length === 0
  if (selector && empty) errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${called}`))
  const labels = spec?.template?.metadata?.labels
  // A missing selector selects nothing, so a real server reports both.
  if (!selects(selector, labels)) {
    errors.push(invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
  }
  if (old && JSON.stringify(sorted(old.selector)) !== JSON.stringify(sorted(selector))) {
    errors.push(invalid('spec.selector', selector, 'field is immutable'))
  }
  return errors
}

const sorted = (selector: LabelSelector | undefined) => ({
  labels: Object.entries(selector?.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
  expressions: selector?.matchExpressions ?? [],
})

/** A workload controller restarts what ends: nothing but `Always` is allowed. */
export const restartAlways = (template: PodTemplateSpec | undefined): FieldError[] => {
  const policy = template?.spec?.restartPolicy
  return policy === undefined || policy === 'Always'
    ? []
    : [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])]
}
