/** Side by side, a few at a time. */

/** A gate that lets at most `limit` tasks run; the others wait their turn, in order. */
export const createLimit = (limit: number): (<R>(task: () => Promise<R>) => Promise<R>) => {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running < limit) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      // A waiting task takes over the place; nobody can slip in between.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}

/** Results in the order of `items`, at most `limit` at the same time. The first rejection rejects. */
export const mapLimited = <T, R>(items: readonly T[], limit: number, task: (item: T) => Promise<R>): Promise<R[]> => {
  const gate = createLimit(limit)
  return Promise.all(items.map((item) => gate(() => task(item))))
}
