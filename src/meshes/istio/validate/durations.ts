/** Durations as istiod checks them (pkg/config/validation/agent/validation.go, ValidateDuration). */
import { text } from '../read.ts'
import { quoted } from './go-text.ts'

const nanoseconds: Record<string, bigint> = {
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
    const scale = nanoseconds[unit] ?? 0n
    total += BigInt(whole || '0') * scale + (BigInt(part || '0') * scale) / 10n ** BigInt(part.length)
  }
  return sign === '-' ? -total : total
}

/**
 * What protobuf's reader says of a text that is no duration (Go's time.ParseDuration). The CRDs' own rules refuse most
 * such fields, but not all.
 */
export const undecodable = (value: unknown): string | undefined => {
  const given = text(value)
  if (given === undefined || parseDuration(given) !== undefined) return undefined
  const bad = (why: string): string => `bad Duration: time: ${why} ${quoted(given)}`
  let rest = given.replace(/^[+-]/, '')
  for (;;) {
    const [count = '', unit = ''] = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest)?.slice(1) ?? []
    if (count === '') return bad('invalid duration')
    if (unit === '') return bad('missing unit in duration')
    if (nanoseconds[unit] === undefined) return bad(`unknown unit ${quoted(unit)} in duration`)
    rest = rest.slice(count.length + unit.length)
    if (rest === '') return bad('invalid duration')
  }
}

/** The complaint about a duration that is there. */
export const duration = (value: unknown): string | undefined => {
  const given = text(value)
  const size = given === undefined ? undefined : parseDuration(given)
  if (size === undefined) return undefined
  if (size < 1_000_000n) return 'duration must be greater than 1ms'
  return size % 1_000_000n === 0n ? undefined : 'only durations to ms precision are supported'
}
