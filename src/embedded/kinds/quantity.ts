/** Resource quantities: `500m`, `1Gi`. Values are numbers, precise enough to compare and add what learners write. */

const suffixes: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

const pattern = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/

/** The amount in base units (cores, bytes), or undefined when it is no quantity. */
export const parseQuantity = (value: string | number): number | undefined => {
  const match = pattern.exec(String(value).trim())
  if (!match) return undefined
  const [, digits = '', exponent, suffix = ''] = match
  return exponent === undefined ? Number(digits) * (suffixes[suffix] ?? 1) : Number(digits + exponent)
}

const decimal = (milli: number): string => {
  if (milli % 1000 !== 0) return `${milli}m`
  let value = milli / 1000
  let suffix = ''
  for (const next of ['k', 'M', 'G', 'T', 'P', 'E']) {
    if (value === 0 || value % 1000 !== 0) break
    value /= 1000
    suffix = next
  }
  return `${value}${suffix}`
}

const binary = (bytes: number): string => {
  let value = bytes
  let suffix = ''
  for (const next of ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']) {
    if (value === 0 || value % 1024 !== 0) break
    value /= 1024
    suffix = next
  }
  return `${value}${suffix}`
}

/**
 * The text a real API server gives back: the largest suffix that needs no fraction (`1000m` is `1`, `0.5` is `500m`,
 * `1024Mi` is `1Gi`). What is no quantity, or finer than a thousandth, stays as it is.
 */
export const canonicalQuantity = (value: string | number): string => {
  const given = String(value)
  const amount = parseQuantity(value)
  if (amount === undefined || !Number.isSafeInteger(Math.round(amount * 1000))) return given
  if (/i$/.test(given)) return Number.isInteger(amount) ? binary(amount) : given
  const milli = Math.round(amount * 1000)
  if (Math.abs(milli - amount * 1000) > 1e-6) return given
  return /[eE]/.test(given) ? given : decimal(milli)
}

/** A sum as the API shows it: in powers of 1024 where its parts were given so, else decimal. */
export const formatQuantity = (amount: number, inBinary: boolean): string =>
  inBinary && Number.isInteger(amount) ? binary(amount) : decimal(Math.round(amount * 1000))

/** Adds what parses; the first amount that is not zero decides how the sum is shown. */
export const sumQuantities = (values: readonly (string | number)[]): string => {
  const amounts = values.map((value) => parseQuantity(value) ?? 0)
  const first = values[amounts.findIndex((amount) => amount !== 0)] ?? '0'
  return formatQuantity(
    amounts.reduce((sum, amount) => sum + amount, 0),
    /i$/.test(String(first)),
  )
}
