/**
 * The clusters of an exam: one a task, opened on demand and kept for a while. The one that was visited longest ago goes
 * away when there would be too many; the candidate's work is put back when its task is visited again.
 */
import type { StepReport } from '../grading/report.ts'
import type { Applied } from '../session/apply-file.ts'
import type { LabHandle, Opened } from '../session/context.ts'
import type { Work } from '../session/work.ts'
import type { TaskItem } from './task.ts'

export type LabEvent =
  | { type: 'CHANGED'; task: number; says: string[]; work: Work }
  | { type: 'LOST'; task: number; says: string }

export interface OpenedTask {
  kubeconfig: string
  /** What could not be put back. */
  notices: string[]
  /** Checks that pass before anything is done, by id; undefined when there was work already. */
  heldBefore?: string[]
}

export interface TaskLabs {
  open(task: number, work: Work, isFirst: boolean, say: (says: string) => void): Promise<OpenedTask>
  apply(task: number, path: string): Promise<Applied>
  grade(task: number, work: Work, say: (says: string) => void, signal: AbortSignal): Promise<StepReport>
  listen(listener: (event: LabEvent) => void): () => void
  /** Closes one lab, or all. */
  close(task?: number): Promise<void>
}

export interface TaskLabsOptions {
  /** By task; undefined where the content is gone. */
  tasks: readonly (TaskItem | undefined)[]
  openLab: (task: TaskItem, work: Work, say: (says: string) => void, signal: AbortSignal) => Promise<Opened>
  /** How many clusters there are at the same time, at most. */
  most?: number
}

export const createTaskLabs = ({ tasks, openLab, most = 3 }: TaskLabsOptions): TaskLabs => {
  /** In the order in which they were visited, the latest last. */
  const labs = new Map<number, Promise<Opened>>()
  const listeners = new Set<(event: LabEvent) => void>()
  const over = new AbortController()
  const tell = (event: LabEvent): void => {
    for (const listener of listeners) listener(event)
  }
  const itemOf = (task: number): TaskItem => {
    const item = tasks[task]
    if (!item) throw new Error('this task is not in the content any more')
    return item
  }

  const close = async (task: number): Promise<void> => {
    const opening = labs.get(task)
    if (!opening) return
    labs.delete(task)
    const opened = await opening.catch(() => undefined)
    if (!opened) return
    tell({ type: 'CHANGED', task, says: [], work: opened.lab.work() })
    await opened.lab.close()
  }

  const hear = (task: number, lab: LabHandle): void => {
    lab.onChange(({ says, byLearner }) => {
      if (byLearner && labs.has(task)) tell({ type: 'CHANGED', task, says, work: lab.work() })
    })
    lab.onLost((says) => {
      labs.delete(task)
      void lab.close()
      tell({ type: 'LOST', task, says })
    })
  }

  /** The task's lab, which is the one visited last from now on. */
  const visit = async (task: number, work: Work, say: (says: string) => void): Promise<Opened> => {
    const known = labs.get(task)
    if (known) {
      labs.delete(task)
      labs.set(task, known)
      return known
    }
    for (const oldest of [...labs.keys()].slice(0, Math.max(0, labs.size - most + 1))) await close(oldest)
    const opening = openLab(itemOf(task), work, say, over.signal)
    labs.set(task, opening)
    try {
      const opened = await opening
      hear(task, opened.lab)
      return opened
    } catch (error) {
      if (labs.get(task) === opening) labs.delete(task)
      throw error
    }
  }

  const gradeIn = async ({ lab }: Opened, task: number, signal: AbortSignal): Promise<StepReport> => {
    const { reports } = await lab.grade(itemOf(task).step, signal)
    return reports.at(-1)!
  }

  return {
    open: async (task, work, isFirst, say) => {
      const opened = await visit(task, work, say)
      const base = { kubeconfig: opened.lab.kubeconfig, notices: opened.notices }
      if (!isFirst) return base
      say('Looking at what there is')
      const { checks } = await gradeIn(opened, task, over.signal)
      return { ...base, heldBefore: checks.filter(({ passed }) => passed).map(({ id }) => id) }
    },
    apply: async (task, path) => {
      const { lab } = await labs.get(task)!
      return lab.apply(path)
    },
    grade: async (task, work, say, signal) => gradeIn(await visit(task, work, say), task, signal),
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async (task) => {
      if (task !== undefined) return close(task)
      over.abort()
      await Promise.all([...labs.keys()].map(close))
    },
  }
}
