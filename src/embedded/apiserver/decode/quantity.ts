/**
 * Resource quantities in their canonical form: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`.
 * Below a billionth, and for fractions of a byte, values are rounded up, as upstream's resource.Quantity does.
 */

const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const decimalSuffix = new Map(Object.entries(decimal).map(([suffix, exponent]) => [exponent, suffix]))
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

/** A quantity that cannot be read; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError'
}

interface Parsed {
  /** In billionths. */
  nano: bigint
  format: 'decimal' | 'binary' | 'exponent'
}

const ceilDivide = (value: bigint, by: bigint): bigint => {
  const quotient = value / by
  if (value % by === 0n) return quotient
  return value > 0n ? quotient + 1n : quotient - 1n
}

const parse = (text: string): Parsed => {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text)
  if (!match || text === '') throw new QuantityError(wrongFormat)
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match
  if (whole === '' && fraction === '') throw new QuantityError('unable to parse numeric part of quantity')
  const power = binary.indexOf(suffix)
  const exponent =
    suffix === '' ? 0 : (decimal[suffix] ?? (/^[eE][-+]?\d+$/.test(suffix) ? Number(suffix.slice(1)) : undefined))
  if (power < 1 && exponent === undefined) throw new QuantityError("unable to parse quantity's suffix")
  const digits = BigInt(`${whole}${fraction}` || '0')
  const scaled = power > 0 ? digits * 1024n ** BigInt(power) : digits
  const shift = 9 - fraction.length + (power > 0 ? 0 : Math.max(-40, Math.min(40, exponent ?? 0)))
  const nano = shift >= 0 ? scaled * 10n ** BigInt(shift) : ceilDivide(scaled, 10n ** BigInt(-shift))
  const format = power > 0 ? 'binary' : /^[eE][-+]?\d+$/.test(suffix) ? 'exponent' : 'decimal'
  return { nano: sign === '-' ? -nano : nano, format }
}

const formatBinary = (bytes: bigint): string => {
  let value = bytes
  let power = 0
  while (power < binary.length - 1 && value % 1024n === 0n && value !== 0n) {
    value /= 1024n
    power++
  }
  return `${value}${binary[power]}`
}

const formatDecimal = (nano: bigint, exponentForm: boolean): string => {
  if (nano === 0n) return '0'
  let value = nano
  let exponent = -9
  while (exponent < 18 && value % 1000n === 0n) {
    value /= 1000n
    exponent += 3
  }
  if (!exponentForm) return `${value}${decimalSuffix.get(exponent) ?? ''}`
  return exponent === 0 ? `${value}` : `${value}e${exponent}`
}

/** The canonical text of a quantity. @throws QuantityError with upstream's words */
export const canonicalQuantity = (text: string): string => {
  const { nano, format } = parse(text)
  const small = nano > -1024n * 10n ** 9n && nano < 1024n * 10n ** 9n
  if (format === 'binary' && !small) return formatBinary(ceilDivide(nano, 10n ** 9n))
  return formatDecimal(nano, format === 'exponent')
}
