/**
 * A controller's work queue: keys go in from watch events, come out once each, and are reconciled one after the other.
 * A key that fails comes back later, each time after twice as long, as with client-go's rate limiter.
 */
import { StatusError } from '../../kube/errors.ts'
import type { Clock } from '../clock.ts'

export interface WorkQueue {
  /** Adds the key unless it already waits. */
  add(key: string): void
  /** Adds the key once that time has passed; the earlier of several wins. */
  addAfter(key: string, milliseconds: number): void
  stop(): void
}

/** First and longest wait before a failed key is tried again, in milliseconds. */
const firstRetry = 100
const longestRetry = 60_000

/**
 * `reconcile` brings one object to where it should be, from what the registry says now, whatever happened before.
 * A `StatusError` it throws is a refusal that may pass (a namespace that is not there yet): the key is tried again.
 * Anything else is a defect and is thrown on.
 */
export const workQueue = (clock: Clock, reconcile: (key: string) => void): WorkQueue => {
  const waiting = new Set<string>()
  const delayed = new Map<string, { at: number; cancel: () => void }>()
  const failures = new Map<string, number>()
  let scheduled: NodeJS.Immediate | undefined
  let stopped = false

  const drain = () => {
    scheduled = undefined
    for (const key of [...waiting]) {
      if (stopped) return
      waiting.delete(key)
      try {
        reconcile(key)
        failures.delete(key)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        const failed = failures.get(key) ?? 0
        failures.set(key, failed + 1)
        addAfter(key, Math.min(firstRetry * 2 ** failed, longestRetry))
      }
    }
  }

  const add = (key: string) => {
    if (stopped) return
    waiting.add(key)
    // A turn of its own: a request that waits is served between two steps of a rollout, never after all of them.
    scheduled ??= setImmediate(drain)
  }

  const addAfter = (key: string, milliseconds: number) => {
    if (stopped) return
    const at = clock.now() + milliseconds
    const earlier = delayed.get(key)
    if (earlier && earlier.at <= at) return
    earlier?.cancel()
    const cancel = clock.after(milliseconds, () => {
      delayed.delete(key)
      add(key)
    })
    delayed.set(key, { at, cancel })
  }

  return {
    add,
    addAfter,
    stop: () => {
      stopped = true
      if (scheduled) clearImmediate(scheduled)
      for (const { cancel } of delayed.values()) cancel()
      delayed.clear()
      waiting.clear()
    },
  }
}

/** `namespace/name`, or the name alone for objects without a namespace. */
export const keyOf = (object: { metadata: { namespace?: string; name: string } }): string =>
  object.metadata.namespace === undefined
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`

/** The two parts of `keyOf` for namespaced objects. */
export const parseKey = (key: string): { namespace: string; name: string } => {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
