/** The machine's names made real: the clock, clusters, files, grading, and what is written down. */
import { assign, fromCallback, fromPromise } from 'xstate'
import type { CatalogueItem } from '../content/load.ts'
import { type StepFiles, watchSaves } from '../session/step-files.ts'
import type { Graded } from './context.ts'
import { gradeExam } from './grading.ts'
import type { ExamFolder } from './kept.ts'
import type { LabEvent, TaskLabs } from './labs.ts'
import {
  type ApplyInput,
  examMachine,
  type FilesInput,
  type GradeInput,
  type OpenInput,
  type WorldEvent,
} from './machine.ts'
import type { ExamResults } from './score.ts'
import type { TaskItem } from './task.ts'

export interface ExamDeps {
  items: readonly CatalogueItem[]
  /** By task; undefined where the content is gone. */
  tasks: readonly (TaskItem | undefined)[]
  labs: TaskLabs
  folder: ExamFolder
  files: StepFiles
  /** Report files of the results, by name. */
  reportsOf: (results: ExamResults) => { name: string; text: string }[]
}

/** How often the clock is looked at. Milliseconds. */
const second = 1000

/** The machine with its effects. Nothing happens until an actor of it starts. */
export const makeReal = ({ items, tasks, labs, folder, files, reportsOf }: ExamDeps) =>
  examMachine.provide({
    actors: {
      clock: fromCallback<{ type: 'TICK' }>(({ sendBack }) => {
        const timer = setInterval(() => sendBack({ type: 'TICK' } satisfies WorldEvent), second)
        return () => clearInterval(timer)
      }),

      labs: fromCallback<LabEvent>(({ sendBack }) => labs.listen(sendBack)),

      watchFiles: fromCallback<{ type: 'LOOK' }, FilesInput>(({ input: { task }, sendBack, receive }) => {
        const one = tasks[task]
        if (!one) return undefined
        const saves = watchSaves(files.prepare(one.item.scenario, one.step), (path) =>
          sendBack({ type: 'SAVED', path } satisfies WorldEvent),
        )
        receive(saves.look)
        return saves.stop
      }),

      open: fromPromise(({ input: { kept, say } }: { input: OpenInput }) => {
        const { work, heldBefore } = kept.tasks[kept.current]!
        return labs.open(kept.current, work, heldBefore === undefined, say)
      }),

      apply: fromPromise(({ input: { task, path } }: { input: ApplyInput }) => labs.apply(task, path)),

      grade: fromPromise(
        async ({ input: { kept, say }, signal }: { input: GradeInput; signal: AbortSignal }): Promise<Graded> => {
          const results = await gradeExam(kept, items, labs, say, signal)
          try {
            return { results, reports: reportsOf(results).map(({ name, text }) => folder.report(name, text)) }
          } catch (error) {
            return { results, reports: [], notice: `no report could be written: ${(error as Error).message}` }
          }
        },
      ),

      close: fromPromise(() => labs.close()),
    },

    actions: {
      save: assign(({ context }) => ({ unsaved: folder.save(context.kept) })),
      readNotes: assign(({ context }) => ({ notes: { ...context.notes, text: folder.notes() } })),
    },
  })
