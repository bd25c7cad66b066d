/** Which objects a LIST, WATCH or deletecollection means. */
import type { KubeObject } from '../../../kube/api.ts'
import type { Call } from '../call.ts'
import { parseFieldSelector } from '../selectors/field.ts'
import { parseLabelSelector } from '../selectors/label.ts'

/** Undefined when there are no selectors: everything matches. @throws StatusError 400 */
export function selectionOf(call: Call): ((object: KubeObject) => boolean) | undefined {
  const labels = parseLabelSelector(call.query.get('labelSelector'))
  const fields = parseFieldSelector(call.kind, call.query.get('fieldSelector'))
  const { name } = call
  if (!labels && !fields && name === undefined) return undefined
  return (object) =>
    (name === undefined || object.metadata.name === name) &&
    (labels?.(object.metadata.labels) ?? true) &&
    (fields?.matches(object) ?? true)
}
