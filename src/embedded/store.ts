/**
 * The cluster's memory: an append-only log of revisions with the current state beside it (the idea of kine). One counter
 * serves all buckets, so a resourceVersion orders every write of the cluster. Knows nothing of kinds or HTTP.
 *
 * Each bucket (one per group and resource) remembers its last revisions, up to a number and a size; older ones are
 * compacted away, and a watch or a list from before that answers `Compacted`.
 *
 * What a write costs does not depend on how much is stored; a list costs what it returns.
 */
import type { KubeObject } from '../kube/api.ts'
import { freeze } from './store/freeze.ts'
import { type Cursor, type HistoryLimits, type Revision, RevisionLog } from './store/revision-log.ts'
import { SortedKeys } from './store/sorted-keys.ts'

export { Compacted, type Cursor, type Revision } from './store/revision-log.ts'

export interface Range {
  /** Only keys that begin with this: one namespace (`ns/`). */
  prefix?: string
  /** Only keys that are not before this one. */
  start?: string
  /** As it was right after this revision; default now. */
  revision?: number
}

interface Watcher {
  onRevision: (revision: Revision) => void
  stopped: boolean
}

interface Bucket {
  name: string
  state: Map<string, KubeObject>
  keys: SortedKeys
  log: RevisionLog
  watchers: Set<Watcher>
}

/** One object is larger than the store takes. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

export interface StoreOptions {
  /** The first revision is one more than this. */
  startRevision?: number
  /** Revisions that each bucket remembers. */
  history?: number
  /** Bytes (an estimate) that one object may have. Default 1.5 MiB, as of etcd. */
  objectBytes?: number
  /** Bytes of objects (an estimate) that each bucket's history may hold. */
  historyBytes?: number
}

const byteOrder = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0

const later = (a: string, b: string): string => (byteOrder([a, 0], [b, 0]) > 0 ? a : b)

export class Store {
  #revision: number
  readonly #limits: HistoryLimits
  readonly #objectBytes: number
  /** What a bucket that is new now has forgotten: what came before the store, and what was compacted away. */
  #forgotten: number
  readonly #buckets = new Map<string, Bucket>()
  readonly #everything = new Set<Watcher>()
  #pending: [Watcher, Revision][] = []

  constructor(options: StoreOptions = {}) {
    this.#revision = options.startRevision ?? 1000
    this.#forgotten = this.#revision - 1
    this.#objectBytes = options.objectBytes ?? 1.5 * 1024 * 1024
    this.#limits = { count: options.history ?? 5000, bytes: options.historyBytes ?? 64 * 1024 * 1024 }
  }

  get revision(): number {
    return this.#revision
  }

  /** Everything that is there now, bucket by bucket: what a snapshot keeps. */
  *contents(): Generator<[bucket: string, key: string, object: KubeObject]> {
    for (const { name, state } of this.#buckets.values()) for (const [key, object] of state) yield [name, key, object]
  }

  /** Puts an object of a snapshot in as it is (and freezes it): it was written before this store's first revision. */
  load(bucket: string, key: string, object: KubeObject): void {
    freeze(object)
    const found = this.#bucket(bucket)
    found.state.set(key, object)
    found.keys.add(key)
  }

  #bucket(name: string): Bucket {
    let bucket = this.#buckets.get(name)
    if (!bucket) {
      const log = new RevisionLog(this.#limits, this.#forgotten)
      bucket = { name, state: new Map(), keys: new SortedKeys(), log, watchers: new Set() }
      this.#buckets.set(name, bucket)
    }
    return bucket
  }

  get(bucket: string, key: string): KubeObject | undefined {
    return this.#buckets.get(bucket)?.state.get(key)
  }

  /** The revision of the bucket's latest write; 0 when there was none. Tells a cache in no time whether it is current. */
  changed(bucket: string): number {
    return this.#buckets.get(bucket)?.log.latest ?? 0
  }

  /** The current objects in key order; `prefix` limits them to one namespace (`ns/`). */
  list(bucket: string, prefix = ''): KubeObject[] {
    return Array.from(this.scan(bucket, { prefix }), ([, object]) => object)
  }

  /** The objects of a range in key order, read as far as the caller goes in this turn. Throws `Compacted`. */
  *scan(bucket: string, range: Range = {}): Generator<[key: string, object: KubeObject]> {
    const { keys, state } = this.#bucket(bucket)
    const { prefix = '', start = '' } = range
    const past = this.#past(bucket, range)
    const old = [...past].filter((entry): entry is [string, KubeObject] => entry[1] !== undefined && entry[0] >= start)
    old.sort(byteOrder)
    let next = 0
    for (const key of keys.from(later(start, prefix))) {
      if (!key.startsWith(prefix)) break
      for (; next < old.length && old[next]![0] < key; next++) yield old[next]!
      if (!past.has(key)) yield [key, state.get(key)!]
    }
    yield* old.slice(next)
  }

  /** How many objects the range holds, without looking at each. Throws `Compacted`. */
  count(bucket: string, range: Range = {}): number {
    const { keys, state } = this.#bucket(bucket)
    const { prefix = '', start = '' } = range
    const first = later(start, prefix)
    // Keys are ASCII: everything that begins with the prefix comes before this.
    const end = prefix ? keys.rank(`${prefix}\u{ffff}`) : keys.size
    let count = Math.max(0, end - keys.rank(first))
    for (const [key, object] of this.#past(bucket, range)) {
      if (key < first) continue
      if (state.has(key)) count--
      if (object) count++
    }
    return count
  }

  /** Each key written since the revision with its object of then: undefined where there was none. */
  #past(bucket: string, { revision, prefix = '' }: Range): Map<string, KubeObject | undefined> {
    const past = new Map<string, KubeObject | undefined>()
    if (revision === undefined || revision >= this.#revision) return past
    for (const { key, previous } of this.#bucket(bucket).log.since(revision))
      if (key.startsWith(prefix)) past.set(key, previous)
    return past
  }

  /** Stores the object (which it freezes, with `metadata.resourceVersion` set) as the next revision. Throws `TooLarge`. */
  put(bucket: string, key: string, object: KubeObject): KubeObject {
    const found = this.#bucket(bucket)
    const previous = found.state.get(key)
    const revision = this.#revision + 1
    object.metadata.resourceVersion = String(revision)
    const size = freeze(object)
    if (size > this.#objectBytes) throw new TooLarge()
    this.#revision = revision
    found.state.set(key, object)
    if (!previous) found.keys.add(key)
    const written: Revision = previous
      ? { revision, type: 'MODIFIED', bucket, key, object, previous }
      : { revision, type: 'ADDED', bucket, key, object }
    this.#append(found, written, size)
    return object
  }

  /** Removes the object; answers its last state with the resourceVersion of the removal. */
  remove(bucket: string, key: string): KubeObject | undefined {
    const found = this.#bucket(bucket)
    const previous = found.state.get(key)
    if (!previous) return undefined
    const revision = ++this.#revision
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } }
    const size = freeze(object)
    found.state.delete(key)
    found.keys.delete(key)
    this.#append(found, { revision, type: 'DELETED', bucket, key, object, previous }, size)
    return object
  }

  #append(bucket: Bucket, revision: Revision, size: number): void {
    bucket.log.append(revision, size)
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

  /** A reader of everything after `after` (default: from now on) for clients that may be slow. Throws `Compacted`. */
  follow(bucket: string, after = this.#revision): Cursor {
    return this.#bucket(bucket).log.follow(after)
  }

  /**
   * Every revision of a bucket from now on, once and in order, called in a microtask and never inside a write. With
   * `replay`, first an ADDED for each object that is there. Returns what stops it.
   */
  watch(bucket: string, onRevision: (revision: Revision) => void, options: { replay?: boolean } = {}): () => void {
    const found = this.#bucket(bucket)
    return this.#add(found.watchers, onRevision, options.replay ? [found] : [])
  }

  /** Every revision of every bucket from now on; with `replay`, first an ADDED for each object that is there. */
  watchAll(onRevision: (revision: Revision) => void, options: { replay?: boolean } = {}): () => void {
    return this.#add(this.#everything, onRevision, options.replay ? this.#buckets.values() : [])
  }

  #add(watchers: Set<Watcher>, onRevision: (revision: Revision) => void, replayed: Iterable<Bucket>): () => void {
    const watcher: Watcher = { onRevision, stopped: false }
    for (const { name, state } of replayed)
      for (const [key, object] of state) {
        const revision = Number(object.metadata.resourceVersion)
        this.#enqueue(watcher, { revision, type: 'ADDED', bucket: name, key, object })
      }
    watchers.add(watcher)
    return () => {
      watcher.stopped = true
      watchers.delete(watcher)
    }
  }

  /** Forgets every revision up to and including this one. */
  compact(revision = this.#revision): void {
    this.#forgotten = Math.max(this.#forgotten, revision)
    for (const { log } of this.#buckets.values()) log.compact(revision)
  }
}

/** A first revision that rises between runs: milliseconds since 2024, far ahead of any sustained rate of writes. */
export const revisionFromTime = (milliseconds: number): number =>
  Math.max(1000, Math.floor(milliseconds - Date.UTC(2024, 0, 1)))
