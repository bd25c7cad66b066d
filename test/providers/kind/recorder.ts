/** A runner that knows what it is told and fails on everything else: no command goes unnoticed. */
import { CommandFailed, formatCommand, type Runner } from '../../../src/shell/run.ts'

/** What a command does: prints, fails with lines, or decides at the time. */
export type Answer = string | { fails: string[] } | (() => string | { fails: string[] })

export interface Recorder {
  run: Runner
  /** Every command so far, as one would type it. */
  readonly ran: string[]
}

/** `answers`: by the whole command line, or by its beginning where the key ends with ` …`. */
export const recorder = (answers: Readonly<Record<string, Answer>>): Recorder => {
  const ran: string[] = []
  const find = (line: string): Answer | undefined =>
    answers[line] ??
    Object.entries(answers).find(([key]) => key.endsWith(' …') && line.startsWith(key.slice(0, -1)))?.[1]
  return {
    ran,
    run: async (command) => {
      const line = formatCommand(command)
      ran.push(line)
      const answer = find(line)
      if (answer === undefined) throw new Error(`not expected: ${line}`)
      const said = typeof answer === 'function' ? answer() : answer
      if (typeof said !== 'string') throw new CommandFailed(command, { exitCode: 1, lastLines: said.fails })
      return { exitCode: 0, stdout: said, stderr: '' }
    },
  }
}
