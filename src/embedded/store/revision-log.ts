/** What happened in one bucket, newest last, as far back as its limits allow; and readers that go through it at their own pace. */
import type { KubeObject } from '../../kube/api.ts'

export interface Revision {
  revision: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  bucket: string
  key: string
  /** After the write; for DELETED the last state, with the resourceVersion of the deletion. */
  object: KubeObject
  /** Before the write; absent for ADDED. */
  previous?: KubeObject
}

/** The revision asked for is older than the bucket remembers. */
export class Compacted extends Error {
  override readonly name = 'Compacted'
  readonly oldest: number
  constructor(oldest: number) {
    super(`compacted up to revision ${oldest}`)
    this.oldest = oldest
  }
}

/** A reader that holds its place in the log and no events, however slow it is. */
export interface Cursor {
  /** The next revision, or undefined when there is none yet. Throws `Compacted` once it has fallen behind the history. */
  next(): Revision | undefined
  /** Calls once, in a microtask, when there is more to read. */
  wake(onMore: () => void): void
  close(): void
}

export interface HistoryLimits {
  /** Revisions. */
  count: number
  /** Of their objects, as estimated by `freeze`. */
  bytes: number
}

/** Trimming waits until a limit is passed by this much, so that a busy log does not shift its array on every write. */
const slack = 1.25

export class RevisionLog {
  readonly #limits: HistoryLimits
  #entries: Revision[] = []
  #sizes: number[] = []
  #bytes = 0
  /** Entries dropped so far: where the log begins, counted from the bucket's first revision. */
  #dropped = 0
  #compacted: number
  readonly #readers = new Set<{ onMore?: () => void }>()

  /** @param compacted nothing up to and including this revision will be asked for */
  constructor(limits: HistoryLimits, compacted: number) {
    this.#limits = limits
    this.#compacted = compacted
  }

  /** The revision of the latest write; 0 when there was none. */
  latest = 0

  append(revision: Revision, size: number): void {
    this.#entries.push(revision)
    this.#sizes.push(size)
    this.#bytes += size
    this.latest = revision.revision
    if (this.#entries.length > this.#limits.count * slack) this.#drop(this.#entries.length - this.#limits.count)
    else if (this.#bytes > this.#limits.bytes * slack) this.#drop(this.#excess())
    for (const reader of this.#readers) {
      const { onMore } = reader
      reader.onMore = undefined
      if (onMore) queueMicrotask(onMore)
    }
  }

  /** What came after the revision, newest first. @throws Compacted */
  *since(revision: number): Generator<Revision> {
    this.#check(revision)
    for (let i = this.#entries.length - 1; i >= 0 && this.#entries[i]!.revision > revision; i--) yield this.#entries[i]!
  }

  /** @throws Compacted */
  follow(after: number): Cursor {
    this.#check(after)
    let place = this.#dropped + this.#entries.length
    while (place > this.#dropped && this.#entries[place - this.#dropped - 1]!.revision > after) place--
    const reader: { onMore?: () => void } = {}
    this.#readers.add(reader)
    return {
      next: () => {
        if (place < this.#dropped) throw new Compacted(this.#compacted)
        const revision = this.#entries[place - this.#dropped]
        if (revision) place++
        return revision
      },
      wake: (onMore) => {
        if (place < this.#dropped + this.#entries.length) queueMicrotask(onMore)
        else reader.onMore = onMore
      },
      close: () => {
        reader.onMore = undefined
        this.#readers.delete(reader)
      },
    }
  }

  /** Forgets every revision up to and including this one. */
  compact(revision: number): void {
    const kept = this.#entries.findIndex((entry) => entry.revision > revision)
    this.#drop(kept < 0 ? this.#entries.length : kept)
    this.#compacted = Math.max(this.#compacted, revision)
  }

  #check(revision: number): void {
    if (revision < this.#compacted) throw new Compacted(this.#compacted)
  }

  /** How many of the oldest entries are too much for the memory that the log may take. */
  #excess(): number {
    let count = 0
    for (let left = this.#bytes; left > this.#limits.bytes && count < this.#sizes.length - 1; count++)
      left -= this.#sizes[count]!
    return count
  }

  #drop(count: number): void {
    if (count === 0) return
    this.#compacted = this.#entries[count - 1]!.revision
    this.#entries.splice(0, count)
    for (const size of this.#sizes.splice(0, count)) this.#bytes -= size
    this.#dropped += count
  }
}
