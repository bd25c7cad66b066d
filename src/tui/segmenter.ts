/**
 * The build puts this in the place of `Intl.Segmenter` in ink: the same graphemes, without loading the tables of all
 * scripts (some 30 ms before the first paint) for text of ASCII and box-drawing characters, in which each is one.
 */
const { Segmenter } = Intl

const plain = /^[ -~\u2500-\u257f]*$/

export class LazySegmenter {
  readonly #parameters: ConstructorParameters<typeof Segmenter>
  #segmenter?: Intl.Segmenter

  constructor(...parameters: ConstructorParameters<typeof Segmenter>) {
    this.#parameters = parameters
  }

  segment(text: string): Intl.Segments {
    const { granularity = 'grapheme' } = this.#parameters[1] ?? {}
    if (granularity === 'grapheme' && plain.test(text)) return eachCharacter(text)
    this.#segmenter ??= new Segmenter(...this.#parameters)
    return this.#segmenter.segment(text)
  }
}

const eachCharacter = (input: string): Intl.Segments => ({
  containing(at = 0) {
    const index = Math.trunc(at) || 0
    // The type says that there always is one; outside of the text there is none.
    return (index >= 0 && index < input.length ? { segment: input[index]!, index, input } : undefined)!
  },
  [Symbol.iterator]: () =>
    Array.from(input, (segment, index) => ({ segment, index, input }))[
      Symbol.iterator
    ]() as Intl.SegmentIterator<Intl.SegmentData>,
})
