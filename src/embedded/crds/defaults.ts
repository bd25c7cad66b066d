/**
 * Fills in the defaults of a structural schema. A null where null is not allowed counts as missing: it is dropped, and
 * defaulted when there is a default.
 */
import { childOf, type Fields, isFields, type SchemaNode } from './schema.ts'

const refusesNull = (node: SchemaNode): boolean => node.schema.nullable !== true

const defaultObject = (node: SchemaNode, object: Fields): void => {
  for (const [field, value] of Object.entries(object)) {
    const child = childOf(node, field)
    if (value === null && child && refusesNull(child)) delete object[field]
  }
  for (const [field, child] of node.properties) {
    if (child.schema.default !== undefined && object[field] === undefined) {
      object[field] = structuredClone(child.schema.default)
    }
  }
  for (const [field, value] of Object.entries(object)) {
    const child = childOf(node, field)
    if (child) applyDefaults(child, value)
  }
}

/** In place, from the outside in: a defaulted object gets the defaults of its own fields. */
export const applyDefaults = (node: SchemaNode, value: unknown): void => {
  if (Array.isArray(value)) {
    const { items } = node
    if (items) for (const item of value) applyDefaults(items, item)
  } else if (isFields(value)) defaultObject(node, value)
}
