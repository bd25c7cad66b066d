/**
 * A watch that goes on: it lists, follows, reconnects from the last resourceVersion when the stream ends, and lists
 * again when the server has forgotten that version (410). What happened in a gap is told as the events that it
 * amounts to, so a listener never misses a change and never hears one twice.
 */
import type { KubeObject, Status, WatchEvent } from './api.ts'
import { StatusError } from './errors.ts'
import { linesOf } from './responses.ts'

export interface WatchOptions<T extends KubeObject = KubeObject> {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** ADDED for everything that is there, then each change. Never BOOKMARK or ERROR. */
  onEvent: (event: WatchEvent<T>) => void
  /** Once after the first listing has been told. */
  onSync?: () => void
  /** Each time it fails; it tries again by itself. */
  onError?: (error: unknown) => void
}

export interface Watch {
  /** Resolves when the first listing has been told; never rejects. */
  synced: Promise<void>
  stop(): void
}

/** How a watch reaches its resource. */
export interface WatchSource<T extends KubeObject> {
  list(): Promise<{ items: T[]; resourceVersion: string }>
  /** A streaming response; throws `StatusError`, `ClusterUnreachable`. */
  open(resourceVersion: string, signal: AbortSignal): Promise<Response>
}

/** What a line of the stream holds: an ERROR brings a `Status`. */
type StreamedEvent<T extends KubeObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T }
  | { type: 'ERROR'; object: Status }

const longestPause = 5_000
const isGone = (error: unknown): boolean => error instanceof StatusError && error.code === 410

export const watchResource = <T extends KubeObject>(source: WatchSource<T>, options: WatchOptions<T>): Watch => {
  const stopping = new AbortController()
  const { signal } = stopping
  const known = new Map<string, T>()
  let synced: () => void = () => {}
  const whenSynced = new Promise<void>((resolve) => {
    synced = resolve
  })

  const keyOf = ({ metadata }: T): string => `${metadata.namespace ?? ''}/${metadata.name}`
  const tell = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void => {
    if (type === 'DELETED') known.delete(keyOf(object))
    else known.set(keyOf(object), object)
    if (!signal.aborted) options.onEvent({ type, object })
  }

  /** Lists, and tells the difference to what was known. Returns where to follow from. */
  const relist = async (): Promise<string> => {
    const { items, resourceVersion } = await source.list()
    const listed = new Set(items.map(keyOf))
    for (const [key, object] of [...known]) if (!listed.has(key)) tell('DELETED', object)
    for (const item of items) {
      const before = known.get(keyOf(item))
      if (before && before.metadata.uid !== item.metadata.uid) tell('DELETED', before)
      if (!before || before.metadata.uid !== item.metadata.uid) tell('ADDED', item)
      else if (before.metadata.resourceVersion !== item.metadata.resourceVersion) tell('MODIFIED', item)
    }
    if (!signal.aborted) options.onSync?.()
    options = { ...options, onSync: undefined }
    synced()
    return resourceVersion
  }

  /** Tells events until the stream ends; returns the version to go on from. Throws a 410 when it is forgotten. */
  const follow = async (from: string): Promise<string> => {
    let version = from
    const response = await source.open(version, signal)
    if (!response.body) return version
    for await (const line of linesOf(response.body)) {
      const event = JSON.parse(line) as StreamedEvent<T>
      if (event.type === 'ERROR') throw new StatusError(event.object)
      version = event.object.metadata.resourceVersion ?? version
      if (event.type !== 'BOOKMARK') tell(event.type, event.object)
    }
    return version
  }

  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done)
    })

  const run = async (): Promise<void> => {
    let version: string | undefined
    let failures = 0
    while (!signal.aborted) {
      try {
        version ??= await relist()
        if (signal.aborted) return
        version = await follow(version)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        if (isGone(error)) version = undefined
        else options.onError?.(error)
        failures++
        // A forgotten version is no reason to wait, unless it comes again and again.
        if (!isGone(error) || failures > 1) await pause(Math.min(longestPause, 100 * 2 ** Math.min(failures, 6)))
      }
    }
  }
  run()
    .catch((error: unknown) => options.onError?.(error))
    .finally(synced)

  return { synced: whenSynced, stop: () => stopping.abort() }
}
