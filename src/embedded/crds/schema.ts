/**
 * The structural schema of a CRD version, compiled once into a tree that pruning, defaulting, validation and CEL walk.
 */

/** A JSON schema as CRDs carry it (apiextensions.k8s.io/v1 JSONSchemaProps), as far as it is read here. */
export interface JsonSchema {
  type?: string
  format?: string
  description?: string
  nullable?: boolean
  default?: unknown
  enum?: unknown[]
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  multipleOf?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  minProperties?: number
  maxProperties?: number
  required?: string[]
  properties?: Record<string, JsonSchema>
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
  allOf?: JsonSchema[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  not?: JsonSchema
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: 'atomic' | 'granular'
  'x-kubernetes-validations'?: ValidationRule[]
}

export interface ValidationRule {
  rule: string
  message?: string
  messageExpression?: string
  reason?: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden' | 'FieldValueDuplicate'
  fieldPath?: string
  optionalOldSelf?: boolean
}

export interface SchemaNode {
  readonly schema: JsonSchema
  readonly properties: ReadonlyMap<string, SchemaNode>
  /** Values of a map; `true` for maps of anything. */
  readonly additional?: SchemaNode | true
  readonly items?: SchemaNode
  readonly allOf: readonly SchemaNode[]
  readonly anyOf: readonly SchemaNode[]
  readonly oneOf: readonly SchemaNode[]
  readonly not?: SchemaNode
  /** Has kind, apiVersion and metadata of its own: the root, and embedded resources. */
  readonly resource: boolean
  /** Here or below: something to default, a CEL rule, a list that is a set or a map. */
  readonly hasDefaults: boolean
  readonly hasRules: boolean
  readonly hasListTypes: boolean
}

const own = (schema: JsonSchema) => ({
  defaults: schema.default !== undefined,
  rules: (schema['x-kubernetes-validations'] ?? []).length > 0,
  listTypes: schema['x-kubernetes-list-type'] === 'set' || schema['x-kubernetes-list-type'] === 'map',
})

/** @param root whether it is the schema of a whole object */
export const compileSchema = (schema: JsonSchema, root = false): SchemaNode => {
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([name, child]) => [name, compileSchema(child)]),
  )
  const additional =
    typeof schema.additionalProperties === 'object'
      ? compileSchema(schema.additionalProperties)
      : schema.additionalProperties || undefined
  const items = schema.items ? compileSchema(schema.items) : undefined
  const children = [
    ...properties.values(),
    ...(additional && additional !== true ? [additional] : []),
    ...(items ? [items] : []),
  ]
  const facts = own(schema)
  const all = (list: JsonSchema[] | undefined) => (list ?? []).map((child) => compileSchema(child))
  return {
    schema,
    properties,
    ...(additional ? { additional } : {}),
    ...(items ? { items } : {}),
    allOf: all(schema.allOf),
    anyOf: all(schema.anyOf),
    oneOf: all(schema.oneOf),
    ...(schema.not ? { not: compileSchema(schema.not) } : {}),
    resource: root || schema['x-kubernetes-embedded-resource'] === true,
    hasDefaults: facts.defaults || children.some((child) => child.hasDefaults),
    hasRules: facts.rules || children.some((child) => child.hasRules),
    hasListTypes: facts.listTypes || children.some((child) => child.hasListTypes),
  }
}

export type Fields = Record<string, unknown>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What every resource has besides its schema. */
export const resourceFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

/** The schema of one field of an object: a property, or the values of a map. */
export const childOf = (node: SchemaNode, field: string): SchemaNode | undefined =>
  node.properties.get(field) ?? (node.additional === true ? undefined : node.additional)

export const fieldPath = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`)
