import fc from 'fast-check'
import { expect, test } from 'vitest'
import { atPath, cloneJson, sameJson, setAtPath, sortedKeys } from '../../../src/embedded/apiserver/equality.ts'

test('a clone is equal and shares nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const frozen = structuredClone(value)
      const copy = cloneJson(value)
      expect(copy).toEqual(value)
      expect(sameJson(copy, value)).toBe(true)
      if (typeof copy === 'object' && copy !== null) Object.assign(copy, { changed: 1 })
      expect(value).toEqual(frozen)
    }),
  )
})

test('a key called __proto__ is a key', () => {
  const copy = cloneJson(JSON.parse('{"__proto__": {"x": 1}}'))
  expect(Object.keys(copy)).toEqual(['__proto__'])
  expect(copy.x).toBeUndefined()
})

test('equality agrees with JSON, whatever the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const text = (value: unknown) => JSON.stringify(sortedKeys(JSON.parse(JSON.stringify(value))))
      expect(sameJson(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)))).toBe(text(a) === text(b))
    }),
  )
})

test.each([
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: undefined }, {}, true],
  [{ a: 1 }, { b: 1 }, false],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  [null, {}, false],
])('%o and %o: %s', (a, b, expected) => {
  expect(sameJson(a, b)).toBe(expected)
  expect(sameJson(b, a)).toBe(expected)
})

test('paths', () => {
  const object: Record<string, unknown> = {}
  setAtPath(object, 'spec.replicas', 3)
  expect(object).toEqual({ spec: { replicas: 3 } })
  expect(atPath(object, '.spec.replicas')).toBe(3)
  expect(atPath(object, 'spec.nope.deeper')).toBeUndefined()
})
