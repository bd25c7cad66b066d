/**
 * A clock for proving content: real time, but for the stretches in which everything only waits; these it leaps over.
 * A probe that is dropped for ten seconds costs nothing, and decides as it would after ten seconds.
 *
 * That everything waits is not guessed. All timers of an embedded cluster are unreferenced, so Node finds its event loop
 * empty (`beforeExit`) exactly when no code is due, no file or socket is read and no key is being made, and says so.
 * Anything that does hold the loop, like a timer of somebody else, makes this an ordinary clock for that while.
 */
import type { Clock } from './clock.ts'

export interface LeapingClock extends Clock {
  /** Whoever waits from now on waits in real time, or not at all. */
  stop(): void
}

/** What is needed of a process, or of a thread: to be told that nothing is left to do but wait. */
export interface Idle {
  on(event: 'beforeExit', listener: () => void): unknown
  off(event: 'beforeExit', listener: () => void): unknown
}

interface Timer {
  /** Whole milliseconds since the epoch, on this clock. */
  at: number
  callback: () => void
}

/** Needs a thread or process of its own: one that does nothing else, and whose own handles are unreferenced. */
export const leapingClock = (idle: Idle = process): LeapingClock => {
  const timers = new Set<Timer>()
  let ahead = 0
  const now = (): number => Date.now() + ahead
  let armed: NodeJS.Timeout | undefined

  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (first === undefined || timer.at < first.at) first = timer
    return first
  }
  const arm = (): void => {
    clearTimeout(armed)
    const first = next()
    if (first === undefined) return
    armed = setTimeout(ring, Math.min(Math.max(first.at - now(), 0), 2 ** 31 - 1))
    armed.unref()
  }
  /** One at a time, in order: what it sets going is done before the next one rings. */
  const ring = (): void => {
    const first = next()
    if (first !== undefined && first.at <= now()) {
      timers.delete(first)
      first.callback()
    }
    arm()
  }
  const leap = (): void => {
    const first = next()
    if (first === undefined) return
    ahead += Math.max(first.at - now(), 0)
    // As a turn of its own, which keeps the loop alive for what it sets going.
    setImmediate(ring)
  }
  idle.on('beforeExit', leap)

  return {
    now,
    after: (milliseconds, callback) => {
      const timer = { at: now() + Math.max(Math.ceil(milliseconds), 0), callback }
      timers.add(timer)
      if (next() === timer) arm()
      return () => {
        timers.delete(timer)
      }
    },
    stop: () => {
      idle.off('beforeExit', leap)
      clearTimeout(armed)
    },
  }
}
