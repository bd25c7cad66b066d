import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedKeys } from '../../../src/embedded/store/sorted-keys.ts'

const key = fc.nat(3000).map((number) => `k${number.toString(36)}`)

test('holds what a sorted array holds, over many blocks', () => {
  fc.assert(
    fc.property(
      fc.array(key, { minLength: 1200, maxLength: 2500 }),
      fc.array(key, { maxLength: 1500 }),
      key,
      (added, removed, start) => {
        const keys = new SortedKeys()
        for (const each of added) keys.add(each)
        for (const each of removed) keys.delete(each)
        const gone = new Set(removed)
        const expected = [...new Set(added)].filter((each) => !gone.has(each)).sort()
        expect(keys.size).toBe(expected.length)
        expect([...keys.from('')]).toEqual(expected)
        expect([...keys.from(start)]).toEqual(expected.filter((each) => each >= start))
        expect(keys.rank(start)).toBe(expected.filter((each) => each < start).length)
      },
    ),
    { numRuns: 30 },
  )
})

test('keys that come in order, and go again', () => {
  const keys = new SortedKeys()
  const all = Array.from({ length: 5000 }, (_, index) => String(index).padStart(5, '0'))
  for (const each of all) keys.add(each)
  expect([...keys.from('')]).toEqual(all)
  for (const each of all) keys.delete(each)
  expect([...keys.from('')]).toEqual([])
  keys.add('x')
  expect([...keys.from('')]).toEqual(['x'])
})
