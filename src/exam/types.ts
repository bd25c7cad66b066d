/** What an exam shows and what may be asked of it: plain data, beside the session's own views and events. */
import type { FeedLine } from '../session/types.ts'
import type { ExamResults } from './score.ts'

/** What the candidate says of a task. */
export interface TaskMarks {
  opened: boolean
  flagged: boolean
  done: boolean
}

export interface ExamTask extends TaskMarks {
  title: string
  /** Markdown. */
  task: string
  lab: string
  /** Points of 100. */
  weight: number
}

interface ExamBase {
  tasks: ExamTask[]
  /** Index of the task that is selected or open. */
  current: number
  /** Milliseconds. */
  left: number
  total: number
  notes: { path: string; text: string }
  notice?: string
}

/** What there is of the open task's cluster. */
export type TaskLab =
  | { state: 'opening'; says: string }
  | { state: 'failed'; says: string; next: string }
  | {
      state: 'open'
      kubeconfig: string
      file: { path: string; name: string; lastApply?: { at: number; ok: boolean; says: string } }
      feed: FeedLine[]
    }

export type ExamView =
  | ({ screen: 'exam' } & ExamBase)
  | ({ screen: 'exam-task'; lab: TaskLab } & ExamBase)
  | { screen: 'exam-grading'; says: string; notice?: string }
  | { screen: 'exam-results'; results: ExamResults; reports: string[]; notice?: string }

export type ExamEvent =
  | { type: 'OPEN_TASK'; task: number }
  | { type: 'FLAG'; task: number }
  | { type: 'DONE'; task: number }
  /** The candidate comes back from the notes. */
  | { type: 'NOTED' }
  | { type: 'FINISH' }
