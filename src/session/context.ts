/** What a session knows, and how each event changes it: pure functions, so that the machine stays a picture. */
import type { CatalogueItem } from '../content/load.ts'
import type { ScenarioStep } from '../content/schema.ts'
import type { StepReport } from '../grading/report.ts'
import type { Tap } from '../tap/wire.ts'
import type { Applied } from './apply-file.ts'
import { withLine } from './feed.ts'
import type { Kept } from './progress.ts'
import { newKept } from './progress.ts'
import { countTry, notTried, proven, type StepRecord, type StepRecords, type Tried, withRecord } from './record.ts'
import type { FeedLine, Matrix, ScenarioProgress, TapView } from './types.ts'
import { emptyWork, type Work } from './work.ts'

/** An opened lab, as far as the machine and the view care. Made real in lab.ts. */
export interface LabHandle {
  kubeconfig: string
  /** Steps up to and including this one, and the matrix as it stands. */
  grade(upTo: ScenarioStep, signal: AbortSignal): Promise<Graded>
  /** Probes the pairs of the map and tells it as it fills; nothing else waits for it. */
  observe(signal: AbortSignal, onSeen: (matrix: Matrix) => void): Promise<void>
  /** The next `observe` probes every pair anew. */
  forgetSeen(): void
  /** What it changed has been told to `onChange` when it resolves. */
  apply(path: string): Promise<Applied>
  /** Sends the request that stands for a pair of the map, as the step has it, and captures it. */
  tap(step: ScenarioStep, from: string, to: string, signal: AbortSignal): Promise<Tap>
  /**
   * At once, and then at most ten times a second. `says`: lines for the feed. `byLearner`: the work is not what it was;
   * otherwise only the cluster's own machinery moved.
   */
  onChange(listener: (change: { says: string[]; byLearner: boolean }) => void): () => void
  onLost(listener: (says: string) => void): () => void
  work(): Work
  close(): Promise<void>
}

export interface Graded {
  reports: StepReport[]
  matrix?: Matrix
}

export interface Opened {
  lab: LabHandle
  /** What could not be put back, or read. */
  notices: string[]
}

/** Where `closing` leads. */
export type After = 'picking' | 'opening' | 'failed' | 'closed'

export interface SessionContext {
  items: readonly CatalogueItem[]
  /** Progress of every scenario, for the picker. */
  progress: ReadonlyMap<string, ScenarioProgress>
  resume?: string
  notice?: string
  /** Why progress is not on disk yet. */
  unsaved?: string
  now: () => number

  item?: CatalogueItem
  kept: Kept
  lab?: LabHandle
  after: After
  /** What opening is at, or why it failed. */
  says: string

  reports: StepReport[]
  matrix?: Matrix
  gradedAt?: number
  /** The work that was graded last, and when a try was counted. */
  tried: Tried
  /** Something changed while grading: grade again. */
  dirty: boolean
  /** The file that was saved last, by path. */
  toApply?: string
  /** It was saved again while it was being applied. */
  applyAgain: boolean
  lastApply?: { at: number; ok: boolean; says: string }
  /** Hints shown in this step. */
  hints: number
  solutionShown: boolean
  /** The learner's file as it was last saved, once they edited it; read only beside a solution. */
  mine?: string
  tap?: TapView
  finished: boolean
  feed: FeedLine[]
  /** When work was last seen, to count the time spent. */
  seenAt: number
}

export interface SessionInput {
  items: readonly CatalogueItem[]
  now: () => number
  notices: string[]
}

export const initialContext = ({ items, now, notices }: SessionInput): SessionContext => ({
  items,
  progress: new Map(),
  notice: notices.join('. ') || undefined,
  now,
  kept: newKept(),
  tried: notTried(emptyWork()),
  after: 'picking',
  says: '',
  ...freshStep(),
  matrix: undefined,
  dirty: false,
  applyAgain: false,
  feed: [],
  finished: false,
  seenAt: now(),
})

/** What starts anew with each step. */
const freshStep = () => ({
  reports: [] as StepReport[],
  gradedAt: undefined,
  lastApply: undefined,
  toApply: undefined,
  hints: 0,
  solutionShown: false,
  mine: undefined,
  tap: undefined,
})

const stepsOf = (context: SessionContext): readonly ScenarioStep[] => context.item?.scenario.spec.steps ?? []

/** The step that is on the screen; undefined outside of a lab. */
export const currentStep = (context: SessionContext): ScenarioStep | undefined =>
  stepsOf(context)[context.kept.progress.step]

/** The current step is passed right now, and so are all before it. */
export const isStepPassed = ({ reports, kept }: SessionContext): boolean =>
  reports.length > kept.progress.step && reports.every(({ passed }) => passed)

/** Longer gaps are pauses. Milliseconds. */
const longestGap = 5 * 60_000

type Update = Partial<SessionContext>

const withProgress = (context: SessionContext, change: Partial<ScenarioProgress>): Kept => ({
  ...context.kept,
  progress: { ...context.kept.progress, ...change },
})

/** The record of the current step, changed. */
const withStep = ({ kept, item }: SessionContext, change: (record: StepRecord) => Partial<StepRecord>): StepRecords =>
  withRecord(kept.steps, item?.scenario.spec.steps[kept.progress.step]?.id, change)

/** Counts the time since work was last seen. */
export const tick = (context: SessionContext): Update => {
  const now = context.now()
  const gap = Math.min(Math.max(0, now - context.seenAt), longestGap)
  const kept = withProgress(context, { spent: context.kept.progress.spent + gap })
  const steps = withStep(context, ({ spent }) => ({ spent: spent + gap }))
  return { seenAt: now, kept: { ...kept, steps, savedAt: now } }
}

const say = (context: SessionContext, kind: FeedLine['kind'], ...lines: string[]): FeedLine[] =>
  lines.reduce((feed, says) => withLine(feed, { at: context.now(), kind, says }), context.feed)

/** A scenario was chosen: its kept progress is taken up; a finished one starts again, and stays finished. */
export const chosen = (context: SessionContext, name: string, kept: Kept, notice?: string): Update => {
  const item = context.items.find(({ scenario }) => scenario.metadata.name === name)
  const lastStep = (item?.scenario.spec.steps.length ?? 1) - 1
  const again = kept.progress.state === 'done'
  const progress: ScenarioProgress = {
    ...kept.progress,
    state: again ? 'done' : 'started',
    step: again ? 0 : Math.min(kept.progress.step, lastStep),
    passed: again ? [] : kept.progress.passed,
    startedAt: kept.progress.startedAt ?? context.now(),
  }
  return {
    ...freshStep(),
    item,
    kept: { ...kept, progress, open: true, ...(again ? { work: emptyWork(), before: {} } : {}) },
    matrix: undefined,
    feed: [],
    finished: false,
    dirty: false,
    notice,
    says: 'Starting',
    seenAt: context.now(),
  }
}

/** The lab is ready: the first time in a step, the work that it began with is remembered for a reset. */
export const opened = (context: SessionContext, { lab, notices }: Opened): Update => {
  const step = currentStep(context)
  const before = { ...context.kept.before }
  if (step) before[step.id] ??= context.kept.work
  return {
    lab,
    tried: notTried(context.kept.work),
    kept: { ...context.kept, before },
    feed: say(context, 'step', `${context.item?.scenario.metadata.title}: the lab is ready`, ...notices),
    notice: notices.join('. ') || context.notice,
  }
}

export const graded = (context: SessionContext, { reports, matrix }: Graded): Update => {
  const turned = reports.filter(({ id, passed }) => passed && !context.kept.progress.passed.includes(id))
  const passed = [...context.kept.progress.passed, ...turned.map(({ id }) => id)]
  const all = reports.length === stepsOf(context).length && reports.every((report) => report.passed)
  const done = all ? { state: 'done' as const, finishedAt: context.kept.progress.finishedAt ?? context.now() } : {}
  const id = currentStep(context)?.id ?? ''
  const isOpen = !context.kept.progress.passed.includes(id)
  const { tried, steps } = countTry(context.kept, { id, isOpen, now: context.now() }, context.tried)
  // A file that was refused is no news any more once the step was passed without it.
  const isMended = isOpen && passed.includes(id) && context.lastApply?.ok === false
  return {
    ...(isMended ? { lastApply: undefined } : {}),
    reports,
    matrix,
    gradedAt: context.now(),
    tried,
    kept: {
      ...withProgress(context, { passed, ...done }),
      steps: proven({ ...context.kept, steps }, turned, context.now()),
    },
    feed: say(context, 'grade', ...gradeLines(context.reports, reports)),
  }
}

/** The checks that turned, by their sentences; nothing the first time. */
const gradeLines = (before: readonly StepReport[], after: readonly StepReport[]): string[] => {
  const was = new Map(before.flatMap(({ id, checks }) => checks.map((check) => [`${id}/${check.id}`, check.passed])))
  return after.flatMap(({ id, checks }) =>
    checks
      .filter((check) => was.has(`${id}/${check.id}`) && was.get(`${id}/${check.id}`) !== check.passed)
      .map((check) => `${check.passed ? 'passed' : 'no longer passes'}: ${check.says}`),
  )
}

/** What became of the file that was saved. */
export const applied = (context: SessionContext, { ok, says }: Applied): Update => ({
  lastApply: { at: context.now(), ok, says },
  ...(ok ? {} : { kept: { ...context.kept, steps: withStep(context, ({ tries }) => ({ tries: tries + 1 })) } }),
  feed: say(context, ok ? 'apply' : 'error', says),
})

/** One hint more is shown, and counted. */
export const hinted = (context: SessionContext): Update => ({
  hints: context.hints + 1,
  kept: {
    ...withProgress(context, { hintsUsed: context.kept.progress.hintsUsed + 1 }),
    steps: withStep(context, ({ hints }) => ({ hints: Math.max(hints, context.hints + 1) })),
  },
  feed: say(context, 'hint', `hint ${context.hints + 1} of ${currentStep(context)?.hints.length ?? 0}`),
})

/** The solution is shown, and the step solved with help from now on. */
export const solutionSeen = (context: SessionContext): Update => {
  const id = currentStep(context)?.id ?? ''
  const seen = new Set([...context.kept.progress.solutionsSeen, id])
  return {
    solutionShown: true,
    kept: {
      ...withProgress(context, { solutionsSeen: [...seen] }),
      steps: withStep(context, () => ({ solutionSeen: true })),
    },
    feed: say(context, 'hint', 'solution shown'),
  }
}

/** The next step, or the end after the last one. */
export const advanced = (context: SessionContext): Update => {
  const { step } = context.kept.progress
  const next = stepsOf(context)[step + 1]
  if (!next) return { finished: true, feed: say(context, 'step', 'the scenario is finished') }
  const work = context.lab?.work() ?? context.kept.work
  const kept = { ...withProgress(context, { step: step + 1 }), work }
  return {
    ...freshStep(),
    tried: notTried(work),
    // The steps so far keep what is known of them until the new one is graded with them.
    reports: context.reports,
    kept: { ...kept, before: { ...kept.before, [next.id]: work } },
    feed: say(context, 'step', `step ${step + 2}: ${next.title}`),
  }
}

export const worked = (context: SessionContext, says: readonly string[]): Update => ({
  kept: { ...context.kept, work: context.lab?.work() ?? context.kept.work },
  feed: say(context, 'object', ...says),
})

/** Back to how the current step began. */
export const stepReset = (context: SessionContext): Update => {
  const id = currentStep(context)?.id ?? ''
  return {
    ...freshStep(),
    matrix: undefined,
    finished: false,
    says: 'Putting the step back',
    kept: { ...context.kept, work: context.kept.before[id] ?? emptyWork() },
    feed: say(context, 'step', 'back to how this step began'),
  }
}

/** Back to the untouched lab and the first step. */
export const labReset = (context: SessionContext): Update => ({
  ...freshStep(),
  matrix: undefined,
  finished: false,
  says: 'Starting the lab anew',
  kept: { ...withProgress(context, { step: 0, passed: [] }), work: emptyWork(), before: {} },
  feed: say(context, 'step', 'the lab starts anew'),
})

export const complained = (context: SessionContext, error: unknown): Update => {
  const says = error instanceof Error ? error.message : String(error)
  return { notice: says, feed: say(context, 'error', says) }
}
