/** Words for OpenAPI v3 schemas, so that a CRD reads like its field tree. Schemas are plain data and never changed. */

export type Schema = Readonly<Record<string, unknown>>

export const text: Schema = { type: 'string' }
export const flag: Schema = { type: 'boolean' }
export const int32: Schema = { type: 'integer', format: 'int32' }
export const uint32: Schema = { type: 'integer', minimum: 0, maximum: 4294967295 }
export const natural: Schema = { type: 'integer', minimum: 0 }
export const double: Schema = { type: 'number', format: 'double' }
export const instant: Schema = { type: 'string', format: 'date-time' }
/** 64-bit integers of protobuf travel as text. */
export const intOrText: Schema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
}

export const string = (limits: Schema): Schema => ({ type: 'string', ...limits })
export const integer = (limits: Schema): Schema => ({ type: 'integer', ...limits })
export const number = (limits: Schema): Schema => ({ type: 'number', ...limits })
export const choice = (...values: string[]): Schema => ({ type: 'string', enum: values })
export const nullable = (schema: Schema): Schema => ({ ...schema, nullable: true })
export const list = (items: Schema, limits: Schema = {}): Schema => ({ type: 'array', items, ...limits })
export const map = (value: Schema, limits: Schema = {}): Schema => ({
  type: 'object',
  additionalProperties: value,
  ...limits,
})
export const object = (properties: Readonly<Record<string, Schema>>, limits: Schema = {}): Schema => ({
  type: 'object',
  ...(Object.keys(properties).length === 0 ? {} : { properties }),
  ...limits,
})

/** What `kubectl explain` says of a field. */
export const doc = (description: string, schema: Schema): Schema => ({ description, ...schema })

/** CEL rules with what the API server says when one is broken. */
export const checked = (schema: Schema, ...rules: [message: string, rule: string][]): Schema => ({
  ...schema,
  'x-kubernetes-validations': rules.map(([message, rule]) => ({ message, rule })),
})

const exclusive = (fields: readonly string[]): Schema[] => [
  { not: { anyOf: fields.map((field) => ({ required: [field] })) } },
  ...fields.map((field) => ({ required: [field] })),
]

/** One of these fields, or none: how a protobuf `oneof` is written. */
export const atMostOne = (schema: Schema, fields: readonly string[]): Schema => ({
  ...schema,
  oneOf: exclusive(fields),
})

/** Several such groups in one object. */
export const atMostOneOfEach = (schema: Schema, ...groups: (readonly string[])[]): Schema => ({
  ...schema,
  allOf: groups.map((fields) => ({ oneOf: exclusive(fields) })),
})

export const duration: Schema = checked(text, [
  'must be a valid duration greater than 1ms',
  "duration(self) >= duration('1ms')",
])
