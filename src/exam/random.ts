/** Chance that repeats: the same seed gives the same numbers on every machine. */

/**
 * Numbers in [0, 1) from a 32-bit seed: Tommy Ettinger's mulberry32, which is small and even enough to deal tasks with.
 * Not for secrets.
 */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The items in another order; each order is as likely as any other (Fisher and Yates). */
export const shuffled = <T>(items: readonly T[], random: () => number): T[] => {
  const dealt = [...items]
  for (let last = dealt.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[dealt[last], dealt[other]] = [dealt[other]!, dealt[last]!]
  }
  return dealt
}
