/**
 * WATCH: one JSON event per line, for as long as the client listens. The response begins at once; what a client cannot
 * take in time ends its stream, and it lists again: events are never dropped.
 */
import type { KubeObject, WatchEvent } from '../../../kube/api.ts'
import { Compacted, type Revision } from '../../store.ts'
import { type Call, inVersion } from '../call.ts'
import { expired } from '../errors.ts'
import { type ListQuery, listQuery } from '../options.ts'
import { bucketOf } from '../registry.ts'
import { bookmark, renderEvents } from '../table.ts'
import { selectionOf } from './selection.ts'

const bookmarkEvery = 60_000
const longestBacklog = 5000
const minute = 60_000

export async function watch(call: Call): Promise<Response> {
  const asked = listQuery(call.query, true)
  const selects = selectionOf(call) ?? (() => true)
  const body = eventStream(call, asked, selects)
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

function eventStream(
  call: Call,
  asked: ListQuery,
  selects: (object: KubeObject) => boolean,
): ReadableStream<Uint8Array> {
  const { clock, registry } = call.parts
  const { store } = registry
  const { namespace, kind } = call
  const inScope = (object: KubeObject): boolean => !namespace || object.metadata.namespace === namespace
  const render = renderEvents(kind, call.view)
  const encoder = new TextEncoder()
  const cleanups: (() => void)[] = []
  const stop = (): void => {
    for (const cleanup of cleanups.splice(0)) cleanup()
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (): void => {
          stop()
          try {
            controller.close()
          } catch {
            // Cancelled by the client already.
          }
        }
        const send = (event: WatchEvent): void => {
          const shown = render({ ...event, object: inVersion(kind, event.object) })
          controller.enqueue(encoder.encode(`${JSON.stringify(shown)}\n`))
          if ((controller.desiredSize ?? 0) < -longestBacklog) end()
        }
        const after = startOf(asked, store.revision)
        const onRevision = (revision: Revision): void => {
          if (revision.revision <= after || !inScope(revision.object)) return
          const event = eventFor(revision, selects)
          if (event) send(event)
        }
        try {
          const from = Math.min(after, store.revision)
          cleanups.push(store.watch(bucketOf(kind), onRevision, { after: from }))
        } catch (error) {
          if (!(error instanceof Compacted)) throw error
          const { status } = expired(`too old resource version: ${after} (${error.oldest})`)
          controller.enqueue(encoder.encode(`${JSON.stringify({ type: 'ERROR', object: status })}\n`))
          return end()
        }
        if (wantsInitial(asked))
          for (const object of store.list(bucketOf(kind), namespace ? `${namespace}/` : ''))
            if (selects(object)) send({ type: 'ADDED', object })
        if (asked.sendInitialEvents && asked.bookmarks) send(bookmark(kind, String(store.revision), true))

        const remind = (): void => {
          send(bookmark(kind, String(store.revision)))
          cleanups.push(clock.after(bookmarkEvery, remind))
        }
        if (asked.bookmarks) cleanups.push(clock.after(bookmarkEvery, remind))
        const lifetime = asked.timeout ? asked.timeout * 1000 : (30 + Math.random() * 30) * minute
        cleanups.push(clock.after(lifetime, end))
        call.request.signal.addEventListener('abort', end, { once: true })
        cleanups.push(() => call.request.signal.removeEventListener('abort', end))
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  )
}

/** Whether what exists already is sent first, as ADDED. */
const wantsInitial = (asked: ListQuery): boolean => asked.sendInitialEvents || !asked.resourceVersion

const startOf = (asked: ListQuery, current: number): number => (wantsInitial(asked) ? current : asked.resourceVersion!)
