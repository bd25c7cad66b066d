/** Label selectors as they stand in specs: matching and printing. */
import type { LabelSelector } from '../../kube/kinds.ts'

export { selects } from '../../meshes/match/labels.ts'

type Labels = Readonly<Record<string, string>>

/** A Service's or a ReplicationController's selector: labels only. An empty one selects nothing. */
export const selectsLabels = (selector: Labels | undefined, labels: Labels | undefined): boolean => {
  const pairs = Object.entries(selector ?? {})
  return pairs.length > 0 && pairs.every(([key, value]) => labels?.[key] === value)
}

/** `app=web,tier in (a,b)`, as in SELECTOR columns and `scale.status.selector`; `<none>` for an empty one. */
export const formatSelector = (selector: LabelSelector | undefined): string => {
  if (!selector) return '<none>'
  const parts: [string, string][] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => [
    key,
    `${key}=${value}`,
  ])
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const list = `(${[...values].sort().join(',')})`
    const shown = { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: key, DoesNotExist: `!${key}` }
    parts.push([key, shown[operator]])
  }
  if (parts.length === 0) return '<none>'
  return parts
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, part]) => part)
    .join(',')
}
