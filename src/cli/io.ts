/** What a verb may touch of the process, so that a test can hand it something else. */

export interface Io {
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  env: NodeJS.ProcessEnv
  cwd: string
  /**
   * Interrupts are the verb's from now on, instead of ending the program with 130 (SIGINT) or 143 (SIGTERM).
   * Returns the function that gives them back.
   */
  onInterrupt(handler: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}

/** How a verb ended: the program's exit code. */
export const exit = { passed: 0, notPassed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** Wrong usage: the message names the nearest right thing. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const print = (io: Io, text: string): void => {
  io.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** One JSON document. */
export const printJson = (io: Io, value: unknown): void => print(io, JSON.stringify(value, null, 2))

/** A diagnostic. */
export const note = (io: Io, text: string): void => {
  io.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** Resolves with the first interrupt. */
export const untilInterrupted = (io: Io): Promise<'SIGINT' | 'SIGTERM'> =>
  new Promise((resolve) => {
    const giveBack = io.onInterrupt((signal) => {
      giveBack()
      resolve(signal)
    })
  })
