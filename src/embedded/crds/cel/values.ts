/** Objects as CEL sees them: integers as 64-bit, times and durations by format, field names that are reserved escaped. */
import { type Fields, isFields, type SchemaNode } from '../schema.ts'
import { duration } from './engine.ts'

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const escapes: Record<string, string> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' }

/** A property's name in a rule: `a-b` is `a__dash__b`, `namespace` is `__namespace__`; other names cannot be reached. */
export const escapeName = (name: string): string =>
  reserved.has(name) ? `__${name}__` : name.replace(/__|[.\-/]/g, (part) => escapes[part] ?? part)

const ofText = (node: SchemaNode | undefined, text: string): unknown => {
  switch (node?.schema.format) {
    case 'date-time':
    case 'date':
      return new Date(text)
    case 'duration':
      return duration(text)
    case 'byte':
      return Uint8Array.from(Buffer.from(text, 'base64'))
    default:
      return text
  }
}

const ofNumber = (node: SchemaNode | undefined, value: number): bigint | number =>
  node?.schema.type === 'number' || !Number.isInteger(value) ? value : BigInt(value)

/** Without a node, or where unknown fields are kept, values are taken as they are. */
export const toCel = (node: SchemaNode | undefined, value: unknown): unknown => {
  if (typeof value === 'number') return ofNumber(node, value)
  if (typeof value === 'string') return ofText(node, value)
  if (Array.isArray(value)) return value.map((item) => toCel(node?.items, item))
  if (!isFields(value)) return value
  return objectToCel(node, value)
}

const objectToCel = (node: SchemaNode | undefined, object: Fields): Fields => {
  const additional = node?.additional === true ? undefined : node?.additional
  const isStruct = node !== undefined && node.properties.size > 0
  const entries = Object.entries(object).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(
    entries.map(([field, value]) => [
      isStruct ? escapeName(field) : field,
      toCel(node?.properties.get(field) ?? additional, value),
    ]),
  )
}
