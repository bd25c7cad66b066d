/**
 * Lends the terminal to another program and takes it back whole.
 *
 * Ink's own suspension leaves a read armed on the terminal, and that read takes the next program's first key; a read from
 * the background also gets a process stopped by the kernel. Both end when stdin is paused, between two turns of the event
 * loop. The other lines answer to: Ctrl-C meant for the child, a child that ends in the middle of a line, and a window
 * that was resized meanwhile.
 */
import type { SuspendTerminal } from 'ink'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The streams ink was given. */
export interface Lent {
  suspendTerminal: SuspendTerminal
  stdin: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream
}

/** Runs `run` with the terminal in its own hands. Keys typed meanwhile belong to it, to the last one. */
export const handOver = async <T>({ suspendTerminal, stdin, stdout }: Lent, run: () => Promise<T>): Promise<T> => {
  const ignore = () => {}
  const result: T[] = []
  await suspendTerminal(async () => {
    // pause() does nothing until the removal of ink's listener has settled, hence the turn before it.
    await turn()
    stdin.pause()
    await turn()
    process.on('SIGINT', ignore)
    process.on('SIGQUIT', ignore)
    try {
      result.push(await run())
    } finally {
      process.off('SIGINT', ignore)
      process.off('SIGQUIT', ignore)
      stdout.write('\r')
    }
  })
  if (process.platform !== 'win32') process.kill(process.pid, 'SIGWINCH')
  return result[0]!
}

/** Ctrl-Z is possible here; Windows has no job control. */
export const canStop = process.platform !== 'win32'

/**
 * Stops this process group as Ctrl-Z would, and resolves after `fg`. The timer stands in for SIGCONT, which never comes
 * when nobody is there to send it.
 */
export const stopGroup = async (): Promise<void> => {
  process.kill(0, 'SIGTSTP')
  await new Promise((resolve) => setTimeout(resolve, 50))
}
