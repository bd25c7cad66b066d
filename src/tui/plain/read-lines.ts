/** Lines from a terminal or a pipe, one at a time, with the input free for another program in between. */

export interface LineReader extends AsyncIterable<string> {
  /** The next line without its end, trimmed; `undefined` when there will be none. */
  next(): Promise<string | undefined>
  /** Leaves the input alone while `run` uses it. */
  lend<T>(run: () => Promise<T>): Promise<T>
  close(): void
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Reads while somebody waits for a line, so that nothing is taken from a program that has the terminal. What was read
 * beyond a line is kept for the next.
 */
export const readLines = (input: NodeJS.ReadableStream): LineReader => {
  let waiting: ((line: string | undefined) => void) | undefined
  let rest = ''
  let ended = false
  const give = () => {
    if (!waiting) return
    const end = rest.indexOf('\n')
    if (end < 0 && !ended) return
    const line = end < 0 ? rest || undefined : rest.slice(0, end)
    rest = end < 0 ? '' : rest.slice(end + 1)
    const resolve = waiting
    waiting = undefined
    input.pause()
    resolve(line?.trim())
  }
  const onData = (chunk: string | Buffer) => {
    rest += chunk.toString()
    give()
  }
  const close = () => {
    ended = true
    give()
    input.off('data', onData)
    input.off('end', close)
    input.pause()
  }
  input.on('data', onData)
  input.on('end', close)
  input.pause()
  const next = () =>
    new Promise<string | undefined>((resolve) => {
      waiting = resolve
      if (!ended) input.resume()
      give()
    })
  return {
    next,
    close,
    lend: async (run) => {
      input.pause()
      // A read that is under way ends with the turn.
      await turn()
      await turn()
      return run()
    },
    async *[Symbol.asyncIterator]() {
      for (let line = await next(); line !== undefined; line = await next()) yield line
    },
  }
}
