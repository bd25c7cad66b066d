/** Durations as istiod checks them (pkg/config/validation/agent/validation.go, ValidateDuration). */
import { parseDuration, units } from '../duration.ts'
import { text } from '../read.ts'
import { quoted } from './go-text.ts'

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
    if (units[unit] === undefined) return bad(`unknown unit ${quoted(unit)} in duration`)
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
