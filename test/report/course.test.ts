/** The report of a course: what is counted, what is shown, and what files of older versions come to. */
import { expect, test } from 'vitest'
import { type Scenario, scenarioSchema } from '../../src/content/schema.ts'
import { courseDocument, courseReport } from '../../src/report/course.ts'
import { toMarkdown } from '../../src/report/document.ts'
import { type Kept, newKept, newProgress } from '../../src/session/progress.ts'
import type { ScenarioProgress } from '../../src/session/types.ts'
import { item } from '../session/fixture.ts'

const minute = 60_000

const scenario = (name: string, cks: string[]): Scenario =>
  scenarioSchema.parse({
    ...item.scenario,
    metadata: { ...item.scenario.metadata, name, title: `Title of ${name}`, cks },
  })

const kept = (progress: Partial<ScenarioProgress>, steps?: Kept['steps']): Kept => ({
  ...newKept(),
  progress: { ...newProgress(), state: 'started', ...progress },
  ...(steps ? { steps } : {}),
})

const scenarios = [
  scenario('encrypt', ['pod-to-pod-encryption']),
  scenario('close', ['network-policies', 'pod-to-pod-encryption']),
  scenario('extra', []),
]

const first = {
  spent: 3 * minute,
  tries: 4,
  hints: 2,
  solutionSeen: false,
  evidence: {
    at: Date.UTC(2026, 1, 3, 4, 5),
    objects: [{ change: 'made' as const, name: 'PeerAuthentication a/default' }],
    checks: [{ id: 'c', says: 'plaintext | is refused', expected: 'refused', seen: 'refused' }],
  },
}

const report = courseReport(
  scenarios,
  new Map([
    ['encrypt', kept({ state: 'done', passed: ['first', 'second'], spent: 5 * minute, hintsUsed: 2 }, { first })],
    // As a version wrote it that kept no records.
    ['close', kept({ passed: ['first'], solutionsSeen: ['first'], spent: 2 * minute })],
    ['extra', newKept()],
  ]),
  Date.UTC(2026, 1, 3, 5, 0),
)

test('competencies count all scenarios, those that are done, and those done without a solution', () => {
  expect(report.competencies).toEqual([
    { name: 'pod-to-pod-encryption', scenarios: 2, done: 1, alone: 1, spent: 7 * minute },
    { name: 'network-policies', scenarios: 1, done: 0, alone: 0, spent: 2 * minute },
    { name: 'beyond', scenarios: 1, done: 0, alone: 0, spent: 0 },
  ])
})

test('a step says what is known of it; an older file says less and is read all the same', () => {
  const [encrypt, close] = report.scenarios
  expect(report.scenarios).toHaveLength(2)
  expect(encrypt!.steps[0]).toEqual({ id: 'first', title: 'Title of first', passed: true, ...first })
  expect(close).toMatchObject({ state: 'started', solutions: 1 })
  expect(close!.steps).toEqual([
    { id: 'first', title: 'Title of first', passed: true, solutionSeen: true },
    { id: 'second', title: 'Title of second', passed: false },
  ])
})

test('as Markdown', () => {
  const written = toMarkdown(courseDocument(report))
  expect(written).toContain('| pod to pod encryption | 1 of 2 | 1 | 7 min |')
  expect(written).toContain('| Title of first | yes | 3 min | 4 | 2 |  |')
  expect(written).toContain('| Title of first | yes |  |  |  | looked at |')
  expect(written).toContain('Passed 2026-02-03 04:05 UTC. In the cluster: PeerAuthentication a/default made.')
  expect(written).toContain('| plaintext \\| is refused | refused | refused |')
})

test('nothing begun is said, with what to do', () => {
  expect(toMarkdown(courseDocument(courseReport(scenarios, new Map(), 0)))).toMatch(
    /No scenario has been begun yet.*\n\n- meshdojo start NAME/,
  )
})
