import fc from 'fast-check'
import measure from 'string-width'
import { expect, test } from 'vitest'
import { stringWidth } from '../../src/tui/string-width.ts'

const pieces = fc.constantFrom(
  'a',
  ' ',
  '~',
  '│',
  '─',
  '╬',
  '╿',
  '\u001b[31m',
  '\u001b[1;38;5;3m',
  '\u001b[',
  'm',
  '\u001b]8;;x\u0007',
  '\t',
  'é',
  'e\u0301',
  '漢',
  '👩‍👩‍👧',
  '한',
  '\u2580',
)

test('answers as string-width does', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
      const text = parts.join('')
      expect(stringWidth(text)).toBe(measure(text))
    }),
  )
})

test('leaves options to the package', () => {
  expect(stringWidth('│', { ambiguousIsNarrow: false })).toBe(2)
})
