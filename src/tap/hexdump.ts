/** Bytes as people read them: offset, hexadecimal, ASCII. Pure. */
import type { Range } from './wire.ts'

export interface DumpRow {
  offset: string
  /** `47 45 54 20`, two digits a byte, a wider gap in the middle. */
  hex: string
  /** The same bytes as characters, `.` for what is not printable; cut where a secret begins or ends. */
  ascii: { text: string; secret: boolean }[]
  secret: boolean
}

const isIn = (ranges: readonly Range[], at: number): boolean => ranges.some(({ start, end }) => at >= start && at < end)

const hexOf = (bytes: Uint8Array, perRow: number): string => {
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'))
  const half = perRow / 2
  const text = [digits.slice(0, half), digits.slice(half)].map((part) => part.join(' ')).join('  ')
  return text.padEnd(perRow * 3)
}

const asciiOf = (bytes: Uint8Array, offset: number, secrets: readonly Range[]): DumpRow['ascii'] => {
  const runs: DumpRow['ascii'] = []
  bytes.forEach((byte, index) => {
    const text = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
    const secret = isIn(secrets, offset + index)
    const last = runs.at(-1)
    if (last?.secret === secret) last.text += text
    else runs.push({ text, secret })
  })
  return runs
}

/** Rows of `perRow` bytes (an even number). */
export const hexdump = (bytes: Uint8Array, perRow: number, secrets: readonly Range[] = []): DumpRow[] =>
  Array.from({ length: Math.ceil(bytes.length / perRow) }, (_, index) => {
    const offset = index * perRow
    const row = bytes.subarray(offset, offset + perRow)
    const ascii = asciiOf(row, offset, secrets)
    return {
      offset: offset.toString(16).padStart(4, '0'),
      hex: hexOf(row, perRow),
      ascii,
      secret: ascii.some(({ secret }) => secret),
    }
  })
