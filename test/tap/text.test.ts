import { describe, expect, test } from 'vitest'
import { hexdump } from '../../src/tap/hexdump.ts'
import { captureRows } from '../../src/tap/text.ts'
import { type Chunk, captureOf } from '../../src/tap/wire.ts'

const words = (rows: ReturnType<typeof captureRows>): string[] =>
  rows.map(({ parts }) => parts.map(({ text }) => text).join(''))

const chunk = (bytes: Uint8Array, more: Partial<Chunk> = {}): Chunk => ({
  from: 'client',
  bytes,
  title: 'Title',
  facts: ['a fact'],
  secrets: [],
  encrypted: false,
  ...more,
})

describe('hexdump', () => {
  test('16 bytes a row, the last one shorter and aligned', () => {
    const rows = hexdump(Buffer.from('GET / HTTP/1.1\r\nHost: a\x7f'), 16)
    expect(rows.map(({ offset, hex, ascii }) => `${offset}  ${hex}|${ascii.map(({ text }) => text).join('')}`)).toEqual(
      [
        '0000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a|GET / HTTP/1.1..',
        `0010  48 6f 73 74 3a 20 61 7f${' '.repeat(25)}|Host: a.`,
      ],
    )
  })

  test('secrets cut the characters, also across rows', () => {
    const rows = hexdump(Buffer.from('aaaaaaSSSSSbbbbb'), 8, [{ start: 6, end: 11 }])
    expect(rows.map(({ ascii }) => ascii)).toEqual([
      [
        { text: 'aaaaaa', secret: false },
        { text: 'SS', secret: true },
      ],
      [
        { text: 'SSS', secret: true },
        { text: 'bbbbb', secret: false },
      ],
    ])
  })
})

describe('a capture in rows', () => {
  test('a row with a secret begins with a mark', () => {
    const capture = captureOf([chunk(Buffer.from('abcdefgh12345678ijklmnop'), { secrets: [{ start: 8, end: 16 }] })])
    expect(words(captureRows(capture, { perRow: 8, atMost: 99 })).map((row) => row.slice(0, 6))).toEqual([
      'client',
      '  - a ',
      '  0000',
      '! 0008',
      '  0010',
      '',
    ])
  })

  test('what is not shown is counted', () => {
    const capture = captureOf([chunk(new Uint8Array(40)), chunk(new Uint8Array(100), { encrypted: true })])
    const rows = words(captureRows(capture, { perRow: 16, atMost: 32 }))
    expect(rows).toContain('        and 8 more bytes')
    expect(rows).toContain('        and 68 more bytes, just as unreadable')
  })

  test('share of what is printable', () => {
    expect(captureOf([chunk(Buffer.from('ab\r\n'))]).readable).toBe(0.5)
    expect(captureOf([]).readable).toBe(0)
  })
})
