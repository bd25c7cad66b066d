/** Durations as protobuf's JSON and Go write them: `1.5s`, `500ms`, `1m30s`, `1h`. */

/** Nanoseconds of each unit. */
export const units: Record<string, bigint> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ns: 1n,
}

/** Nanoseconds of what Go's time.ParseDuration reads; undefined for what it does not. */
export const parseDuration = (given: string): bigint | undefined => {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(given) ?? []
  if (rest === '0') return 0n
  if (!/^((\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|μs|ns))+$/.test(rest)) return undefined
  let total = 0n
  for (const [, whole = '', part = '', unit = ''] of rest.matchAll(/(\d*)\.?(\d*)(h|ms|m|s|us|µs|μs|ns)/g)) {
    const scale = units[unit] ?? 0n
    total += BigInt(whole || '0') * scale + (BigInt(part || '0') * scale) / 10n ** BigInt(part.length)
  }
  return sign === '-' ? -total : total
}

/** Milliseconds; undefined for what is not a duration, or less than none. */
export const milliseconds = (value: unknown): number | undefined => {
  const size = typeof value === 'string' ? parseDuration(value) : undefined
  return size === undefined || size < 0n ? undefined : Number(size) / 1_000_000
}
