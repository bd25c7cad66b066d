/** Time that stands still until a test moves it. */
import type { Clock } from '../../src/embedded/clock.ts'

export interface ManualClock extends Clock {
  /** Moves on, running what falls due in order. */
  advance(milliseconds: number): void
  /** How many callbacks wait. */
  readonly waiting: number
}

export const manualClock = (start = Date.UTC(2026, 10, 24)): ManualClock => {
  let now = start
  let timers: { at: number; run: () => void }[] = []
  return {
    now: () => now,
    after(milliseconds, run) {
      const timer = { at: now + milliseconds, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((each) => each !== timer)
      }
    },
    advance(milliseconds) {
      const end = now + milliseconds
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        timers = timers.filter((each) => each !== next)
        now = next.at
        next.run()
      }
      now = end
    },
    get waiting() {
      return timers.length
    },
  }
}

/** Runs what is due now, some turns of it. */
export const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Lets time pass second by second, and everything answer what is asked meanwhile. */
export const pass = async (clock: ManualClock, seconds: number): Promise<void> => {
  await turns()
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000)
    await turns()
  }
}
