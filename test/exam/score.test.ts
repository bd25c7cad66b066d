/** Points and time as arithmetic. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { timeLeft, warningBetween } from '../../src/exam/clock.ts'
import { pointsOf, scoreExam } from '../../src/exam/score.ts'
import { scenario } from '../tui/views.ts'

const checks = fc.uniqueArray(fc.record({ id: fc.string(), passed: fc.boolean(), held: fc.boolean() }), {
  selector: ({ id }) => id,
  minLength: 1,
  maxLength: 8,
})
const heldOf = (all: { id: string; held: boolean }[]) => all.filter(({ held }) => held).map(({ id }) => id)

describe('a task’s points', () => {
  test('never fall when one more check passes', () => {
    fc.assert(
      fc.property(checks, fc.integer({ min: 1, max: 100 }), fc.nat(), (all, weight, which) => {
        const better = all.map((check, index) => (index === which % all.length ? { ...check, passed: true } : check))
        expect(pointsOf(weight, better, heldOf(all))).toBeGreaterThanOrEqual(pointsOf(weight, all, heldOf(all)))
      }),
    )
  })

  test('are nothing for nothing done, and everything for everything', () => {
    fc.assert(
      fc.property(checks, fc.integer({ min: 1, max: 100 }), (all, weight) => {
        const untouched = all.map((check) => ({ ...check, passed: check.held }))
        expect(pointsOf(weight, untouched, heldOf(all))).toBe(0)
        const solved = all.map((check) => ({ ...check, passed: true }))
        if (all.some(({ held }) => !held)) expect(pointsOf(weight, solved, heldOf(all))).toBe(weight)
      }),
    )
  })

  test.each([
    ['one of two won', ['a'], [], 5],
    ['both won, one of two kept lost', ['a', 'b', 'c'], ['c', 'd'], 5],
    ['nothing won, all kept', ['c', 'd'], ['c', 'd'], 0],
  ])('%s', (_, passing, held, points) => {
    const all = held.length ? ['a', 'b', 'c', 'd'] : ['a', 'b']
    const results = all.map((id) => ({ id, passed: passing.includes(id) }))
    expect(pointsOf(10, results, held)).toBe(points)
  })
})

test('results add up, by task and by competency', () => {
  const check = (id: string, passed: boolean) => ({ id, says: id, passed, expected: 'x', seen: 'y' })
  const other = { ...scenario, metadata: { ...scenario.metadata, name: 'other', cks: [] } }
  const results = scoreExam(
    {
      seed: 1,
      minutes: 60,
      tasks: [
        { scenario: 'istio-strict-mtls', step: 'strict-production', weight: 70 },
        { scenario: 'other', step: 'strict-mesh', weight: 30 },
      ],
    },
    new Map([
      ['istio-strict-mtls', scenario],
      ['other', other],
    ]),
    [
      {
        spent: 1000,
        heldBefore: ['kept'],
        report: { id: 'x', passed: true, checks: [check('won', true), check('kept', true)] },
      },
      { spent: 0 },
    ],
    { startedAt: 0, endedAt: 1000 },
  )
  expect(results).toMatchObject({
    score: 70,
    passed: true,
    competencies: [
      { name: 'pod-to-pod-encryption', points: 70, weight: 70 },
      { name: 'beyond', points: 0, weight: 30 },
    ],
  })
  expect(results.tasks[0]!.checks.map(({ heldBefore }) => heldBefore)).toEqual([false, true])
  expect(results.tasks[1]).toMatchObject({ title: 'Make it the rule of the mesh', opened: false, points: 0 })
})

describe('time', () => {
  const exam = { startedAt: 1_000, minutes: 2 }
  test.each([
    [1_000, 120_000],
    [61_000, 60_000],
    [121_000, 0],
    [999_999, 0],
    [0, 120_000],
  ])('at %d ms %d ms are left', (now, left) => expect(timeLeft(exam, now)).toBe(left))

  const minutes = (value: number) => value * 60_000
  test.each([
    [31, 30, 30],
    [30, 29, undefined],
    [16, 14.5, 15],
    [6, 4.9, 5],
    [1.1, 1, 1],
    [40, 4, 5],
    [20, 16, undefined],
  ])('from %d to %d minutes left warns of %s', (before, after, warning) => {
    expect(warningBetween(minutes(before), minutes(after))).toBe(warning)
  })
})
