import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LazySegmenter } from '../../src/tui/segmenter.ts'

const pieces = fc.constantFrom(
  'a',
  ' ',
  '~',
  '│',
  '╿',
  '\r',
  '\n',
  '\u001b[31m',
  'e\u0301',
  '\u0301',
  '漢',
  '👩‍👩‍👧',
  '한',
)
const parts = (text: Iterable<Pick<Intl.SegmentData, 'segment' | 'index'>>) =>
  Array.from(text, ({ segment, index }) => [segment, index])

test.each(['grapheme', 'word'] as const)('finds each %s that Intl.Segmenter finds', (granularity) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (given) => {
      const text = given.join('')
      const real = new Intl.Segmenter(undefined, { granularity })
      expect(parts(new LazySegmenter(undefined, { granularity }).segment(text))).toEqual(parts(real.segment(text)))
    }),
  )
})
