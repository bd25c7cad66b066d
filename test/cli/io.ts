/** An `Io` that a test reads. */
import { PassThrough } from 'node:stream'
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** A fake process: `interrupt` plays Ctrl-C, `output` is what was written so far. */
export const fakeIo = (env: NodeJS.ProcessEnv = {}, cwd = process.cwd()) => {
  const written = { stdout: '', stderr: '' }
  const handlers: ((signal: 'SIGINT' | 'SIGTERM') => void)[] = []
  const sink = (name: 'stdout' | 'stderr') => {
    const stream = new PassThrough()
    stream.on('data', (chunk: Buffer) => {
      written[name] += chunk
    })
    return stream as NodeJS.ReadWriteStream as NodeJS.WriteStream
  }
  const io: Io = {
    stdin: new PassThrough() as NodeJS.ReadWriteStream as NodeJS.ReadStream,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: { PATH: process.env.PATH, ...env },
    cwd,
    onInterrupt: (handler) => {
      handlers.push(handler)
      return () => handlers.splice(handlers.indexOf(handler), 1)
    },
  }
  return { io, written, interrupt: (signal: 'SIGINT' | 'SIGTERM' = 'SIGINT') => handlers.at(-1)?.(signal) }
}

/** Runs the program in this process. */
export const runCli = async (
  argv: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
  terminal: { isTTY?: true; columns?: number } = {},
): Promise<Ran> => {
  const { io, written } = fakeIo(env, cwd)
  for (const stream of [io.stdin, io.stdout, io.stderr]) Object.assign(stream, terminal)
  const code = await main(argv, io)
  return { code, ...written }
}
