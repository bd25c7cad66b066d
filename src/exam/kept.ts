/**
 * An exam on disk: a folder each, with what is known of it, the candidate's files and notes, and in the end its reports.
 * Written before it is shown (see session/durable.ts), so that a kill at any moment loses nothing.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listFolder, readDurable, refusalOf, removeDrafts, writeDurably } from '../session/durable.ts'
import { emptyWork, isWork, type Work } from '../session/work.ts'
import type { ExamPlan } from './compose.ts'
import type { ExamResults } from './score.ts'
import type { TaskMarks } from './types.ts'

export interface KeptTask extends TaskMarks {
  /** Milliseconds on the screen. */
  spent: number
  /** What the candidate's cluster has that the task's has not. */
  work: Work
  /** Checks that passed when the task was opened first, by id. */
  heldBefore?: string[]
}

export interface KeptExam {
  version: 1
  plan: ExamPlan
  /** Milliseconds since the epoch. */
  startedAt: number
  endedAt?: number
  current: number
  tasks: KeptTask[]
  /** Left ungraded for another one. */
  abandoned?: boolean
  results?: ExamResults
}

const newKeptTask = (): KeptTask => ({
  opened: false,
  flagged: false,
  done: false,
  spent: 0,
  work: emptyWork(),
})

/** An exam at its beginning: nothing opened, its clock running from `startedAt`, milliseconds since the epoch. */
export const newKeptExam = (plan: ExamPlan, now: number): KeptExam => ({
  version: 1,
  plan,
  startedAt: now,
  current: 0,
  tasks: plan.tasks.map(newKeptTask),
})

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isKeptTask = (value: unknown): value is KeptTask =>
  isRecord(value) &&
  typeof value.opened === 'boolean' &&
  typeof value.flagged === 'boolean' &&
  typeof value.done === 'boolean' &&
  typeof value.spent === 'number' &&
  isWork(value.work) &&
  (value.heldBefore === undefined || Array.isArray(value.heldBefore))

const isPlanned = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value.scenario === 'string' &&
  typeof value.step === 'string' &&
  typeof value.weight === 'number'

const isKeptExam = (value: unknown): value is KeptExam =>
  isRecord(value) &&
  value.version === 1 &&
  isRecord(value.plan) &&
  typeof value.plan.seed === 'number' &&
  typeof value.plan.minutes === 'number' &&
  Array.isArray(value.plan.tasks) &&
  value.plan.tasks.length > 0 &&
  value.plan.tasks.every(isPlanned) &&
  typeof value.startedAt === 'number' &&
  Array.isArray(value.tasks) &&
  value.tasks.length === value.plan.tasks.length &&
  value.tasks.every(isKeptTask) &&
  Number.isInteger(value.current) &&
  Number(value.current) >= 0 &&
  Number(value.current) < value.tasks.length

/** One exam's folder. */
export interface ExamFolder {
  path: string
  /** Why the file system refused, if it did. */
  save(kept: KeptExam): string | undefined
  notesPath: string
  notes(): string
  /** Writes a report beside the exam; returns its path. */
  report(name: string, text: string): string
}

const notesHeader = '# Notes of this exam; nobody grades them\n'

const examFolder = (path: string): ExamFolder => {
  const notesPath = join(path, 'notes.md')
  return {
    path,
    save: (kept) => refusalOf(() => writeDurably(join(path, 'exam.json'), `${JSON.stringify(kept, null, 1)}\n`)),
    notesPath,
    notes: () => {
      // Without room for a header there are no notes yet; the editor says what it can do about that.
      if (!existsSync(notesPath) && refusalOf(() => writeDurably(notesPath, notesHeader))) return ''
      return readFileSync(notesPath, 'utf8').replace(notesHeader, '').trim()
    },
    report: (name, text) => {
      writeDurably(join(path, name), text)
      return join(path, name)
    },
  }
}

export interface ExamStore {
  /** Every exam that can be read, the latest first. */
  all(): { exams: { kept: KeptExam; folder: ExamFolder }[]; notices: string[] }
  /** A folder for a new exam; nothing is written yet. */
  folderFor(kept: KeptExam): ExamFolder
}

export const createExamStore = (stateFolder: string): ExamStore => {
  const root = join(stateFolder, 'exams')
  return {
    all: () => {
      const exams: { kept: KeptExam; folder: ExamFolder }[] = []
      const notices: string[] = []
      for (const name of listFolder(root)) {
        const path = join(root, name)
        removeDrafts(path)
        const read = readDurable(join(path, 'exam.json'), isKeptExam)
        if ('value' in read) exams.push({ kept: read.value, folder: examFolder(path) })
        else if ('says' in read) notices.push(`exam ${name}: ${read.says}`)
      }
      return { exams: exams.toSorted((a, b) => b.kept.startedAt - a.kept.startedAt), notices }
    },
    folderFor: ({ startedAt, plan }) => {
      const name = `${new Date(startedAt).toISOString().slice(0, 19).replaceAll(':', '-')}-seed-${plan.seed}`
      return examFolder(join(root, name))
    },
  }
}

/** The exam that is still running, or whose time ran out before it was graded. */
export const unfinishedExam = (store: ExamStore): { kept: KeptExam; folder: ExamFolder } | undefined =>
  store.all().exams.find(({ kept }) => kept.results === undefined && !kept.abandoned)
