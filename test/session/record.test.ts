/** What is remembered of each step: changes between two states of the work, and which files are taken for records. */
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../src/kube/api.ts'
import { changesBetween, countTry, isStepRecords, newRecord, notTried } from '../../src/session/record.ts'
import { emptyWork, type Work } from '../../src/session/work.ts'

const object = (name: string, data = '1'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'a' },
  data: { data },
})
const work = (over: Partial<Work>): Work => ({ ...emptyWork(), ...over })
const gone = { apiVersion: 'v1', kind: 'Secret', name: 's', namespace: 'a' }

test.each<[string, Work, Work, { change: string; name: string }[]]>([
  ['made', work({}), work({ present: [object('x')] }), [{ change: 'made', name: 'ConfigMap a/x' }]],
  ['unchanged', work({ present: [object('x')] }), work({ present: [object('x')] }), []],
  [
    'changed',
    work({ present: [object('x')] }),
    work({ present: [object('x', '2')] }),
    [{ change: 'made', name: 'ConfigMap a/x' }],
  ],
  ['deleted again', work({ present: [object('x')] }), work({}), [{ change: 'deleted', name: 'ConfigMap a/x' }]],
  ['of the lab, deleted', work({}), work({ absent: [gone] }), [{ change: 'deleted', name: 'Secret a/s' }]],
  ['of the lab, deleted before', work({ absent: [gone] }), work({ absent: [gone] }), []],
])('changes: %s', (_, before, after, changes) => {
  expect(changesBetween(before, after)).toEqual(changes)
})

describe('tries', () => {
  const known = (mine: Work) => ({ work: mine, before: {} })
  const at = (now: number, isOpen = true) => ({ id: 'first', isOpen, now })

  test('work that was graded already is none, and neither is anything after the pass', () => {
    const same = work({})
    expect(countTry(known(same), at(0), notTried(same)).steps).toEqual({})
    expect(countTry(known(work({})), at(0, false), notTried(same)).steps).toEqual({})
  })

  test('changes that follow each other within ten seconds are one', () => {
    const one = countTry(known(work({})), at(1_000), notTried(work({})))
    expect(one.steps).toEqual({ first: { ...newRecord(), tries: 1 } })
    const two = countTry({ ...known(work({})), steps: one.steps }, at(9_000), one.tried)
    expect(two.steps.first?.tries).toBe(1)
    const three = countTry({ ...known(work({})), steps: two.steps }, at(12_000), two.tried)
    expect(three.steps.first?.tries).toBe(2)
  })
})

test.each<[string, unknown, boolean]>([
  ['none', {}, true],
  ['one', { a: newRecord() }, true],
  ['evidence', { a: { ...newRecord(), evidence: { at: 1, objects: [], checks: [] } } }, true],
  ['a list', [], false],
  ['a number that is a text', { a: { ...newRecord(), tries: '1' } }, false],
  ['evidence without checks', { a: { ...newRecord(), evidence: { at: 1, objects: [] } } }, false],
  ['a check of nothing', { a: { ...newRecord(), evidence: { at: 1, objects: [], checks: [{}] } } }, false],
])('records: %s', (_, value, is) => {
  expect(isStepRecords(value)).toBe(is)
})
