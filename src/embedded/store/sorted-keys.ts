/**
 * A set of keys in byte order that stays cheap as it grows: keys live in blocks of bounded size, so adding or removing
 * one moves a few hundred neighbours at most, whatever the set holds. The idea of a B-tree with a single level.
 */

/** Keys a block may hold before it is split. */
const blockSize = 512

/** The index of the first item that is not less than `key`. */
function lowerBound(items: readonly string[], key: string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (items[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

export class SortedKeys {
  /** None is empty, except that there is always a first one. */
  readonly #blocks: string[][] = [[]]
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The block where `key` is or belongs: the last one that does not start after it. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.#blocks[middle]![0]! <= key) low = middle
      else high = middle
    }
    return low
  }

  add(key: string): void {
    const at = this.#blockOf(key)
    const block = this.#blocks[at]!
    const index = lowerBound(block, key)
    if (block[index] === key) return
    block.splice(index, 0, key)
    this.#size++
    if (block.length <= blockSize) return
    // Keys often come in order: a block that grew at its end leaves a full one behind.
    this.#blocks.splice(at + 1, 0, block.splice(index === block.length - 1 ? blockSize : blockSize >>> 1))
  }

  delete(key: string): void {
    const at = this.#blockOf(key)
    const block = this.#blocks[at]!
    const index = lowerBound(block, key)
    if (block[index] !== key) return
    block.splice(index, 1)
    this.#size--
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1)
  }

  /** The keys from `start` on, in order. The set must not change meanwhile. */
  *from(start: string): Generator<string> {
    let at = this.#blockOf(start)
    let index = lowerBound(this.#blocks[at]!, start)
    for (; at < this.#blocks.length; at++, index = 0) {
      const block = this.#blocks[at]!
      for (; index < block.length; index++) yield block[index]!
    }
  }

  /** How many keys come before `key`. */
  rank(key: string): number {
    const at = this.#blockOf(key)
    let before = 0
    for (let i = 0; i < at; i++) before += this.#blocks[i]!.length
    return before + lowerBound(this.#blocks[at]!, key)
  }
}
