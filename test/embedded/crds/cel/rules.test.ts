import { describe, expect, test } from 'vitest'
import { evaluateRules } from '../../../../src/embedded/crds/cel/rules.ts'
import { compileSchema, type JsonSchema, type ValidationRule } from '../../../../src/embedded/crds/schema.ts'

const schema = (
  rule: string | ValidationRule,
  more: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true },
): JsonSchema => ({
  type: 'object',
  properties: {
    spec: { type: 'object', ...more, 'x-kubernetes-validations': [typeof rule === 'string' ? { rule } : rule] },
  },
})
const ask = (root: JsonSchema, spec: unknown, old?: unknown): string[] =>
  evaluateRules(compileSchema(root, true), { spec }, old === undefined ? undefined : { spec: old }).map(
    ({ field, message }) => `${field}: ${message}`,
  )

describe('rules that hold', () => {
  test.each<[string, object]>([
    ['self.a >= 1', { a: 1 }],
    ['has(self.a) && !has(self.b)', { a: 1 }],
    ['(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1', { a: 1 }],
    ["self.a in ['x', 'y']", { a: 'x' }],
    ['self.list.all(x, x.size() > 0)', { list: ['a'] }],
    ['self.list.exists_one(x, x.name == "a")', { list: [{ name: 'a' }, { name: 'b' }] }],
    ['self.map.all(key, 0 < int(key) && int(key) <= 65535)', { map: { 8080: {} } }],
    ['self.size() == 2', { a: 1, b: 2 }],
    ['has(self.list[0].a)', { list: [{ a: 1 }] }],
    ['!has(self.list[0].b)', { list: [{ a: 1 }] }],
    ["self.a.matches('^[a-z]+$')", { a: 'abc' }],
    ["self.a.startsWith('unix://') ? self.a.substring(7, 8) == '/' : true", { a: 'unix:///x' }],
    ["url(self.a).getScheme() in ['http', 'https'] && url(self.a).getHostname() == 'h'", { a: 'https://h:8443/p' }],
    ['isURL(self.a) && !isURL(self.b)', { a: 'https://h/', b: 'h' }],
    ['!isIP(self.a) && isIP(self.b)', { a: 'example.com', b: '10.0.0.1' }],
    ["duration(self.a) >= duration('1ms')", { a: '5s' }],
    ['self.list.isSorted() && self.list.sum() == 6', { list: [1, 2, 3] }],
    ['self.?a.orValue(1) == 1', {}],
  ])('%s', (rule, spec) => {
    expect(ask(schema(rule), spec)).toEqual([])
  })
})

describe('rules that do not', () => {
  test.each<[string, string | ValidationRule, object, string]>([
    ['with a message', { rule: 'self.a > 1', message: 'a is small' }, { a: 1 }, 'spec: Invalid value: a is small'],
    ['without one', ' self.a > 1 ', { a: 1 }, 'spec: Invalid value: failed rule: self.a > 1'],
    [
      'with a computed message',
      { rule: 'self.a > 1', messageExpression: "'a is ' + string(self.a)" },
      { a: 1 },
      'spec: Invalid value: a is 1',
    ],
    [
      'with a message that cannot be computed',
      { rule: 'self.a > 1', message: 'small', messageExpression: 'self.b' },
      { a: 1 },
      'spec: Invalid value: small',
    ],
    ['at another field', { rule: 'self.a > 1', message: 'no', fieldPath: '.a' }, { a: 1 }, 'spec.a: Invalid value: no'],
    [
      'for a reason: required',
      { rule: 'has(self.b)', message: 'b is needed', reason: 'FieldValueRequired', fieldPath: '.b' },
      { a: 1 },
      'spec.b: Required value: b is needed',
    ],
    [
      'for a reason: forbidden',
      { rule: '!has(self.a)', message: 'no a', reason: 'FieldValueForbidden' },
      { a: 1 },
      'spec: Forbidden: no a',
    ],
    [
      'that ask for a missing field',
      { rule: 'self.b > 1', message: 'b' },
      { a: 1 },
      'spec: Invalid value: no such key: b evaluating rule: b',
    ],
  ])('%s', (_name, rule, spec, problem) => {
    expect(ask(schema(rule), spec)).toEqual([problem])
  })

  test('a library that is not modelled is said so, never guessed', () => {
    expect(ask(schema("quantity(self.a).isGreaterThan(quantity('1'))"), { a: '2' })).toEqual([
      `spec: Internal error: this cluster cannot judge the rule "quantity(self.a).isGreaterThan(quantity('1'))": a CEL library that is not modelled`,
    ])
  })
})

describe('rules on changes', () => {
  const immutable: ValidationRule = { rule: 'self == oldSelf', message: 'immutable' }

  test('are asked on updates only', () => {
    expect(ask(schema(immutable), { a: 1 })).toEqual([])
    expect(ask(schema(immutable), { a: 1 }, { a: 1 })).toEqual([])
    expect(ask(schema(immutable), { a: 2 }, { a: 1 })).toEqual(['spec: Invalid value: immutable'])
  })

  test('optionalOldSelf asks always', () => {
    const rule = { rule: 'oldSelf.hasValue() || self.a == 1', optionalOldSelf: true }
    expect(ask(schema(rule), { a: 1 })).toEqual([])
    expect(ask(schema(rule), { a: 2 })).toHaveLength(1)
    expect(ask(schema(rule), { a: 2 }, { a: 2 })).toEqual([])
  })

  test.each([
    ['map', 'spec.list[1]: Invalid value: immutable'],
    ['atomic', undefined],
  ] as const)('items of %s lists', (listType, problem) => {
    const items: JsonSchema = {
      type: 'object',
      properties: { id: { type: 'string' }, v: { type: 'integer' } },
      'x-kubernetes-validations': [immutable],
    }
    const list: JsonSchema = {
      type: 'array',
      items,
      'x-kubernetes-list-type': listType,
      'x-kubernetes-list-map-keys': ['id'],
    }
    const root: JsonSchema = { type: 'object', properties: { spec: { type: 'object', properties: { list } } } }
    const old = {
      list: [
        { id: 'a', v: 1 },
        { id: 'b', v: 1 },
      ],
    }
    const now = {
      list: [
        { id: 'c', v: 9 },
        { id: 'b', v: 2 },
      ],
    }
    expect(ask(root, now, old)).toEqual(problem === undefined ? [] : [problem])
  })
})

describe('values', () => {
  const typed: JsonSchema = {
    properties: {
      namespace: { type: 'string' },
      'a-b': { type: 'integer' },
      ratio: { type: 'number' },
      at: { type: 'string', format: 'date-time' },
      port: { 'x-kubernetes-int-or-string': true },
    },
  }
  test.each<[string, object]>([
    ["self.__namespace__ == 'x'", { namespace: 'x' }],
    ['self.a__dash__b == 2', { 'a-b': 2 }],
    ['self.ratio > 0.5', { ratio: 1 }],
    ["self.at < timestamp('2026-01-01T00:00:00Z')", { at: '2025-01-01T00:00:00Z' }],
    ["type(self.port) == int ? self.port > 1 : self.port == 'http'", { port: 80 }],
    ["type(self.port) == int ? self.port > 1 : self.port == 'http'", { port: 'http' }],
    ['!has(self.ratio)', { ratio: null }],
  ])('%s', (rule, spec) => {
    expect(ask(schema(rule, typed), spec)).toEqual([])
  })

  test('map values are asked with their key in the path', () => {
    const root: JsonSchema = {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          additionalProperties: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 1' }] },
        },
      },
    }
    expect(ask(root, { a: 2, b: 1 })).toEqual(['spec[b]: Invalid value: failed rule: self > 1'])
  })
})
