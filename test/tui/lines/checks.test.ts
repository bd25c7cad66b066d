import { describe, expect, test } from 'vitest'
import { checkDetail, countOf, firstOpen, listedChecks } from '../../../src/tui/lines/checks.ts'
import { plainText } from '../../../src/tui/text.ts'
import { failing, failingReport, labView, passedReport, passedView } from '../views.ts'

const detail = (over: object) =>
  checkDetail(
    { step: 's', id: failing.id, says: failing.says, state: 'fail', earlier: false, result: { ...failing, ...over } },
    200,
  ).map(plainText)

describe('the list', () => {
  test('holds the current step in its order', () => {
    expect(listedChecks(labView()).map(({ id, state }) => [id, state])).toEqual([
      ['plaintext-refused', 'fail'],
      ['meshed-still-works', 'ok'],
      ['policy-there', 'fail'],
    ])
  })

  test('waits for the first grading', () => {
    expect(listedChecks(labView({ reports: [] })).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting'])
  })

  test('adds checks of earlier steps that no longer hold, and only those', () => {
    const second = passedView({ stepIndex: 1, reports: [failingReport] })
    expect(listedChecks(second).map(({ id, earlier }) => [id, earlier])).toEqual([
      ['staging-refuses', false],
      ['plaintext-refused', true],
      ['policy-there', true],
    ])
    expect(listedChecks(passedView({ stepIndex: 1, reports: [passedReport] }))).toHaveLength(1)
  })

  test('undecided is neither passed nor failed', () => {
    const reports = [{ ...failingReport, checks: [{ ...failing, undecided: true }] }]
    expect(listedChecks(labView({ reports }))[0]!.state).toBe('undecided')
  })

  test('counts the current step', () => {
    expect(countOf(labView())).toEqual({ passed: 1, all: 3 })
  })

  test('looks first at what does not hold', () => {
    const checks = listedChecks(labView())
    expect(firstOpen(checks.slice(1))).toBe(1)
    expect(firstOpen(listedChecks(passedView()))).toBe(0)
  })
})

describe('the detail says why without being asked', () => {
  test.each<[string, object, string[]]>([
    ['in the terms of the mesh', {}, ['want refused  got 200 in plaintext', failing.because!]],
    [
      'as a known mistake',
      { because: undefined, feedback: 'wrong namespace' },
      ['want refused  got 200 in plaintext', 'wrong namespace'],
    ],
    [
      'both',
      { feedback: 'wrong namespace' },
      ['want refused  got 200 in plaintext', failing.because!, 'wrong namespace'],
    ],
  ])('%s', (_, over, expected) => {
    expect(detail(over)).toEqual(expected)
  })

  test('a check that holds needs no words', () => {
    expect(checkDetail(listedChecks(passedView())[0], 80)).toEqual([])
  })
})
