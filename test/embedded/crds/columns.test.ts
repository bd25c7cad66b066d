import { describe, expect, test } from 'vitest'
import { columnsOf } from '../../../src/embedded/crds/columns.ts'
import { compileJsonPath } from '../../../src/embedded/crds/jsonpath.ts'
import { widget } from './widget.ts'

describe('JSONPath', () => {
  const object = {
    a: { b: [1, 2, 3], 'c.d': 'dotted', 'e/f': 'slash' },
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Synced', status: 'False', reason: 'a) b' },
    ],
  }
  test.each<[string, unknown[]]>([
    ['.a.b', [[1, 2, 3]]],
    ['a.b[0]', [1]],
    ['.a.b[-1]', [3]],
    ['.a.b[*]', [1, 2, 3]],
    ["['a']['c.d']", ['dotted']],
    ['.a.c\\.d', ['dotted']],
    ["{.a['e/f']}", ['slash']],
    ['.conditions[?(@.type=="Ready")].status', ['True']],
    [".conditions[?(@.type == 'Synced')].reason", ['a) b']],
    ['.conditions[?(@.type!="Ready")].type', ['Synced']],
    ['.conditions[*].type', ['Ready', 'Synced']],
    ['.nope.deeper', []],
    ['.a.b.c', []],
  ])('%s', (path, found) => {
    expect(compileJsonPath(path)(object)).toEqual(found)
  })

  test.each(['.a[', '.a[1:2]', '.a[?(@.x>1)]', '..a'])('%s is refused', (path) => {
    expect(() => compileJsonPath(path)).toThrow()
  })
})

describe('cells', () => {
  const now = Date.parse('2026-11-24T10:00:00Z')
  const cell = (type: string, value: unknown) => {
    const [, column] = columnsOf([{ name: 'X', type, jsonPath: '.spec.x' }])
    return column?.cell(widget({ x: value }), now)
  }
  test.each<[string, unknown, unknown]>([
    ['string', 'a', 'a'],
    ['string', 3, '3'],
    ['string', true, 'true'],
    ['string', ['a', 'b'], '["a","b"]'],
    ['string', { a: 1 }, '{"a":1}'],
    ['integer', 3, 3],
    ['integer', 'x', null],
    ['number', 1.5, 1.5],
    ['boolean', false, false],
    ['boolean', 'no', null],
    ['date', '2026-11-24T09:59:00Z', '60s'],
    ['date', 'zz', '<invalid>'],
    ['string', undefined, null],
    ['string', null, null],
  ])('%s %j', (type, value, shown) => {
    expect(cell(type, value)).toBe(shown)
  })

  test('Name comes first, Age only without columns of its own', () => {
    expect(columnsOf(undefined).map(({ name, type }) => [name, type])).toEqual([
      ['Name', 'string'],
      ['Age', 'date'],
    ])
    expect(columnsOf([{ name: 'X', type: 'string', jsonPath: '.spec.x', priority: 1 }])).toMatchObject([
      { name: 'Name', format: 'name' },
      { name: 'X', priority: 1, description: 'Custom resource definition column (in JSONPath format): .spec.x' },
    ])
  })
})
