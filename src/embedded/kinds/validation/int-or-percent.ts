/** Values that are a count or a share of something: `1`, `25%`. */
import type { FieldError } from '../kind.ts'
import { invalid } from './errors.ts'

const percent = /^[0-9]+%$/

/** With `most100`, a share above everything is refused. */
export const intOrPercentErrors = (
  value: number | string | undefined,
  field: string,
  { most100 = false } = {},
): FieldError[] => {
  if (value === undefined) return []
  if (typeof value === 'number') {
    return value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : []
  }
  if (!percent.test(value)) {
    const says = "a valid percent string must be a numeric string followed by an ending '%'"
    return [invalid(field, value, `${says} (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`)]
  }
  return most100 && Number.parseInt(value, 10) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : []
}

export const isZero = (value: number | string | undefined): boolean =>
  value === 0 || (typeof value === 'string' && Number.parseInt(value, 10) === 0)

/** The count that it means for `total`; shares round up or down, anything unreadable counts as 0. */
export const resolveIntOrPercent = (
  value: number | string | undefined,
  total: number,
  round: 'up' | 'down',
): number => {
  if (typeof value === 'number') return value
  if (value === undefined || !percent.test(value)) return 0
  const share = (Number.parseInt(value, 10) * total) / 100
  return round === 'up' ? Math.ceil(share) : Math.floor(share)
}
