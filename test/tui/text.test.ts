import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clean, cut, ends, fill, line, plainText, span, widthOf, wrap, wrapText } from '../../src/tui/text.ts'

const words = fc.array(fc.stringMatching(/^[a-z/.=]{1,30}$/), { maxLength: 20 })
const squeezed = (text: string) => text.replace(/\s+/g, '')

describe('wrap', () => {
  test('loses nothing but blanks and is never too wide', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 10 }), (list, width, hang) => {
        const text = list.join(' ')
        const rows = wrap(line(text), width, hang)
        expect(squeezed(rows.map(plainText).join(''))).toBe(squeezed(text))
        expect(Math.max(...rows.map(widthOf))).toBeLessThanOrEqual(width)
      }),
    )
  })

  test.each([
    ['breaks at blanks', 'one two three', 8, 0, ['one two', 'three']],
    ['hangs what follows', '- one two three', 9, 2, ['- one two', '  three']],
    [
      'breaks a path after a slash',
      '~/.local/share/meshdojo/kubeconfig',
      20,
      0,
      ['~/.local/share/', 'meshdojo/kubeconfig'],
    ],
    ['keeps an indentation', '    spec:', 20, 0, ['    spec:']],
    ['keeps an empty line', '', 20, 0, ['']],
  ])('%s', (_, text, width, hang, expected) => {
    expect(wrap(line(text), width, hang).map(plainText)).toEqual(expected)
  })

  test('keeps a word of two roles together, and the roles', () => {
    const rows = wrap(line('use ', span('STRICT', 'code'), ', always'), 10)
    expect(rows.map(plainText)).toEqual(['use', 'STRICT,', 'always'])
    expect(rows[1]).toEqual([
      { text: 'STRICT', role: 'code' },
      { text: ',', role: 'text' },
    ])
  })
})

test('wrapText keeps the lines of the text', () => {
  expect(wrapText('a b\n\nc\n', 10).map(plainText)).toEqual(['a b', '', 'c'])
})

describe('cut and fill', () => {
  test.each([
    ['short enough', 'abc', 5, 'abc'],
    ['announced by an ellipsis', 'abcdef', 4, 'abc…'],
    ['narrower than anything', 'abcdef', 1, '…'],
  ])('%s', (_, text, width, expected) => {
    expect(plainText(cut(line(text), width))).toBe(expected)
  })

  test('fill is exactly as wide as asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.integer({ min: 3, max: 40 }), (text, width) => {
        expect(widthOf(fill(line(text), width, '...'))).toBe(width)
      }),
    )
  })

  test('ends keeps the right side whole', () => {
    expect(plainText(ends(line('a long title here'), line('3/6'), 12))).toBe('a long … 3/6')
  })
})

describe('clean', () => {
  test.each([
    ['clears the screen', 'a\u001b[2Jb', 'ab'],
    ['sets a clipboard', 'a\u001b]52;c;eA==\u0007b', 'ab'],
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['carriage return', 'a\r\nb', 'a\nb'],
    ['tab', 'a\tb', 'a  b'],
    ['bell', 'a\u0007b', 'ab'],
    ['emoji', 'ok ✅ 🚀', 'ok ? ?'],
    ['wide characters', '漢字', '??'],
    ['quotes and dashes stay', '“a” — b…', '“a” — b…'],
  ])('%s', (_, raw, expected) => {
    expect(clean(raw)).toBe(expected)
  })

  test('writes ASCII where that is all there is', () => {
    expect(clean('“a” → b…', true)).toBe('"a" -> b...')
  })
})
