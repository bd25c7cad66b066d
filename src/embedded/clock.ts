/** Time as a value that tests can hold still. Controllers and the API server never touch Date or setTimeout directly. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once after that many milliseconds; returns the function that cancels it. Never keeps the process alive. */
  after(milliseconds: number, callback: () => void): () => void
}

/** Node's timers hold 31 bits; longer ones would fire at once. */
const longest = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => {
    let timer: NodeJS.Timeout
    const wait = (left: number): void => {
      timer = setTimeout(() => (left > longest ? wait(left - longest) : callback()), Math.min(left, longest))
      timer.unref()
    }
    wait(milliseconds)
    return () => clearTimeout(timer)
  },
}

/** RFC 3339 in seconds and UTC, as the API writes times: `2026-11-23T10:00:00Z`. */
export const timestamp = (clock: Clock): string => `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
