/** What an exam knows, and how each event changes it: pure functions, so that the machine stays a picture. */
import type { Applied } from '../session/apply-file.ts'
import { withLine } from '../session/feed.ts'
import type { FeedLine } from '../session/types.ts'
import type { Work } from '../session/work.ts'
import { timeLeft, warningBetween } from './clock.ts'
import type { KeptExam, KeptTask } from './kept.ts'
import type { OpenedTask } from './labs.ts'
import type { ExamResults } from './score.ts'

/** A task as the candidate reads it. */
export interface TaskSheet {
  title: string
  task: string
  lab: string
}

export interface ExamInput {
  kept: KeptExam
  sheets: readonly TaskSheet[]
  notes: { path: string; text: string }
  now: () => number
  notice?: string
  /** Why the exam is not on disk as it is. */
  unsaved?: string
}

/** What a graded exam leaves: its results, and the report files that could be written. */
export interface Graded {
  results: ExamResults
  reports: string[]
  notice?: string
}

export interface ExamContext extends ExamInput {
  /** Milliseconds. */
  left: number
  /** When time was counted last. */
  seenAt: number
  /** What is under way, or why it failed. */
  says: string
  kubeconfig?: string
  feed: FeedLine[]
  toApply?: string
  /** The file was saved again while it was being applied. */
  applyAgain: boolean
  lastApply?: { at: number; ok: boolean; says: string }
  graded?: Graded
}

type Update = Partial<ExamContext>

const timeOf = ({ startedAt, plan }: KeptExam) => ({ startedAt, minutes: plan.minutes })

/** An exam as it was kept, with the time that is left of it now. */
export const initialContext = (input: ExamInput): ExamContext => ({
  ...input,
  left: timeLeft(timeOf(input.kept), input.now()),
  seenAt: input.now(),
  says: '',
  feed: [],
  applyAgain: false,
})

/** The candidate has finished, or the time has. */
export const isOver = ({ kept, left }: ExamContext): boolean => kept.endedAt !== undefined || left === 0

const currentTask = ({ kept }: ExamContext): KeptTask => kept.tasks[kept.current]!

const withTask = (kept: KeptExam, task: number, change: Partial<KeptTask>): KeptExam => ({
  ...kept,
  tasks: kept.tasks.map((one, index) => (index === task ? { ...one, ...change } : one)),
})

/** A suspended program does not see its time; the task gets no more than this for one look. Milliseconds. */
const longestLook = 60_000

/** Looks at the clock. `onTask`: a task is on the screen, and the time since the last look is its. */
export const ticked = (context: ExamContext, onTask: boolean): Update => {
  const now = context.now()
  const left = timeLeft(timeOf(context.kept), now)
  const warning = warningBetween(context.left, left)
  const passed = Math.min(longestLook, Math.max(0, now - context.seenAt))
  const { current } = context.kept
  return {
    left,
    seenAt: now,
    kept: onTask ? withTask(context.kept, current, { spent: currentTask(context).spent + passed }) : context.kept,
    ...(warning === undefined
      ? {}
      : { notice: warning === 1 ? '1 minute left: then everything is graded as it is' : `${warning} minutes left` }),
  }
}

const say = (context: ExamContext, kind: FeedLine['kind'], lines: readonly string[]): FeedLine[] =>
  lines.reduce((feed, says) => withLine(feed, { at: context.now(), kind, says }), context.feed)

/** Another task is taken up; one out of range is no task. */
export const chosen = ({ kept }: ExamContext, task: number): Update => ({
  kept: { ...kept, current: task },
  kubeconfig: undefined,
  lastApply: undefined,
  toApply: undefined,
  applyAgain: false,
  feed: [],
  says: 'Starting',
})

/** The task's cluster is there, with the work that was kept; what held before any of it is remembered once. */
export const opened = (context: ExamContext, { kubeconfig, notices, heldBefore }: OpenedTask): Update => ({
  kubeconfig,
  kept: withTask(context.kept, context.kept.current, {
    opened: true,
    ...(heldBefore === undefined ? {} : { heldBefore }),
  }),
  feed: say(context, 'step', ['the lab is ready', ...notices]),
  ...(notices.length ? { notice: notices.join('. ') } : {}),
})

/** Something was changed in a task's cluster, which need not be the one on the screen. */
export const worked = (context: ExamContext, task: number, work: Work, says: readonly string[]): Update => ({
  kept: withTask(context.kept, task, { work }),
  ...(task === context.kept.current ? { feed: say(context, 'object', says) } : {}),
})

/** What became of the file that was saved. */
export const applied = (context: ExamContext, { ok, says }: Applied): Update => ({
  lastApply: { at: context.now(), ok, says },
  feed: say(context, ok ? 'apply' : 'error', [says]),
})

/** The candidate's own mark of a task, set or taken back. */
export const marked = ({ kept }: ExamContext, task: number, mark: 'flagged' | 'done'): Update => ({
  kept: withTask(kept, task, { [mark]: !kept.tasks[task]?.[mark] }),
})

/** The time is over, or the candidate says so. What was late is not counted. */
export const ended = ({ kept, now }: ExamContext): Update => ({
  kept: { ...kept, endedAt: kept.endedAt ?? Math.min(now(), kept.startedAt + kept.plan.minutes * 60_000) },
  says: 'Grading',
  kubeconfig: undefined,
  notice: undefined,
})

/** Everything is graded. */
export const finished = ({ kept }: ExamContext, graded: Graded): Update => ({
  kept: { ...kept, results: graded.results },
  graded,
  notice: graded.notice,
})
