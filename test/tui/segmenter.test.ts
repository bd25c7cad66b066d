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
/** All segments, and which one each place in the text, and before and behind it, belongs to. */
const parts = (text: string, segments: Intl.Segments) => ({
  all: Array.from(segments, ({ segment, index, input }) => [segment, index, input]),
  containing: Array.from({ length: text.length + 2 }, (_, at) => segments.containing(at - 1)),
  first: segments.containing(),
})

test.each(['grapheme', 'word'] as const)('finds each %s that Intl.Segmenter finds', (granularity) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (given) => {
      const text = given.join('')
      const real = new Intl.Segmenter(undefined, { granularity })
      const lazy = new LazySegmenter(undefined, { granularity })
      expect(parts(text, lazy.segment(text))).toEqual(parts(text, real.segment(text)))
    }),
  )
})
