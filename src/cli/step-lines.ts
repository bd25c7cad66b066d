/** Long work on stderr: a line for each step, and on a terminal one that tells where it is, drawn over itself. */
import type { Watching } from '../providers/kind/make.ts'
import { type Io, note } from './io.ts'

const clear = '\r\u001b[K'

/** `done` takes the last moving line away. */
const stepLines = (io: Io): Required<Pick<Watching, 'onProgress' | 'onStep'>> & { done(): void } => {
  const { stderr } = io
  const moves = stderr.isTTY
  const wipe = (): void => {
    if (moves) stderr.write(clear)
  }
  return {
    onProgress: (says) => {
      if (moves) stderr.write(clear + says.slice(0, Math.max(20, (stderr.columns || 80) - 1)))
    },
    onStep: ({ says }, how, seconds) => {
      if (how === 'begun') {
        if (!moves) stderr.write(`${says} …\n`)
        return
      }
      wipe()
      stderr.write(how === 'done' ? `ok  ${says} (${Math.round(seconds)} s)\n` : `ok  ${says}: it is there already\n`)
    },
    done: wipe,
  }
}

/** What an interrupt aborts; `giveBack` when the work is over. */
export const interruptible = (io: Io): { signal: AbortSignal; giveBack: () => void } => {
  const stop = new AbortController()
  const giveBack = io.onInterrupt(() => stop.abort())
  return { signal: stop.signal, giveBack }
}

/**
 * Long work that is told step by step. Resolves with undefined when it was interrupted, having said `interrupted` and
 * `what` comes of it; rejects with what else goes wrong.
 */
export const watched = async <T>(
  io: Io,
  what: string,
  work: (watching: Required<Watching>) => Promise<T>,
): Promise<T | undefined> => {
  const { done, ...lines } = stepLines(io)
  const { signal, giveBack } = interruptible(io)
  try {
    return await work({ ...lines, signal })
  } catch (error) {
    if (!signal.aborted) throw error
    done()
    note(io, `interrupted; ${what}`)
    return undefined
  } finally {
    done()
    giveBack()
  }
}
