/**
 * What is finished, and what the learner has made so far: one file a scenario, so that two programs at once never write
 * over each other's scenarios. Written before it is shown (see durable.ts).
 */
import { join } from 'node:path'
import { listFolder, readDurable, refusalOf, removeDrafts, writeDurably } from './durable.ts'
import { isStepRecords, type StepRecords } from './record.ts'
import type { ScenarioProgress } from './types.ts'
import { emptyWork, isWork, type Work } from './work.ts'

/** Everything kept about one scenario. */
export interface Kept {
  version: 1
  progress: ScenarioProgress
  /** What the learner's cluster has that the lab has not. */
  work: Work
  /** The same as it was when each step began, by step id: what resetting a step goes back to. */
  before: Record<string, Work>
  /** For the report. Absent in files of versions that kept none. */
  steps?: StepRecords
  /** The program ended, or was killed, with this scenario open. */
  open: boolean
  /** Milliseconds since the epoch. */
  savedAt: number
}

export interface ProgressStore {
  /** `notice` when a file could not be read: it is kept aside and the scenario starts anew. */
  load(scenario: string): { kept: Kept; notice?: string }
  /**
   * What the file system refuses is held in memory, is what `load` and `all` give, and is tried again with the next save.
   * The answer is `retry`'s.
   */
  save(scenario: string, kept: Kept): string | undefined
  /** Writes what is held; a sentence when something still is, undefined when everything is safe. */
  retry(): string | undefined
  /** Of every scenario that was ever started. */
  all(): { progress: Map<string, Kept>; notices: string[] }
}

export const newProgress = (): ScenarioProgress => ({
  state: 'new',
  passed: [],
  step: 0,
  hintsUsed: 0,
  solutionsSeen: [],
  spent: 0,
})

export const newKept = (): Kept => ({
  version: 1,
  progress: newProgress(),
  work: emptyWork(),
  before: {},
  open: false,
  savedAt: 0,
})

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

const isProgress = (value: unknown): value is ScenarioProgress =>
  isRecord(value) &&
  ['new', 'started', 'done'].includes(String(value.state)) &&
  isTexts(value.passed) &&
  isTexts(value.solutionsSeen) &&
  Number.isInteger(value.step) &&
  Number(value.step) >= 0 &&
  typeof value.hintsUsed === 'number' &&
  typeof value.spent === 'number'

const isKept = (value: unknown): value is Kept =>
  isRecord(value) &&
  value.version === 1 &&
  isProgress(value.progress) &&
  isWork(value.work) &&
  isRecord(value.before) &&
  Object.values(value.before).every(isWork) &&
  (value.steps === undefined || isStepRecords(value.steps))

export const createProgressStore = (stateFolder: string): ProgressStore => {
  const folder = join(stateFolder, 'progress')
  const fileOf = (scenario: string): string => join(folder, `${scenario}.json`)
  const held = new Map<string, Kept>()
  const retry = (): string | undefined => {
    for (const [scenario, kept] of held) {
      const refused = refusalOf(() => writeDurably(fileOf(scenario), `${JSON.stringify(kept, null, 1)}\n`))
      if (refused)
        return `progress is not saved yet (${refused}). It is tried again with every change: make room, or make ${folder} writable`
      held.delete(scenario)
    }
    return undefined
  }
  const load = (scenario: string): { kept: Kept; notice?: string } => {
    const unsaved = held.get(scenario)
    if (unsaved) return { kept: unsaved }
    const read = readDurable(fileOf(scenario), isKept)
    if ('value' in read) return { kept: read.value }
    if ('missing' in read) return { kept: newKept() }
    return { kept: newKept(), notice: `progress of ${scenario}: ${read.says}` }
  }
  return {
    load,
    save: (scenario, kept) => {
      held.set(scenario, kept)
      return retry()
    },
    retry,
    all: () => {
      const progress = new Map<string, Kept>()
      const notices: string[] = []
      removeDrafts(folder)
      const saved = listFolder(folder).flatMap((name) => /^([^.].*)\.json$/.exec(name)?.[1] ?? [])
      for (const scenario of new Set([...saved, ...held.keys()])) {
        const { kept, notice } = load(scenario)
        progress.set(scenario, kept)
        if (notice) notices.push(notice)
      }
      return { progress, notices }
    },
  }
}

/** The unfinished scenario that was worked on last. */
export const lastUnfinished = (all: Map<string, Kept>): { scenario: string; open: boolean } | undefined => {
  const started = [...all].filter(([, { progress }]) => progress.state === 'started')
  const [last] = started.toSorted(([, a], [, b]) => b.savedAt - a.savedAt)
  return last && { scenario: last[0], open: last[1].open }
}
