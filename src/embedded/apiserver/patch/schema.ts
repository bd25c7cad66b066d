/**
 * The shape of a kind as patches need it: which lists merge by which keys, which values are replaced whole. One form for
 * built-in kinds (from the field table) and for CRDs (from their OpenAPI schema).
 */
import { fieldTable, type GoField, structOfKind } from '../../kinds/fields.ts'
import type { Kind } from '../../kinds/kind.ts'
import { once } from '../../once.ts'
import { record } from '../equality.ts'

export interface TypeNode {
  /** `deduced`: no schema; objects are granular, lists atomic. */
  kind: 'leaf' | 'struct' | 'map' | 'list' | 'deduced'
  /** Owned and replaced as one value by server-side apply. */
  atomic?: boolean
  /** Struct fields; undefined for one that does not exist. */
  field?: (name: string) => FieldNode | undefined
  /** List items, or map values. */
  items?: TypeNode
  listType?: 'set' | 'map'
  /** Of a `map` list, in schema order. */
  keys?: readonly string[]
  keyDefaults?: Readonly<Record<string, unknown>>
  /** What a scalar has to be, when apply checks it. */
  scalar?: 'string' | 'numeric' | 'boolean'
}

export interface FieldNode {
  type: TypeNode
  /** Go holds a zero value here even when nobody set it, so that its appearance is nobody's change. */
  alwaysPresent?: boolean
  /** Strategic merge only. */
  patchStrategy: readonly string[]
  patchMergeKey?: string
}

const leaf: TypeNode = { kind: 'leaf' }
const deduced: TypeNode = { kind: 'deduced' }
const noStrategy: readonly string[] = []

/** The root of a kind. */
export function schemaOf(kind: Kind): TypeNode {
  const struct = structOfKind(kind)
  return struct ? structNode(struct.name) : crdRoot(kind)
}

/** The Go types never change, so neither do their nodes; made as they are first met. */
const structNodes = once(() => new Map<string, TypeNode>())

function structNode(name: string): TypeNode {
  const known = structNodes().get(name)
  if (known) return known
  const struct = fieldTable().struct(name)
  if (!struct) return leaf
  const node: TypeNode = {
    kind: 'struct',
    ...(struct.atomic ? { atomic: true } : {}),
    field: remembered((fieldName) => {
      const goField = struct.byName.get(fieldName)
      return goField && fieldNode(goField)
    }),
  }
  structNodes().set(name, node)
  return node
}

type FieldLookup = NonNullable<TypeNode['field']>

const remembered = (find: FieldLookup): FieldLookup => {
  const found = new Map<string, FieldNode>()
  return (name) => {
    const known = found.get(name) ?? find(name)
    if (known) found.set(name, known)
    return known
  }
}

const scalarOf = (goType: string): TypeNode['scalar'] =>
  goType === 'bool' ? 'boolean' : /^u?int\d*$|^float/.test(goType) ? 'numeric' : undefined

function fieldNode(goField: GoField): FieldNode {
  const value = goField.struct ? structNode(goField.struct) : leaf
  const isContainer = goField.repeated || goField.map || value.kind === 'struct'
  return {
    type: wrap(goField, value),
    alwaysPresent: isContainer && !goField.pointer && (goField.repeated || goField.map ? !goField.omitEmpty : true),
    patchStrategy: goField.patchStrategy,
    ...(goField.patchMergeKey ? { patchMergeKey: goField.patchMergeKey } : {}),
  }
}

function wrap(goField: GoField, value: TypeNode): TypeNode {
  const atomic = goField.mapType === 'atomic' || goField.listType === 'atomic' ? { atomic: true } : {}
  if (goField.map) return { kind: 'map', items: value, ...atomic }
  if (!goField.repeated) {
    if (value === leaf) return { kind: 'leaf', scalar: scalarOf(goField.goType) }
    return goField.mapType === 'atomic' ? { ...value, atomic: true } : value
  }
  if (goField.listType === 'set') return { kind: 'list', items: value, listType: 'set' }
  if (goField.listType !== 'map') return { kind: 'list', items: value, atomic: true }
  const keys = goField.listMapKeys ?? []
  return { kind: 'list', items: value, listType: 'map', keys, keyDefaults: goDefaults(goField.struct, keys) }
}

function goDefaults(struct: string | undefined, keys: readonly string[]): Record<string, unknown> {
  const fields = struct ? fieldTable().struct(struct)?.byName : undefined
  return Object.fromEntries(
    keys.flatMap((key) => (fields?.get(key)?.default === undefined ? [] : [[key, fields.get(key)!.default]])),
  )
}

type JsonSchema = Readonly<Record<string, unknown>>

function crdRoot(kind: Kind): TypeNode {
  const root = jsonSchemaNode(kind.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true })
  const own: Record<string, FieldNode> = {
    apiVersion: { type: leaf, patchStrategy: noStrategy },
    kind: { type: leaf, patchStrategy: noStrategy },
    metadata: { type: structNode('meta/v1.ObjectMeta'), alwaysPresent: true, patchStrategy: noStrategy },
  }
  return {
    kind: 'struct',
    field: (name) =>
      own[name] ?? (root.kind === 'deduced' ? { type: deduced, patchStrategy: noStrategy } : root.field?.(name)),
  }
}

function jsonSchemaNode(schema: JsonSchema): TypeNode {
  if (schema['x-kubernetes-int-or-string']) return leaf
  const properties = record(schema.properties)
  const additional = record(schema.additionalProperties)
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true
  const atomic = schema['x-kubernetes-map-type'] === 'atomic' ? { atomic: true } : {}
  if (properties) {
    const declared = remembered((name) => {
      const property = record(properties[name])
      return property && { type: jsonSchemaNode(property), patchStrategy: noStrategy }
    })
    const field: FieldLookup = (name) =>
      declared(name) ?? (open ? { type: deduced, patchStrategy: noStrategy } : undefined)
    return { kind: 'struct', ...atomic, field }
  }
  if (additional) return { kind: 'map', items: jsonSchemaNode(additional), ...atomic }
  if (schema.type === 'array') return jsonSchemaList(schema)
  if (open || schema.type === 'object') return { ...deduced, ...atomic }
  return { kind: 'leaf', scalar: scalarOfJson(schema.type) }
}

function jsonSchemaList(schema: JsonSchema): TypeNode {
  const itemSchema = record(schema.items) ?? {}
  const items = jsonSchemaNode(itemSchema)
  const listType = schema['x-kubernetes-list-type']
  if (listType === 'set') return { kind: 'list', items, listType }
  if (listType !== 'map') return { kind: 'list', items, atomic: true }
  const keys = (schema['x-kubernetes-list-map-keys'] as string[] | undefined) ?? []
  const properties = record(itemSchema.properties) ?? {}
  const keyDefaults = Object.fromEntries(
    keys.flatMap((key) => {
      const value = record(properties[key])?.default
      return value === undefined ? [] : [[key, value]]
    }),
  )
  return { kind: 'list', items, listType, keys, keyDefaults }
}

const scalarOfJson = (type: unknown): TypeNode['scalar'] =>
  type === 'integer' || type === 'number' ? 'numeric' : type === 'string' || type === 'boolean' ? type : undefined
