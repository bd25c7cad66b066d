/** An exam's time: it runs on by the wall clock whatever happens to the program, as in a real exam. Milliseconds. */

const minute = 60_000

export interface Duration {
  /** Since the epoch. */
  startedAt: number
  minutes: number
}

/** A clock that was set back does not give more time than there was. */
export const timeLeft = ({ startedAt, minutes }: Duration, now: number): number =>
  Math.max(0, Math.min(minutes * minute, startedAt + minutes * minute - now))

const warnings = [30, 15, 5, 1]

/** The warning that falls between two looks at the clock, in minutes; the last one when there are several. */
export const warningBetween = (before: number, after: number): number | undefined =>
  warnings.findLast((warning) => before > warning * minute && after <= warning * minute)
