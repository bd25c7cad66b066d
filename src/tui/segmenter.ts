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

  segment(text: string): Iterable<Pick<Intl.SegmentData, 'segment' | 'index'>> {
    const { granularity = 'grapheme' } = this.#parameters[1] ?? {}
    if (granularity === 'grapheme' && plain.test(text))
      return Array.from(text, (segment, index) => ({ segment, index }))
    this.#segmenter ??= new Segmenter(...this.#parameters)
    return this.#segmenter.segment(text)
  }
}
