import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonPatch } from '../../../../src/embedded/apiserver/patch/json-patch.ts'
import { mergePatch } from '../../../../src/embedded/apiserver/patch/merge-patch.ts'

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.nat(5),
    fc.string({ maxLength: 3 }),
    fc.array(fc.nat(3), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('any'), { maxKeys: 3 }),
})).object as fc.Arbitrary<Record<string, unknown>>

/** The merge patch that turns one object into another. */
const difference = (from: Record<string, unknown>, to: Record<string, unknown>): Record<string, unknown> => {
  const patch: Record<string, unknown> = {}
  const isObject = (x: unknown): x is Record<string, unknown> =>
    typeof x === 'object' && x !== null && !Array.isArray(x)
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null
  for (const [key, next] of Object.entries(to)) {
    const before = from[key]
    patch[key] = isObject(before) && isObject(next) ? difference(before, next) : next
  }
  return patch
}

describe('merge patch', () => {
  test('the difference of two objects leads from one to the other', () => {
    fc.assert(
      fc.property(value, value, (from, to) => {
        expect(mergePatch(from, difference(from, to))).toEqual(to)
      }),
    )
  })
  test('applying a patch twice is applying it once', () => {
    fc.assert(
      fc.property(value, value, (target, patch) => {
        const once = mergePatch(target, patch)
        expect(mergePatch(once, patch)).toEqual(once)
      }),
    )
  })
  test('the target is left alone', () => {
    const target = { a: { b: 1 } }
    mergePatch(target, { a: { b: null, c: 2 } })
    expect(target).toEqual({ a: { b: 1 } })
  })
  test('an array is no patch', () => {
    expect(() => mergePatch({}, [])).toThrow(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    )
  })
})

describe('JSON patch', () => {
  test.each([
    ['add', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['append', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['escaped key', { m: { 'x/y': 1 } }, [{ op: 'replace', path: '/m/x~1y', value: 2 }], { m: { 'x/y': 2 } }],
    ['remove', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    ['move', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    ['test', { a: 1 }, [{ op: 'test', path: '/a', value: 1 }], { a: 1 }],
  ])('%s', (_name, target, patch, expected) => {
    expect(jsonPatch(target, patch)).toEqual(expected)
  })

  const rejected = 'the server rejected our request due to an error in our request'
  test.each([
    ['a failing test', [{ op: 'test', path: '/a', value: 2 }], 422, rejected],
    ['a missing path', [{ op: 'remove', path: '/nope' }], 422, rejected],
    ['a missing parent', [{ op: 'add', path: '/nope/x', value: 1 }], 422, rejected],
    [
      'an unknown operation',
      [{ op: 'frob', path: '/a' }],
      400,
      'invalid operation {"op":"frob","path":"/a"}: unsupported operation',
    ],
    [
      'an object',
      { a: 1 },
      400,
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
  ])('%s is refused', (_name, patch, code, message) => {
    expect(() => jsonPatch({ a: 1 }, patch)).toThrow(expect.objectContaining({ code, message }))
  })
})
