/** Field errors in the API server's own words. Texts follow apimachinery's field package. */
import type { FieldError } from '../kind.ts'

/** Strings in quotes, numbers bare, everything else as JSON: how a 1.34 or newer server shows a value. */
const show = (value: unknown): string => (value === undefined ? 'null' : JSON.stringify(value))

const detail = (text: string | undefined): string => (text === undefined ? '' : `: ${text}`)

export const required = (field: string, says?: string): FieldError => ({
  field,
  reason: 'FieldValueRequired',
  message: `Required value${detail(says)}`,
})

export const invalid = (field: string, value: unknown, says: string): FieldError => ({
  field,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${show(value)}: ${says}`,
})

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  field,
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${show(value)}: supported values: ${[...supported].sort().map(show).join(', ')}`,
})

export const forbidden = (field: string, says: string): FieldError => ({
  field,
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${says}`,
})

export const duplicate = (field: string, value: unknown): FieldError => ({
  field,
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${show(value)}`,
})

export const notFound = (field: string, value: unknown): FieldError => ({
  field,
  reason: 'FieldValueNotFound',
  message: `Not found: ${show(value)}`,
})

export const tooLong = (field: string, bytes: number): FieldError => ({
  field,
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${bytes} bytes`,
})

/** An error when the value is none of those allowed; an absent value is `required`. */
export const oneOf = (field: string, value: string | undefined, supported: readonly string[]): FieldError[] => {
  if (value === undefined || value === '') return [required(field)]
  return supported.includes(value) ? [] : [notSupported(field, value, supported)]
}

export const nonNegative = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : []
