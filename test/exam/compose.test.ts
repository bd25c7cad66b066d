/** Exams as a function of scenarios, seed and minutes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../src/content/load.ts'
import type { Scenario } from '../../src/content/schema.ts'
import { apportion, composeExam } from '../../src/exam/compose.ts'
import { scenario } from '../tui/views.ts'

const { items } = await loadCatalogue()
const own = items.map((item) => item.scenario)

const scenarios: fc.Arbitrary<Scenario[]> = fc
  .array(
    fc.record({
      minutes: fc.integer({ min: 1, max: 60 }),
      difficulty: fc.constantFrom('easy', 'medium', 'hard'),
      steps: fc.integer({ min: 1, max: 5 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((shapes) =>
    shapes.map(({ steps, ...shape }, index) => ({
      ...scenario,
      metadata: { ...scenario.metadata, name: `s${index}`, ...shape },
      spec: {
        ...scenario.spec,
        steps: Array.from({ length: steps }, (_, step) => ({ ...scenario.spec.steps[0]!, id: `step-${step}` })),
      },
    })),
  )

const seed = fc.nat({ max: 2 ** 31 })
const minutes = fc.integer({ min: 1, max: 240 })

test('the same seed makes the same exam, in whatever order the scenarios come', () => {
  fc.assert(
    fc.property(scenarios, seed, minutes, (all, s, m) => {
      expect(composeExam(all.toReversed(), { seed: s, minutes: m })).toEqual(composeExam(all, { seed: s, minutes: m }))
    }),
  )
})

test('weights are whole, at least 1, and sum to 100; no task comes twice', () => {
  fc.assert(
    fc.property(scenarios, seed, minutes, (all, s, m) => {
      const { tasks } = composeExam(all, { seed: s, minutes: m })
      expect(tasks.reduce((sum, { weight }) => sum + weight, 0)).toBe(100)
      expect(tasks.every(({ weight }) => Number.isInteger(weight) && weight >= 1)).toBe(true)
      expect(new Set(tasks.map(({ scenario: name, step }) => `${name}/${step}`)).size).toBe(tasks.length)
    }),
  )
})

test('points are apportioned in order: a larger share never gets less', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }), (shares) => {
      const points = apportion(shares, 100)
      for (const [i, a] of shares.entries())
        for (const [j, b] of shares.entries()) if (a > b) expect(points[i]).toBeGreaterThanOrEqual(points[j]!)
    }),
  )
})

test('tasks fit into the minutes, and seeds differ', () => {
  const needed = ({ metadata, spec }: Scenario) => metadata.minutes / spec.steps.length
  const exams = [1, 2, 3, 4, 5].map((s) => composeExam(own, { seed: s, minutes: 45 }))
  for (const { tasks } of exams) {
    const total = tasks.reduce((sum, task) => sum + needed(own.find((s) => s.metadata.name === task.scenario)!), 0)
    expect(tasks.length).toBeGreaterThan(3)
    expect(total).toBeLessThanOrEqual(45)
    expect(tasks.some((task) => task.scenario === 'istio-tour')).toBe(false)
  }
  expect(new Set(exams.map((exam) => JSON.stringify(exam.tasks))).size).toBeGreaterThan(1)
})

test('a task that is too long for the rest makes room for one that fits', () => {
  const sized = (name: string, length: number): Scenario => ({
    ...scenario,
    metadata: { ...scenario.metadata, name, minutes: length },
    spec: { ...scenario.spec, steps: [scenario.spec.steps[0]!] },
  })
  const all = [sized('short', 5), sized('middle', 10), sized('long', 40)]
  for (const s of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const names = composeExam(all, { seed: s, minutes: 20 }).tasks.map((task) => task.scenario)
    expect(names[0] === 'long' ? names : names.toSorted()).toEqual(names[0] === 'long' ? ['long'] : ['middle', 'short'])
  }
})

test('an exam covers as many scenarios as it has tasks, while there are some left', () => {
  const { tasks } = composeExam(own, { seed: 7, minutes: 30 })
  expect(new Set(tasks.map((task) => task.scenario)).size).toBe(tasks.length)
})

test('without scenarios there are no tasks', () => {
  expect(composeExam([], { seed: 1, minutes: 60 }).tasks).toEqual([])
})
