/** Moments of an exam, written by hand. */
import { type ExamResults, scoreExam } from '../../src/exam/score.ts'
import type { ExamView } from '../../src/exam/types.ts'
import { scenario } from './views.ts'

type Of<Name extends ExamView['screen']> = Extract<ExamView, { screen: Name }>

const [first, second] = scenario.spec.steps

const tasks = [
  { title: first!.title, task: first!.task, weight: 40, opened: true, flagged: false, done: true },
  { title: second!.title, task: second!.task, weight: 35, opened: true, flagged: true, done: false },
  { title: 'Let the frontend in, and nobody else', task: 'Reach it.', weight: 25 },
].map((task) => ({ opened: false, flagged: false, done: false, lab: 'A small shop on Istio', ...task }))

const base = {
  tasks,
  current: 0,
  left: 4_329_000,
  total: 7_200_000,
  notes: { path: '/state/exams/x/notes.md', text: '2: look at the root namespace' },
}

export const examView = (over: Partial<Of<'exam'>> = {}): ExamView => ({ screen: 'exam', ...base, ...over })

export const examTaskView = (over: Partial<Of<'exam-task'>> = {}): ExamView => ({
  screen: 'exam-task',
  ...base,
  lab: {
    state: 'open',
    kubeconfig: '/home/ana/.local/share/meshdojo/clusters/shop-istio.kubeconfig',
    file: { path: '/home/ana/.local/share/meshdojo/exams/x/work/task-1/strict/peer.yaml', name: 'peer.yaml' },
    feed: [{ at: 0, kind: 'object', says: 'PeerAuthentication production/default created by kubectl' }],
  },
  ...over,
})

export const gradingView: ExamView = { screen: 'exam-grading', says: 'Grading task 2 of 3' }

const check = (id: string, says: string, passed: boolean) => ({ id, says, passed, expected: 'refused', seen: '200' })

export const results: ExamResults = scoreExam(
  {
    seed: 7,
    minutes: 120,
    tasks: [
      { scenario: scenario.metadata.name, step: first!.id, weight: 40 },
      { scenario: scenario.metadata.name, step: second!.id, weight: 35 },
      { scenario: 'gone', step: 'gone', weight: 25 },
    ],
  },
  new Map([[scenario.metadata.name, scenario]]),
  [
    {
      spent: 370_000,
      heldBefore: ['meshed-still-works'],
      report: {
        id: first!.id,
        passed: true,
        checks: [
          check('plaintext-refused', 'plaintext is refused', true),
          check('meshed-still-works', 'the mesh goes on', true),
        ],
      },
    },
    {
      spent: 60_000,
      heldBefore: ['kept'],
      report: {
        id: second!.id,
        passed: false,
        checks: [
          check('won', 'staging refuses plaintext', true),
          {
            ...check('lost', 'so does testing', false),
            because: 'PeerAuthentication istio-system/default is PERMISSIVE',
          },
          check('kept', 'the mesh goes on', false),
        ],
      },
    },
    { spent: 0 },
  ],
  { startedAt: 0, endedAt: 6_000_000 },
)

export const resultsView: ExamView = {
  screen: 'exam-results',
  results,
  reports: ['/home/ana/.local/share/meshdojo/exams/x/report.html'],
}
