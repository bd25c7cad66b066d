/** A small scenario and a lab handle that a test plays by hand. */
import type { CatalogueItem } from '../../src/content/load.ts'
import { labSchema, scenarioSchema } from '../../src/content/schema.ts'
import type { StepReport } from '../../src/grading/report.ts'
import type { Graded, LabHandle } from '../../src/session/context.ts'
import type { Matrix } from '../../src/session/types.ts'
import { emptyWork, type Work } from '../../src/session/work.ts'
import type { Tap } from '../../src/tap/wire.ts'

const step = (id: string) => ({
  id,
  title: `Title of ${id}`,
  task: 'Do it.',
  hints: ['one', 'two', 'three'],
  checks: [{ id: `${id}-check`, says: `${id} works`, object: { apiVersion: 'v1', kind: 'ConfigMap', name: id } }],
  solution: `solution of ${id}`,
  explanation: 'Because.',
})

export const item: CatalogueItem = {
  scenario: scenarioSchema.parse({
    apiVersion: 'meshdojo.dev/v1',
    kind: 'Scenario',
    metadata: { name: 'demo', title: 'Demo', mesh: 'istio', minutes: 5, difficulty: 'easy' },
    spec: { lab: 'demo-lab', steps: [step('first'), step('second')] },
  }),
  lab: labSchema.parse({
    apiVersion: 'meshdojo.dev/v1',
    kind: 'Lab',
    metadata: { name: 'demo-lab', title: 'Demo lab', mesh: 'istio' },
    spec: { says: 'A lab.', manifests: ['a.yaml'], matrix: { sources: [], targets: [] } },
  }),
  folder: '/content/demo',
  labFolder: '/content/demo-lab',
}

/** Reports for steps, by whether each passes. */
export const reports = (...passes: boolean[]): StepReport[] =>
  passes.map((passed, index) => {
    const { id, checks } = item.scenario.spec.steps[index]!
    const results = checks.map((check) => ({ id: check.id, says: check.says, passed, expected: 'there', seen: 'x' }))
    return { id, passed, checks: results }
  })

/** A lab whose gradings end when the test says so. */
export const playedLab = () => {
  const gradings: { upTo: string; done: (graded: Graded) => void; fail: (error: Error) => void }[] = []
  const observings: { seen: (matrix: Matrix) => void; signal: AbortSignal }[] = []
  const applied: string[] = []
  const taps: { asked: string; done: (tap: Tap) => void; fail: (error: Error) => void }[] = []
  const state: { work: Work; closed: number; forgotten: number; refuses?: string } = {
    work: emptyWork(),
    closed: 0,
    forgotten: 0,
  }
  const listeners: {
    change?: (change: { says: string[]; byLearner: boolean }) => void
    lost?: (says: string) => void
  } = {}
  const lab: LabHandle = {
    kubeconfig: '/state/demo.kubeconfig',
    grade: (upTo) =>
      new Promise((done, fail) => {
        gradings.push({ upTo: upTo.id, done, fail })
      }),
    observe: (signal, seen) =>
      new Promise(() => {
        observings.push({ seen, signal })
      }),
    forgetSeen: () => {
      state.forgotten++
    },
    apply: async (path) => {
      applied.push(path)
      return state.refuses === undefined ? { ok: true, says: 'applied' } : { ok: false, says: state.refuses }
    },
    tap: (step, from, to) =>
      new Promise((done, fail) => {
        taps.push({ asked: `${step.id} ${from} ${to}`, done, fail })
      }),
    onChange: (listener) => {
      listeners.change = listener
      return () => {
        listeners.change = undefined
      }
    },
    onLost: (listener) => {
      listeners.lost = listener
      return () => {
        listeners.lost = undefined
      }
    },
    work: () => state.work,
    close: async () => {
      state.closed++
    },
  }
  return { lab, gradings, observings, applied, taps, state, listeners }
}
