/** The TUI: on the picker, or in a scenario. */
import { loadCatalogue } from '../content/load.ts'
import { formatProblem } from '../content/problem.ts'
import { createProgressStore } from '../session/progress.ts'
import { createSession, openAtExit, type SessionOptions } from '../session/session.ts'
import { stateFolder } from '../session/state-folder.ts'
import { createStepFiles } from '../session/step-files.ts'
import type { Terminal } from '../session/types.ts'
import { labVariable } from '../shell/subshell.ts'
import { createTerminal } from '../shell/terminal.ts'
import { contentRoots, requireScenario } from './content.ts'
import { type ContextChoice, checkContextOptions, providerOf, thisProgram } from './context-options.ts'
import { exit, type Io, note, UsageError } from './io.ts'
import { loadMesh } from './meshes.ts'
import { comfortsMissing, requireNeeds } from './needs.ts'

export interface StartOptions extends ContextChoice {
  content?: string
  /** Line by line instead of the full screen. */
  plain?: boolean
  /** Only says what would be done. */
  dryRun?: boolean
}

/** Plain where it is asked for, by a flag or by an environment in which a full screen is of no use to anybody. */
export const isPlain = (io: Io, { plain }: Pick<StartOptions, 'plain'>, screen = io.stdout): boolean =>
  plain === true || (io.stdin.isTTY && screen.isTTY && (io.env.TERM === 'dumb' || io.env.INK_SCREEN_READER === 'true'))

/** Throws `UsageError` where there is nobody to look at a TUI. */
const requireTerminal = (io: Io, plain: boolean): void => {
  const where = io.env[labVariable]
  if (where)
    throw new UsageError(`this is the shell of ${where}, and the TUI waits outside: exit or ctrl-d returns to it`)
  if (!plain && (!io.stdin.isTTY || !io.stdout.isTTY))
    throw new UsageError(
      'the TUI needs a terminal, and this is none: use a verb instead: "meshdojo list", "meshdojo cluster serve ' +
        '--scenario NAME" and "meshdojo check NAME", or "meshdojo --plain", which reads lines from anywhere',
    )
}

/** Ctrl-C while a program has the terminal is that program's, although it reaches this one as well. */
export const lendInterrupts = (io: Io, terminal: Terminal): Terminal => {
  const lend = async <T>(run: () => Promise<T>): Promise<T> => {
    const giveBack = io.onInterrupt((signal) => {
      if (signal === 'SIGINT') return
      giveBack()
      process.kill(process.pid, signal)
    })
    try {
      return await run()
    } finally {
      // The end of a program by Ctrl-C may be heard of before the Ctrl-C itself, in the same turn.
      await new Promise((resolve) => setImmediate(resolve))
      giveBack()
    }
  }
  return {
    ...terminal,
    edit: (path) => lend(() => terminal.edit(path)),
    shell: (kubeconfig, where) => lend(() => terminal.shell(kubeconfig, where)),
  }
}

/** An exam has its own session on its own screen; leaving it leads back to the picker, with what there is to say. */
const examFromPicker = async (
  io: Io,
  { content, plain }: StartOptions,
): Promise<{ interrupted: true } | { notices: string[] }> => {
  const { takeExam } = await import('./exam.ts')
  try {
    const { interrupted } = await takeExam(io, { content, plain })
    return interrupted ? { interrupted } : { notices: [] }
  } catch (error) {
    if (error instanceof UsageError) return { notices: [error.message] }
    throw error
  }
}

const run = async (io: Io, options: StartOptions, scenario?: string): Promise<number> => {
  const folder = stateFolder(io.env)
  const provider = await providerOf(io, checkContextOptions(options))
  const { items, problems } = await loadCatalogue(contentRoots(io, options.content))
  const item = scenario === undefined ? undefined : requireScenario(io, items, scenario)
  if (options.dryRun && item) {
    await (await import('./dry-run.ts')).tellStart(io, provider, item, folder)
    return exit.passed
  }
  const plain = isPlain(io, options)
  requireTerminal(io, plain)
  requireNeeds(io)
  const runUi = plain ? (await import('../tui/plain/run.ts')).runPlain : (await import('../tui/run.tsx')).runTui
  const parts: SessionOptions = {
    items,
    provider,
    loadMesh,
    store: createProgressStore(folder),
    files: createStepFiles(folder),
    notices: [...problems.map(formatProblem), ...comfortsMissing(io)],
  }
  const { stdin, stdout, env } = io
  const documents = {
    report: async () => (await import('./report.ts')).reportDocument(io, options.content),
    doctor: async () => (await import('./doctor.ts')).doctorDocument(io),
  }
  const terminal = lendInterrupts(io, createTerminal(env, undefined, undefined, thisProgram()))
  const { store } = parts
  let first: Pick<SessionOptions, 'start' | 'notices'> = { start: scenario ?? openAtExit(parts) }
  for (;;) {
    const session = createSession({ ...parts, ...first })
    let end = await runUi({ session, terminal, stdin, stdout, env, documents })
    if (end === 'exam') {
      const ended = await examFromPicker(io, options)
      if (!('interrupted' in ended)) {
        first = ended
        continue
      }
      end = 'interrupted'
    }
    const unsaved = store.retry()
    if (unsaved) note(io, unsaved)
    else if (end === 'interrupted') note(io, 'interrupted; your progress is kept')
    return end === 'interrupted' ? exit.interrupted : exit.passed
  }
}

/** `meshdojo`: the picker, or the scenario that was open when the program last ended. */
export const openPicker = (io: Io, options: Pick<StartOptions, 'plain'> = {}): Promise<number> =>
  run(io, { ...options, provider: 'embedded' })

/** `start <scenario>` */
export const start = (io: Io, scenario: string, options: StartOptions): Promise<number> => run(io, options, scenario)
