/**
 * WATCH: one JSON event per line, for as long as the client listens. The response begins at once. Each watch reads the
 * store's log at its client's pace and queues nothing: a client that falls behind the history is told so (410) and lists
 * again. Events are never dropped.
 */
import type { KubeObject, WatchEvent } from '../../../kube/api.ts'
import { Compacted, type Cursor, type Revision } from '../../store.ts'
import { type Call, inVersion } from '../call.ts'
import { expired, futureRevision } from '../errors.ts'
import { type ListQuery, listQuery } from '../options.ts'
import { bucketOf } from '../registry.ts'
import { bookmark, renderEvents } from '../table.ts'
import { selectionOf } from './selection.ts'

const bookmarkEvery = 60_000
const minute = 60_000
/** Bytes of events that go out in one piece when more than one waits. */
const pieceSize = 64 * 1024

export async function watch(call: Call): Promise<Response> {
  const asked = listQuery(call.query, true)
  const selects = selectionOf(call) ?? (() => true)
  const { revision } = call.parts.registry.store
  if (asked.sendInitialEvents && (asked.resourceVersion ?? 0) > revision)
    throw futureRevision(asked.resourceVersion!, revision)
  const body = streamOf(new Watch(call, asked, selects), call, asked)
  return new Response(body, { status: 200, headers: { 'content-type': 'application/json' } })
}

/** What a client with this selector sees of a revision: objects come and go as they start and stop matching. */
export function eventFor(revision: Revision, selects: (object: KubeObject) => boolean): WatchEvent | undefined {
  const { type, object, previous } = revision
  const matched = previous !== undefined && selects(previous)
  if (type === 'DELETED') return matched ? { type, object } : undefined
  const matches = selects(object)
  if (matches) return { type: matched ? 'MODIFIED' : 'ADDED', object }
  if (!matched) return undefined
  // As it was when it still matched, at the revision in which it stopped.
  const { resourceVersion } = object.metadata
  return { type: 'DELETED', object: { ...previous, metadata: { ...previous.metadata, resourceVersion } } }
}

/** Whether what exists already is sent first, as ADDED. */
const wantsInitial = (asked: ListQuery): boolean => asked.sendInitialEvents || !asked.resourceVersion

/** The events of one watch, as lines of bytes. */
class Watch {
  readonly #call: Call
  readonly #selects: (object: KubeObject) => boolean
  readonly #render: (event: WatchEvent) => { type: string; object: unknown }
  /** Revisions up to this one are not the client's business. */
  readonly #after: number
  readonly #initial: readonly KubeObject[]
  readonly #endsInitial: boolean
  #sentInitial = 0
  /** The last revision read. */
  #reached: number
  #cursor?: Cursor
  #bookmarkDue = false
  #ended = false
  #wake?: () => void

  constructor(call: Call, asked: ListQuery, selects: (object: KubeObject) => boolean) {
    this.#call = call
    const { store } = call.parts.registry
    const { kind, namespace } = call
    const bucket = bucketOf(kind)
    this.#selects = (object) => (!namespace || object.metadata.namespace === namespace) && selects(object)
    this.#render = renderEvents(kind, call.view)
    const isInitial = wantsInitial(asked)
    this.#after = isInitial ? store.revision : asked.resourceVersion!
    this.#reached = this.#after
    this.#initial = isInitial ? store.list(bucket, namespace ? `${namespace}/` : '') : []
    this.#endsInitial = asked.sendInitialEvents && asked.bookmarks
    try {
      this.#cursor = store.follow(bucket, Math.min(this.#after, store.revision))
    } catch (error) {
      if (!(error instanceof Compacted)) throw error
    }
  }

  /** The next piece of the stream; undefined when it is over. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#ended) return undefined
      const piece = this.#piece()
      if (piece) return piece
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#cursor?.wake(resolve)
      })
    }
  }

  remind(): void {
    this.#bookmarkDue = true
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#cursor?.close()
    this.#wake?.()
  }

  /** Everything that waits, up to a size; a single event is shared with the other watches and not copied. */
  #piece(): Uint8Array | undefined {
    const lines: Uint8Array[] = []
    let size = 0
    while (size < pieceSize && !this.#ended) {
      const line = this.#line()
      if (!line) break
      lines.push(line)
      size += line.length
    }
    return lines.length > 1 ? Buffer.concat(lines) : lines[0]
  }

  #line(): Uint8Array | undefined {
    const { kind, parts, view } = this.#call
    while (this.#sentInitial < this.#initial.length) {
      const object = this.#initial[this.#sentInitial++]!
      if (this.#selects(object)) return this.#encode({ type: 'ADDED', object })
    }
    if (this.#sentInitial === this.#initial.length) {
      this.#sentInitial++
      if (this.#endsInitial) return this.#encode(bookmark(kind, String(this.#after), true))
    }
    try {
      if (!this.#cursor) throw new Compacted(0)
      for (let revision = this.#cursor.next(); revision; revision = this.#cursor.next()) {
        this.#reached = revision.revision
        const event = revision.revision > this.#after ? eventFor(revision, this.#selects) : undefined
        if (event) return parts.encoded.line(revision, event.type, kind, view, () => this.#encode(event))
      }
    } catch (error) {
      if (!(error instanceof Compacted)) throw error
      return this.#expired(error.oldest)
    }
    if (!this.#bookmarkDue) return undefined
    this.#bookmarkDue = false
    return this.#encode(bookmark(kind, String(parts.registry.store.revision)))
  }

  #expired(oldest: number): Uint8Array {
    this.#ended = true
    this.#cursor?.close()
    const { status } = expired(`too old resource version: ${this.#reached} (${oldest})`)
    return jsonLine({ type: 'ERROR', object: status })
  }

  #encode(event: WatchEvent): Uint8Array {
    return jsonLine(this.#render({ ...event, object: inVersion(this.#call.kind, event.object) }))
  }
}

const jsonLine = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`)

/** The watch as a body that is made as it is read, with what ends it: its timeout, the client. */
function streamOf(events: Watch, call: Call, asked: ListQuery): ReadableStream<Uint8Array> {
  const { clock } = call.parts
  const { signal } = call.request
  const cleanups: (() => void)[] = []
  const end = (): void => {
    for (const cleanup of cleanups.splice(0)) cleanup()
    events.end()
  }
  const remind = (): void => {
    events.remind()
    cleanups.push(clock.after(bookmarkEvery, remind))
  }
  if (asked.bookmarks) cleanups.push(clock.after(bookmarkEvery, remind))
  cleanups.push(clock.after(asked.timeout ? asked.timeout * 1000 : (30 + Math.random() * 30) * minute, end))
  signal.addEventListener('abort', end, { once: true })
  cleanups.push(() => signal.removeEventListener('abort', end))
  if (signal.aborted) end()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await events.read()
        if (piece) return controller.enqueue(piece)
        end()
        controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
