/** An exam of three tasks over the small scenario of the session's tests, and clusters that a test plays by hand. */
import type { CatalogueItem } from '../../src/content/load.ts'
import type { ExamPlan } from '../../src/exam/compose.ts'
import { type KeptExam, newKeptExam } from '../../src/exam/kept.ts'
import type { LabEvent, TaskLabs } from '../../src/exam/labs.ts'
import type { StepReport } from '../../src/grading/report.ts'
import { emptyWork, type Work } from '../../src/session/work.ts'
import { item } from '../session/fixture.ts'

const named = (name: string): CatalogueItem => ({
  ...item,
  scenario: { ...item.scenario, metadata: { ...item.scenario.metadata, name, title: `Title of ${name}` } },
})

export const items = [named('one'), named('two')]

export const plan: ExamPlan = {
  seed: 7,
  minutes: 40,
  tasks: [
    { scenario: 'one', step: 'first', weight: 50 },
    { scenario: 'one', step: 'second', weight: 30 },
    { scenario: 'two', step: 'second', weight: 20 },
  ],
}

export const kept = (over: Partial<KeptExam> = {}): KeptExam => ({ ...newKeptExam(plan, 0), ...over })

export const work = (name: string): Work => ({
  ...emptyWork(),
  present: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } }],
})

export const report = (...passes: boolean[]): StepReport => ({
  id: 'x',
  passed: passes.every(Boolean),
  checks: passes.map((passed, index) => ({ id: `c${index}`, says: `c${index}`, passed, expected: 'a', seen: 'b' })),
})

/** Clusters without clusters. `opening` may be replaced by a promise that the test ends. */
export const playedLabs = () => {
  const listeners = new Set<(event: LabEvent) => void>()
  const asked: string[] = []
  const play = {
    asked,
    /** What grading finds, by task. */
    finds: new Map<number, StepReport | Error>(),
    opening: (_task: number): Promise<unknown> => Promise.resolve(),
    tell: (event: LabEvent) => {
      for (const listener of listeners) listener(event)
    },
  }
  const labs: TaskLabs = {
    open: async (task, had, isFirst, say) => {
      asked.push(`open ${task}${isFirst ? '' : ' again'} ${had.present.map(({ metadata }) => metadata.name)}`.trim())
      say('Starting the cluster')
      await play.opening(task)
      return { kubeconfig: `/clusters/${task}`, notices: [], ...(isFirst ? { heldBefore: ['c1'] } : {}) }
    },
    apply: async (task, path) => {
      asked.push(`apply ${task} ${path}`)
      return { ok: true, says: 'applied' }
    },
    grade: async (task) => {
      asked.push(`grade ${task}`)
      const found = play.finds.get(task) ?? report(false, true)
      if (found instanceof Error) throw found
      return found
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async (task) => {
      asked.push(`close ${task ?? 'all'}`)
    },
  }
  return { labs, play }
}
