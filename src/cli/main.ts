/** From arguments to an exit code: runs a verb and turns what went wrong into words on stderr. */
import { CommanderError } from 'commander'
import { version } from '../../package.json'
import { didYouMean } from '../content/nearest.ts'
import { ContentError } from '../content/problem.ts'
import { ClusterUnreachable, StatusError } from '../kube/errors.ts'
import { exit, type Io, note, UsageError } from './io.ts'
import { createProgram, MissingVerb, UnknownVerb } from './program.ts'

/** Resolves with the exit code; never rejects for what a learner can do something about. */
export const main = async (argv: readonly string[], io: Io): Promise<number> => {
  let code: number = exit.passed
  const program = createProgram({
    io,
    version,
    done: (exitCode) => {
      code = exitCode
    },
  })
  for (const command of [program, ...program.commands, ...program.commands.flatMap((each) => each.commands)]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    })
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return explain(io, error)
  }
}

/** Says what went wrong and gives the exit code for it. Rethrows what nobody foresaw. */
const explain = (io: Io, error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.passed : exit.usage
  const { name, message } = error as Error
  if (error instanceof UnknownVerb) {
    note(io, `unknown verb "${error.word}"${didYouMean(error.word, error.known)}`)
    note(io, `verbs are ${error.known.join(', ')}; "meshdojo --help" says what they do`)
    return exit.usage
  }
  if (error instanceof UsageError || error instanceof MissingVerb || error instanceof ContentError) {
    note(io, message)
    return exit.usage
  }
  if (error instanceof ClusterUnreachable || error instanceof StatusError) {
    note(io, error instanceof StatusError ? `the API server says: ${message}` : message)
    return exit.unreachable
  }
  // By name: these belong to files that only some verbs read.
  if (['UnknownContent', 'NotOurs', 'NotALab', 'BundleRefused'].includes(name)) {
    note(io, message)
    return exit.usage
  }
  if (['CommandFailed', 'StepFailed', 'ToolMissing', 'ClusterBusy', 'NotPut', 'NoRoom'].includes(name)) {
    note(io, message)
    return exit.unreachable
  }
  if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) {
    note(io, `the disk is full (${message}): free some room; the same command goes on`)
    return exit.unreachable
  }
  // The file system's own words name the path.
  if ((error as NodeJS.ErrnoException).path !== undefined) {
    note(io, message)
    return exit.usage
  }
  throw error
}
