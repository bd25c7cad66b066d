/**
 * Children that live beside the program. An owned child has a pipe of ours as its standard input: when we end, by any
 * means, the pipe ends and the child with it. It is the leader of its own process group, so that Ctrl-C and Ctrl-Z in
 * the learner's terminal do not reach it.
 */
import { spawn } from 'node:child_process'
import { type Command, CommandFailed, lastLinesOf } from './run.ts'

export interface OwnedChild {
  readonly pid: number
  /** The first line of standard output that matches; rejects with `CommandFailed` when it ends before. */
  line(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves when it has ended; never rejects. */
  ended: Promise<{ exitCode: number | null; lastLines: string[] }>
  /** Asks it to end, insists after `grace` milliseconds, and resolves when it has. Safe to call again. */
  stop(grace?: number): Promise<void>
}

const mostKept = 64_000

/** Starts it. Throws `CommandFailed` when it cannot be started. */
export const startOwned = (command: Command, env: NodeJS.ProcessEnv = process.env): Promise<OwnedChild> =>
  new Promise((resolve, reject) => {
    const [program, ...args] = command.run
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: { ...env, ...command.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    let stdout = ''
    let stderr = ''
    const listeners = new Set<() => void>()
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-mostKept)
      for (const listener of [...listeners]) listener()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-mostKept)
    })
    // Writing to a child that has gone is no error of ours.
    child.stdin.on('error', () => {})

    let isOver = false
    const ended = new Promise<{ exitCode: number | null; lastLines: string[] }>((done) => {
      child.once('close', (exitCode) => {
        isOver = true
        for (const listener of [...listeners]) listener()
        done({ exitCode, lastLines: lastLinesOf(stderr || stdout) })
      })
    })

    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(new CommandFailed(command, { code: error.code ?? 'unknown', lastLines: [] }))
    })
    child.once('spawn', () =>
      resolve({
        pid: child.pid!,
        ended,
        line: (pattern) =>
          new Promise((found, failed) => {
            const look = (): void => {
              const match = stdout
                .split('\n')
                .slice(0, -1)
                .map((line) => pattern.exec(line))
                .find((one) => one !== null)
              if (match) found(match)
              else if (isOver) {
                const how = { exitCode: child.exitCode ?? undefined, signal: child.signalCode ?? undefined }
                failed(new CommandFailed(command, { ...how, lastLines: lastLinesOf(stderr || stdout) }))
              } else return
              listeners.delete(look)
            }
            listeners.add(look)
            look()
          }),
        stop: async (grace = 3_000) => {
          if (isOver) return
          child.stdin.end()
          child.kill('SIGTERM')
          const insist = setTimeout(() => child.kill('SIGKILL'), grace)
          await ended
          clearTimeout(insist)
        },
      }),
    )
  })

/** Starts something with a life of its own, a graphical editor, and forgets it. Throws `CommandFailed`. */
export const startDetached = (command: Command, env: NodeJS.ProcessEnv = process.env): Promise<void> =>
  new Promise((resolve, reject) => {
    const [program, ...args] = command.run
    const child = spawn(program, args, { env: { ...env, ...command.env }, stdio: 'ignore', detached: true })
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new CommandFailed(command, { code: error.code ?? 'unknown', lastLines: [] })),
    )
    child.once('spawn', () => {
      child.unref()
      resolve()
    })
  })
