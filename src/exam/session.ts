/** An exam as the TUI holds it: a running machine behind `view`, `subscribe` and `send`. */
import { createActor, waitFor } from 'xstate'
import type { CatalogueItem } from '../content/load.ts'
import { type LabDeps, openLab } from '../session/lab.ts'
import { createStepFiles } from '../session/step-files.ts'
import type { Session, View } from '../session/types.ts'
import { makeReal } from './actors.ts'
import type { ExamFolder, KeptExam } from './kept.ts'
import { createTaskLabs } from './labs.ts'
import type { ExamResults } from './score.ts'
import { type TaskItem, taskItem } from './task.ts'
import { viewOf } from './view.ts'

export interface ExamOptions extends Pick<LabDeps, 'provider' | 'loadMesh'> {
  items: readonly CatalogueItem[]
  kept: KeptExam
  folder: ExamFolder
  reportsOf: (results: ExamResults) => { name: string; text: string }[]
  notice?: string
  now?: () => number
}

export interface ExamSession extends Session {
  /** Undefined until the exam is graded. */
  results(): ExamResults | undefined
}

/** Makes what the steps before a task came to, and waits until it has arrived. Loaded when it is needed: YAML, kubectl. */
const prepareWith =
  ({ before, item }: TaskItem): LabDeps['prepare'] =>
  async (cluster, signal) => {
    if (before.length === 0) return
    const [{ applyChange }, { settle }, { createClient }, { labObjects }] = await Promise.all([
      import('../content/change.ts'),
      import('../content/settle.ts'),
      import('../kube/client.ts'),
      import('../content/load.ts'),
    ])
    const client = createClient(cluster)
    const namespaces = (await labObjects(item))
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => metadata.name)
    for (const change of before) {
      await applyChange(cluster, change, client)
      await settle(client, namespaces, { signal })
    }
  }

const gone = { title: 'a task that is not in the content any more', task: 'It counts as missed.', lab: '' }

/** Starts, or goes on with, the exam. Its clock runs from `kept.startedAt`, whatever happened in between. */
export const createExamSession = (options: ExamOptions): ExamSession => {
  const { items, kept, folder, provider, loadMesh, now = Date.now } = options
  const tasks = kept.plan.tasks.map((planned, index) => taskItem(items, planned, index + 1))
  const labs = createTaskLabs({
    tasks,
    openLab: (task, work, say, signal) =>
      openLab({ provider, loadMesh, prepare: prepareWith(task) }, task.item, work, say, signal),
  })
  const files = createStepFiles(folder.path)
  const unsaved = folder.save(kept)
  const actor = createActor(makeReal({ items, tasks, labs, folder, files, reportsOf: options.reportsOf }), {
    input: {
      kept,
      sheets: tasks.map((task) =>
        task ? { title: task.step.title, task: task.step.task, lab: task.item.lab.metadata.title } : gone,
      ),
      notes: { path: folder.notesPath, text: folder.notes() },
      now,
      notice: options.notice,
      unsaved,
    },
  })
  let known: { snapshot: unknown; view: View } | undefined
  const view = (): View => {
    const snapshot = actor.getSnapshot()
    if (known?.snapshot !== snapshot)
      known = {
        snapshot,
        view: viewOf(snapshot, ({ kept: { current } }) => {
          const task = tasks[current]
          return task && files.locate(task.item.scenario, task.step)[0]
        }),
      }
    return known.view
  }
  actor.start()
  const closed = waitFor(actor, (snapshot) => snapshot.status === 'done', { timeout: Number.POSITIVE_INFINITY })
  return {
    view,
    subscribe: (onChange) => {
      const subscription = actor.subscribe({ next: onChange, complete: onChange })
      return () => subscription.unsubscribe()
    },
    send: (event) => actor.send(event),
    closed: closed.then(() => {}),
    results: () => actor.getSnapshot().context.graded?.results,
  }
}
