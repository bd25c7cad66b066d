/**
 * A clock for proving content: it stands while there is something to do, and leaps over the stretches in which everything
 * only waits. A probe that is dropped for ten seconds costs nothing, and decides as it would after ten seconds; a machine
 * that is slow or busy changes no proof.
 *
 * That everything waits is not guessed. All timers of an embedded cluster are unreferenced, so Node finds its event loop
 * empty (`beforeExit`) exactly when no code is due, no file or socket is read and no key is being made, and says so.
 * Anything that does hold the loop for long, like a timer of somebody else, makes this an ordinary clock for that while.
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

/** Real milliseconds without a quiet moment until the clock goes on by itself: far longer than any turn computes. */
const patience = 10_000

/** Needs a thread or process of its own: one that does nothing else, and whose own handles are unreferenced. */
export const leapingClock = (idle: Idle = process, stands = patience): LeapingClock => {
  const timers = new Set<Timer>()
  /** What the clock showed when it last leapt, and when that was. */
  let shown = Date.now()
  let since = performance.now()
  const now = (): number => shown + Math.max(0, Math.floor(performance.now() - since - stands))
  let armed: NodeJS.Timeout | undefined

  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (first === undefined || timer.at < first.at) first = timer
    return first
  }
  /** Real milliseconds, should nothing be quiet until then. */
  const untilDue = ({ at }: Timer): number => Math.ceil(at - shown + since + stands - performance.now())
  const arm = (): void => {
    clearTimeout(armed)
    const first = next()
    if (first === undefined) return
    armed = setTimeout(ring, Math.min(Math.max(untilDue(first), 0), 2 ** 31 - 1))
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
    shown = Math.max(first.at, now())
    since = performance.now()
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
