/** Field errors in the API server's own words, and the checks that many kinds share. */
import { sameJson } from '../../apiserver/equality.ts'
import { field } from '../../apiserver/errors.ts'
import type { FieldError } from '../kind.ts'

export const { required, invalid, forbidden, duplicate, tooLong } = field

/** The values are named in alphabetical order, as those of a set are. */
export const notSupported = (path: string, value: unknown, supported: readonly string[]): FieldError =>
  field.notSupported(path, value ?? '', [...supported].sort())

/** The values are named in the order given: where upstream has a list. */
export const notListed = (path: string, value: unknown, supported: readonly string[]): FieldError =>
  field.notSupported(path, value ?? '', supported)

export const notFound = (path: string, value: unknown): FieldError => ({
  field: path,
  reason: 'FieldValueNotFound',
  message: `Not found: ${JSON.stringify(value)}`,
})

/** An error when the value is none of those allowed; an absent value is `required`. */
export const oneOf = (path: string, value: string | undefined, supported: readonly string[]): FieldError[] => {
  if (value === undefined || value === '') return [required(path)]
  return supported.includes(value) ? [] : [notSupported(path, value, supported)]
}

/** Like `oneOf`, and the values are named in the order given. */
export const oneListed = (path: string, value: string | undefined, supported: readonly string[]): FieldError[] => {
  if (value === undefined || value === '') return [required(path)]
  return supported.includes(value) ? [] : [notListed(path, value, supported)]
}

/** `invalid` for each complaint of a format about a value. */
export const complaints = (path: string, value: string, format: (value: string) => string[]): FieldError[] =>
  format(value).map((says) => invalid(path, value, says))

export const nonNegative = (path: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : []

/** The value may not differ from the stored one; `old` is undefined on creation. */
export const immutable = (path: string, value: unknown, old: unknown): FieldError[] =>
  sameJson(value, old) ? [] : [invalid(path, value, 'field is immutable')]
