/** Drops what a structural schema does not know. Follows upstream's structural pruning. */
import { childOf, type Fields, fieldPath, isFields, resourceFields, type SchemaNode } from './schema.ts'

const anything: SchemaNode = {
  schema: { 'x-kubernetes-preserve-unknown-fields': true },
  properties: new Map(),
  additional: true,
  allOf: [],
  anyOf: [],
  oneOf: [],
  resource: false,
  hasDefaults: false,
  hasRules: false,
  hasListTypes: false,
}

const pruneObject = (node: SchemaNode, object: Fields, path: string, dropped: string[]): void => {
  const keepsAll = node.schema['x-kubernetes-preserve-unknown-fields'] === true || node.additional === true
  for (const [field, value] of Object.entries(object)) {
    if (node.resource && resourceFields.has(field)) continue
    const child = childOf(node, field)
    const at = fieldPath(path, field)
    if (child) pruneValue(child, value, at, dropped)
    else if (!keepsAll) {
      delete object[field]
      dropped.push(at)
    }
  }
}

const pruneValue = (node: SchemaNode, value: unknown, path: string, dropped: string[]): void => {
  if (Array.isArray(value)) {
    // A list without a schema of its items inherits nothing: what they hold is unknown, unless the list keeps it.
    const items = node.items ?? (node.schema['x-kubernetes-preserve-unknown-fields'] ? anything : undefined)
    if (items) value.forEach((item, index) => void pruneValue(items, item, `${path}[${index}]`, dropped))
  } else if (isFields(value)) pruneObject(node, value, path, dropped)
}

/**
 * Prunes a whole object in place.
 * @returns the dropped paths, unknown top-level fields first, then in document order (`spec.rules[0].foo`)
 */
export const prune = (root: SchemaNode, object: Fields): string[] => {
  const dropped: string[] = []
  pruneObject(root, object, '', dropped)
  const isTop = (path: string) => !/[.[]/.test(path)
  return [...dropped.filter(isTop), ...dropped.filter((path) => !isTop(path))]
}
