/** The TUI: on the picker, or in a scenario. */

import { loadCatalogue } from '../content/load.ts'
import { didYouMean } from '../content/nearest.ts'
import { formatProblem } from '../content/problem.ts'
import { chooseProvider, type ProviderName } from '../providers/choose.ts'
import { packagePath } from '../root.ts'
import { createProgressStore } from '../session/progress.ts'
import { createSession, openAtExit, type SessionOptions } from '../session/session.ts'
import { stateFolder } from '../session/state-folder.ts'
import { createStepFiles } from '../session/step-files.ts'
import { labVariable } from '../shell/subshell.ts'
import { createTerminal } from '../shell/terminal.ts'
import { exit, type Io, note, UsageError } from './io.ts'
import { loadMesh } from './meshes.ts'

export interface StartOptions {
  provider: ProviderName
  context?: string
}

/** Throws `UsageError` where there is nobody to look at a TUI. */
const requireTerminal = (io: Io): void => {
  const where = io.env[labVariable]
  if (where)
    throw new UsageError(`this is the shell of ${where}, and the TUI waits outside: exit or ctrl-d returns to it`)
  const instead =
    'use a verb instead: "meshdojo list", "meshdojo cluster serve --scenario NAME" and "meshdojo check NAME"'
  if (!io.stdin.isTTY || !io.stdout.isTTY)
    throw new UsageError(`the TUI needs a terminal, and this is none: ${instead}`)
  if (io.env.TERM === 'dumb')
    throw new UsageError(`the TUI needs a terminal that can do more than TERM=dumb: ${instead}`)
}

const run = async (io: Io, { provider: name }: StartOptions, scenario?: string): Promise<number> => {
  const folder = stateFolder(io.env)
  const program = [process.execPath, packagePath('bin/meshdojo.js')] as const
  const provider = chooseProvider(name, { stateFolder: folder, program, env: io.env })
  const { items, problems } = await loadCatalogue()
  if (scenario !== undefined && !items.some((item) => item.scenario.metadata.name === scenario)) {
    const known = items.map((item) => item.scenario.metadata.name)
    throw new UsageError(
      `there is no scenario "${scenario}"${didYouMean(scenario, known)}; scenarios are ${known.join(', ')}`,
    )
  }
  requireTerminal(io)
  const { runTui } = await import('../tui/run.tsx')
  const options: SessionOptions = {
    items,
    provider,
    loadMesh,
    store: createProgressStore(folder),
    files: createStepFiles(folder),
    notices: problems.map(formatProblem),
  }
  const session = createSession({ ...options, start: scenario ?? openAtExit(options) })
  const { stdin, stdout, env } = io
  const end = await runTui({ session, terminal: createTerminal(env), stdin, stdout, env })
  if (end === 'interrupted') note(io, 'interrupted; your progress is kept')
  return end === 'interrupted' ? exit.interrupted : exit.passed
}

/** `meshdojo`: the picker, or the scenario that was open when the program last ended. */
export const openPicker = (io: Io): Promise<number> => run(io, { provider: 'embedded' })

/** `start <scenario>` */
export const start = (io: Io, scenario: string, options: StartOptions): Promise<number> => run(io, options, scenario)
