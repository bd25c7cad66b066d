/** Label selectors as Kubernetes and the meshes evaluate them. */
import type { LabelSelector } from '../../kube/kinds.ts'

export type Labels = Readonly<Record<string, string>> | undefined

/** Whether every wanted label is there with that value. No wanted labels: everything matches. */
export const hasLabels = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted ?? {}).every(([key, value]) => labels?.[key] === value)

/** One requirement of `matchExpressions` on the value of its label. An unknown operator is never met. */
export const meets = (value: string | undefined, operator: string, values: readonly string[] = []): boolean => {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

/** A full `LabelSelector`. An empty one selects everything; `undefined` selects nothing, as in the API. */
export const selects = (selector: LabelSelector | undefined, labels: Labels): boolean => {
  if (selector === undefined) return false
  return (
    hasLabels(selector.matchLabels, labels) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
      // A label may be called like something that every object inherits.
      const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined
      return meets(value, operator, values)
    })
  )
}
