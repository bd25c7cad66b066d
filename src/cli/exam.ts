/** `exam`: a timed set of tasks in the TUI, graded at the end. */
import { randomInt } from 'node:crypto'
import { loadCatalogue } from '../content/load.ts'
import { formatProblem } from '../content/problem.ts'
import { claimExam } from '../exam/claim.ts'
import { timeLeft } from '../exam/clock.ts'
import { composeExam } from '../exam/compose.ts'
import {
  createExamStore,
  type ExamFolder,
  type ExamStore,
  type KeptExam,
  newKeptExam,
  unfinishedExam,
} from '../exam/kept.ts'
import type { ExamResults } from '../exam/score.ts'
import { createExamSession } from '../exam/session.ts'
import { examReports } from '../report/exam.ts'
import { stateFolder } from '../session/state-folder.ts'
import { labVariable } from '../shell/subshell.ts'
import { createTerminal } from '../shell/terminal.ts'
import { contentRoots } from './content.ts'
import { providerOf, thisProgram } from './context-options.ts'
import { exit, type Io, note, print, printJson, UsageError } from './io.ts'
import { loadMesh } from './meshes.ts'
import { requireNeeds } from './needs.ts'
import { isPlain, lendInterrupts } from './start.ts'

export interface ExamVerbOptions {
  seed?: string
  minutes?: string
  json?: boolean
  /** Gives up an exam that is running. */
  new?: boolean
  content?: string
  plain?: boolean
}

const defaultMinutes = 60

const wholeNumber = (flag: string, given: string | undefined, least: number, most: number): number | undefined => {
  if (given === undefined) return undefined
  const value = Number(given)
  if (!/^\d+$/.test(given) || value < least || value > most)
    throw new UsageError(`${flag} ${given}: a whole number from ${least} to ${most}`)
  return value
}

/** The results go to stdout, so with `--json` the screen is on stderr, and stdout may be a file. */
const requireTerminal = (io: Io, { json = false }: ExamVerbOptions, plain: boolean): void => {
  const where = io.env[labVariable]
  if (where)
    throw new UsageError(`this is the shell of ${where}, and the TUI waits outside: exit or ctrl-d returns to it`)
  const screen = json ? io.stderr : io.stdout
  if (plain) return
  if (io.stdin.isTTY && screen.isTTY) return
  throw new UsageError(
    json
      ? 'an exam is taken at a terminal: with --json the screen is on stderr and the results go to stdout, as in "meshdojo exam --json > results.json"'
      : 'an exam is taken at a terminal, and this is none: "meshdojo exam --plain" reads lines from anywhere, "meshdojo check NAME" grades without a screen',
  )
}

const minutesLeft = ({ startedAt, plan }: KeptExam, now: number): number =>
  Math.ceil(timeLeft({ startedAt, minutes: plan.minutes }, now) / 60_000)

interface Begun {
  kept: KeptExam
  folder: ExamFolder
  notice?: string
  /** Gives the claim on the exam back. */
  release: () => void
}

/** Throws `UsageError` when another program is at this exam. */
const claim = ({ path }: ExamFolder): (() => void) => {
  const claimed = claimExam(path)
  if ('release' in claimed) return claimed.release
  throw new UsageError(
    `another program (process ${claimed.holder}) is at this exam: go on there, or end it first; if that process is no meshdojo, remove ${claimed.file}`,
  )
}

/** The exam that is running, unless another one is asked for. */
const goOn = (store: ExamStore, asked: { seed?: number; minutes?: number; new?: boolean }): Begun | undefined => {
  const running = unfinishedExam(store)
  if (!running) return undefined
  const { kept, folder } = running
  if (asked.new) {
    const release = claim(folder)
    folder.save({ ...kept, abandoned: true })
    release()
    return undefined
  }
  const left = minutesLeft(kept, Date.now())
  const { seed, minutes } = kept.plan
  const isOther = (asked.seed ?? seed) !== seed || (asked.minutes ?? minutes) !== minutes
  if (isOther)
    throw new UsageError(
      `an exam is not finished yet (seed ${seed}, ${left} of ${minutes} min left): "meshdojo exam" goes on with it, and with --new it is given up for another`,
    )
  const notice =
    left === 0
      ? 'The time ran out while you were away: the exam is graded as you left it'
      : `The exam goes on: ${left} of ${minutes} minutes are left`
  return { kept, folder, notice, release: claim(folder) }
}

const summary = (io: Io, { score, passed, passMark }: ExamResults, folder: ExamFolder): void =>
  print(
    io,
    `${score} of 100, ${passed ? 'passed' : 'not passed'} (the pass mark is ${passMark}); reports are in ${folder.path}`,
  )

export interface ExamEnd {
  /** 0 passed, 1 not passed, 130 left before the end; the exam then goes on, and `exam` comes back to it. */
  code: number
  /** With Ctrl-C, rather than with `q`. */
  interrupted: boolean
}

/** Begins an exam, or goes on with the one that is running, until the candidate leaves the screen. */
export const takeExam = async (io: Io, options: ExamVerbOptions): Promise<ExamEnd> => {
  const json = options.json ?? false
  const seed = wholeNumber('--seed', options.seed, 0, 2 ** 32 - 1)
  const minutes = wholeNumber('--minutes', options.minutes, 1, 600)
  const plain = isPlain(io, options, options.json ? io.stderr : io.stdout)
  requireTerminal(io, options, plain)
  requireNeeds(io)
  const state = stateFolder(io.env)
  const { items, problems } = await loadCatalogue(contentRoots(io, options.content))
  for (const problem of problems) note(io, formatProblem(problem))
  const store = createExamStore(state)
  for (const notice of store.all().notices) note(io, notice)

  const begin = (): Begun => {
    const asked = { seed: seed ?? randomInt(1_000_000), minutes: minutes ?? defaultMinutes }
    const plan = composeExam(
      items.map(({ scenario }) => scenario),
      asked,
    )
    if (plan.tasks.length === 0) throw new UsageError('there are no scenarios to make an exam of')
    const kept = newKeptExam(plan, Date.now())
    const folder = store.folderFor(kept)
    return { kept, folder, release: claim(folder) }
  }
  const { release, ...begun } = goOn(store, { seed, minutes, new: options.new }) ?? begin()
  const session = createExamSession({
    ...begun,
    items,
    provider: await providerOf(io, { provider: 'embedded' }),
    loadMesh,
    reportsOf: examReports,
  })
  const screen = json ? io.stderr : io.stdout
  const terminal = lendInterrupts(
    io,
    createTerminal(io.env, (text) => void screen.write(text), json ? 'on-stderr' : 'inherited', thisProgram()),
  )
  const runUi = plain ? (await import('../tui/plain/run.ts')).runPlain : (await import('../tui/run.tsx')).runTui
  const end = await runUi({ session, terminal, stdin: io.stdin, stdout: screen, env: io.env }).finally(release)
  const results = session.results()
  if (!results) {
    note(io, 'the exam is not finished, and its clock goes on: "meshdojo exam" comes back to it')
    return { code: exit.interrupted, interrupted: end === 'interrupted' }
  }
  if (json) printJson(io, results)
  else summary(io, results, begun.folder)
  return { code: results.passed ? exit.passed : exit.notPassed, interrupted: end === 'interrupted' }
}

/** Exit code as `ExamEnd` has it. */
export const exam = async (io: Io, options: ExamVerbOptions): Promise<number> => (await takeExam(io, options)).code
