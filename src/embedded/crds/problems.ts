/** What is wrong with a custom resource, in the words of the API server's schema validation. */
import type { FieldError } from '../kinds/kind.ts'

const problem = (field: string, reason: string, message: string): FieldError => ({ field, reason, message })

/** Enough for a message: scalars and structures as JSON. */
export const shown = (value: unknown): string => (value === undefined ? 'null' : JSON.stringify(value))

export const jsonTypeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

export const required = (field: string): FieldError => problem(field, 'FieldValueRequired', 'Required value')

/** `spec.size in body must be of type integer: "string"`; the quoted value is the type that was found. */
export const wrongType = (field: string, wanted: string, found: string): FieldError =>
  problem(
    field || '<nil>',
    'FieldValueTypeInvalid',
    `Invalid value: ${shown(found)}: ${field} in body must be of type ${wanted}: ${shown(found)}`,
  )

/** `spec.size in body should be greater than or equal to 1` */
export const outOfBounds = (field: string, value: unknown, should: string): FieldError =>
  problem(field || '<nil>', 'FieldValueInvalid', `Invalid value: ${shown(value)}: ${field} in body ${should}`)

/** A number beyond its format (kube-openapi validation/validate/values.go, IsValueValidAgainstRange). */
export const overflow = (path: string, format: string | undefined): FieldError =>
  problem(
    '<nil>',
    'FieldValueInvalid',
    `Invalid value: "": Checked value must be of type integer ${format ? `with format ${format}` : '(default format)'} in ${path}`,
  )

export const notInEnum = (field: string, value: unknown, allowed: readonly unknown[]): FieldError => {
  const values = allowed.map((item) => shown(typeof item === 'string' ? item : JSON.stringify(item)))
  return problem(
    field || '<nil>',
    'FieldValueNotSupported',
    `Unsupported value: ${shown(value)}: supported values: ${values.sort().join(', ')}`,
  )
}

export const tooLong = (field: string, most: number): FieldError =>
  problem(field, 'FieldValueTooLong', `Too long: may not be more than ${most} byte${most === 1 ? '' : 's'}`)

export const tooMany = (field: string, count: number, most: number): FieldError =>
  problem(
    field || '<nil>',
    'FieldValueTooMany',
    `Too many: ${count}: must have at most ${most} item${most === 1 ? '' : 's'}`,
  )

export const duplicate = (field: string, value: unknown): FieldError =>
  problem(field, 'FieldValueDuplicate', `Duplicate value: ${shown(value)}`)

/** oneOf and the like: the message names the path, the cause's own field is empty. */
export const composite = (path: string, must: string): FieldError =>
  problem('<nil>', 'FieldValueInvalid', `Invalid value: "": "${path}" must ${must}`)

/** Rules were left out because the object has not the shape that they are written for. */
export const rulesNotChecked: FieldError = problem(
  '<nil>',
  'FieldValueInvalid',
  'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
)

const blocking = new Set([
  'FieldValueRequired',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

/** Whether a problem keeps CEL rules from being asked at all. */
export const blocksRules = ({ reason }: FieldError): boolean => blocking.has(reason)
