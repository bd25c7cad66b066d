/**
 * The cluster's memory: an append-only log of revisions with the current state beside it (the idea of kine). One counter
 * serves all buckets, so a resourceVersion orders every write of the cluster. Knows nothing of kinds or HTTP.
 *
 * Each bucket (one per group and resource) remembers its last `history` revisions; older ones are compacted away, and a
 * watch or a list from before that answers `Compacted`.
 */
import type { KubeObject } from '../kube/api.ts'

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

interface Watcher {
  onRevision: (revision: Revision) => void
  stopped: boolean
}

interface Bucket {
  name: string
  state: Map<string, KubeObject>
  log: Revision[]
  /** Everything up to and including this revision has been forgotten. */
  compacted: number
  watchers: Set<Watcher>
  /** Keys in order, rebuilt when the set of keys changed. */
  sorted?: string[]
}

export interface StoreOptions {
  /** The first revision is one more than this. */
  startRevision?: number
  /** Revisions that each bucket remembers. */
  history?: number
}

const byteOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export class Store {
  #revision: number
  readonly #history: number
  readonly #start: number
  readonly #buckets = new Map<string, Bucket>()
  readonly #everything = new Set<Watcher>()
  #pending: [Watcher, Revision][] = []

  constructor(options: StoreOptions = {}) {
    this.#revision = options.startRevision ?? 1000
    this.#start = this.#revision
    this.#history = options.history ?? 1000
  }

  get revision(): number {
    return this.#revision
  }

  #bucket(name: string): Bucket {
    let bucket = this.#buckets.get(name)
    if (!bucket) {
      bucket = { name, state: new Map(), log: [], compacted: this.#start - 1, watchers: new Set() }
      this.#buckets.set(name, bucket)
    }
    return bucket
  }

  get(bucket: string, key: string): KubeObject | undefined {
    return this.#buckets.get(bucket)?.state.get(key)
  }

  /** The current objects in key order; `prefix` limits them to one namespace (`ns/`). */
  list(bucket: string, prefix = ''): KubeObject[] {
    const found = this.#buckets.get(bucket)
    if (!found) return []
    found.sorted ??= [...found.state.keys()].sort(byteOrder)
    const keys = prefix ? found.sorted.filter((key) => key.startsWith(prefix)) : found.sorted
    return keys.map((key) => found.state.get(key)!)
  }

  /** The objects as they were right after `revision`, in key order. Throws `Compacted`. */
  listAt(bucket: string, revision: number, prefix = ''): [key: string, object: KubeObject][] {
    const found = this.#bucket(bucket)
    if (revision < found.compacted) throw new Compacted(found.compacted)
    const state = new Map(found.state)
    for (let i = found.log.length - 1; i >= 0 && found.log[i]!.revision > revision; i--) {
      const { key, previous } = found.log[i]!
      if (previous) state.set(key, previous)
      else state.delete(key)
    }
    return [...state].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => byteOrder(a, b))
  }

  /** Stores the object (which it freezes, with `metadata.resourceVersion` set) as the next revision. */
  put(bucket: string, key: string, object: KubeObject): KubeObject {
    const found = this.#bucket(bucket)
    const previous = found.state.get(key)
    const revision = ++this.#revision
    object.metadata.resourceVersion = String(revision)
    deepFreeze(object)
    found.state.set(key, object)
    if (!previous) found.sorted = undefined
    this.#append(
      found,
      previous
        ? { revision, type: 'MODIFIED', bucket, key, object, previous }
        : { revision, type: 'ADDED', bucket, key, object },
    )
    return object
  }

  /** Removes the object; answers its last state with the resourceVersion of the removal. */
  remove(bucket: string, key: string): KubeObject | undefined {
    const found = this.#bucket(bucket)
    const previous = found.state.get(key)
    if (!previous) return undefined
    const revision = ++this.#revision
    const object = deepFreeze({ ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } })
    found.state.delete(key)
    found.sorted = undefined
    this.#append(found, { revision, type: 'DELETED', bucket, key, object, previous })
    return object
  }

  #append(bucket: Bucket, revision: Revision): void {
    bucket.log.push(revision)
    // Trimmed in steps, so that a busy bucket does not shift its array on every write.
    if (bucket.log.length > this.#history * 1.25) {
      const dropped = bucket.log.splice(0, bucket.log.length - this.#history)
      bucket.compacted = dropped.at(-1)!.revision
    }
    for (const watcher of bucket.watchers) this.#enqueue(watcher, revision)
    for (const watcher of this.#everything) this.#enqueue(watcher, revision)
  }

  #enqueue(watcher: Watcher, revision: Revision): void {
    if (this.#pending.length === 0) queueMicrotask(() => this.#deliver())
    this.#pending.push([watcher, revision])
  }

  #deliver(): void {
    const batch = this.#pending
    this.#pending = []
    let done = 0
    try {
      for (const [watcher, revision] of batch) {
        done++
        if (!watcher.stopped) watcher.onRevision(revision)
      }
    } finally {
      // One watcher that throws must not cost the others their events.
      if (done < batch.length) for (const [watcher, revision] of batch.slice(done)) this.#enqueue(watcher, revision)
    }
  }

  /**
   * Every revision after `after` (default: from now on), once and in order, called in a microtask and never inside a
   * write. With `replay`, first an ADDED for each object that is there. Throws `Compacted`. Returns what stops it.
   */
  watch(
    bucket: string,
    onRevision: (revision: Revision) => void,
    options: { after?: number; replay?: boolean } = {},
  ): () => void {
    const found = this.#bucket(bucket)
    const after = options.after ?? this.#revision
    if (after < found.compacted) throw new Compacted(found.compacted)
    const watcher: Watcher = { onRevision, stopped: false }
    if (options.replay) this.#replay(found, watcher)
    else for (const revision of found.log) if (revision.revision > after) this.#enqueue(watcher, revision)
    found.watchers.add(watcher)
    return () => {
      watcher.stopped = true
      found.watchers.delete(watcher)
    }
  }

  /** Every revision of every bucket from now on; with `replay`, first an ADDED for each object that is there. */
  watchAll(onRevision: (revision: Revision) => void, options: { replay?: boolean } = {}): () => void {
    const watcher: Watcher = { onRevision, stopped: false }
    if (options.replay) for (const bucket of this.#buckets.values()) this.#replay(bucket, watcher)
    this.#everything.add(watcher)
    return () => {
      watcher.stopped = true
      this.#everything.delete(watcher)
    }
  }

  #replay(bucket: Bucket, watcher: Watcher): void {
    for (const [key, object] of bucket.state) {
      const revision = Number(object.metadata.resourceVersion)
      this.#enqueue(watcher, { revision, type: 'ADDED', bucket: bucket.name, key, object })
    }
  }

  /** Forgets every revision up to and including this one. */
  compact(revision = this.#revision): void {
    for (const bucket of this.#buckets.values()) {
      bucket.log = bucket.log.filter((entry) => entry.revision > revision)
      bucket.compacted = Math.max(bucket.compacted, revision)
    }
  }
}

/** A first revision that rises between runs: milliseconds since 2024, far ahead of any sustained rate of writes. */
export const revisionFromTime = (milliseconds: number): number =>
  Math.max(1000, Math.floor(milliseconds - Date.UTC(2024, 0, 1)))

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const child of Object.values(value)) deepFreeze(child)
  }
  return value
}
