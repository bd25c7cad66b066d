import { describe, expect, test } from 'vitest'
import { kindsFromCrd } from '../../../src/embedded/crds/kinds.ts'
import type { JsonSchema } from '../../../src/embedded/crds/schema.ts'
import type { Kind } from '../../../src/embedded/kinds/kind.ts'
import { widget, widgetCrd } from './widget.ts'

const kindOf = (spec?: JsonSchema): Kind => {
  const [kind] = kindsFromCrd(widgetCrd({}, spec))
  if (!kind) throw new Error('the CRD serves nothing')
  return kind
}
const problems = (kind: Kind, spec: object, old?: object): string[] => {
  const object = widget(spec)
  kind.setDefaults?.(object)
  return (kind.validate?.(object, old && widget(old)) ?? []).map(({ field, message }) => `${field}: ${message}`)
}
const notChecked =
  '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'

describe('what a CRD brings', () => {
  test('one kind per served version, the storage version first', () => {
    const crd = widgetCrd()
    const [v1] = crd.spec.versions
    crd.spec.versions = [
      { ...v1!, name: 'v1alpha1', storage: false, served: false },
      { ...v1!, name: 'v2', storage: false },
      v1!,
    ]
    expect(kindsFromCrd(crd).map(({ version }) => version)).toEqual(['v1', 'v2'])
  })

  test('names, scope and subresources', () => {
    const [kind] = kindsFromCrd(
      widgetCrd({
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        selectableFields: [{ jsonPath: '.spec.color' }],
      }),
    )
    expect(kind).toMatchObject({
      group: 'ex.io',
      resource: 'widgets',
      singular: 'widget',
      listKind: 'WidgetList',
      shortNames: ['wd'],
      namespaced: true,
      status: true,
      generation: true,
      scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'status.selector' },
    })
    expect(kind?.selectableFields?.['spec.color']?.(widget({ color: 'red' }))).toBe('red')
    expect(kind?.selectableFields?.['spec.color']?.(widget({}))).toBe('')
  })
})

describe('pruning', () => {
  test.each<[string, object, string[], object]>([
    [
      'unknown fields at every depth',
      { size: 1, foo: 1, parts: [{ id: 'a', x: 1 }] },
      ['spec.foo', 'spec.parts[0].x'],
      { size: 1, parts: [{ id: 'a' }] },
    ],
    ['not in maps', { labels: { any: 'x' } }, [], { labels: { any: 'x' } }],
    [
      'not where unknown fields are kept, but in what is known there',
      { raw: { any: { thing: 1 }, known: { a: 'x', b: 1 } } },
      ['spec.raw.known.b'],
      { raw: { any: { thing: 1 }, known: { a: 'x' } } },
    ],
    [
      'embedded resources keep their own head',
      { template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { x: 1 }, y: 1 } },
      ['spec.template.spec.x', 'spec.template.y'],
      { template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: {} } },
    ],
  ])('%s', (_name, spec, dropped, kept) => {
    const object = widget(spec)
    expect(kindOf().prune?.(object)).toEqual(dropped)
    expect(object.spec).toEqual(kept)
  })

  test('top-level fields are named first', () => {
    const object = { ...widget({ foo: 1 }), bar: 1 }
    expect(kindOf().prune?.(object)).toEqual(['bar', 'spec.foo'])
    expect(object.metadata).toEqual({ name: 'w', namespace: 'default' })
  })
})

describe('defaulting', () => {
  test.each<[string, object, object]>([
    ['missing fields', { size: 1 }, { size: 1, color: 'red', nested: { on: true } }],
    [
      'inside defaulted objects and list items',
      { nested: {}, parts: [{ id: 'a' }] },
      { color: 'red', nested: { on: true }, parts: [{ id: 'a', weight: 1 }] },
    ],
    ['never over what is there', { color: 'green', nested: { on: false } }, { color: 'green', nested: { on: false } }],
    [
      'a null where null is not allowed counts as missing',
      { color: null, replicas: null, note: null },
      { color: 'red', note: null, nested: { on: true } },
    ],
  ])('%s', (_name, spec, defaulted) => {
    const object = widget(spec)
    kindOf().setDefaults?.(object)
    expect(object.spec).toEqual(defaulted)
  })

  test('defaults are not shared between objects', () => {
    const kind = kindOf()
    const [a, b] = [widget({}), widget({})]
    kind.setDefaults?.(a)
    kind.setDefaults?.(b)
    expect((a.spec as { nested: object }).nested).not.toBe((b.spec as { nested: object }).nested)
  })
})

describe('validation', () => {
  const kind = kindOf()
  test.each<[string, object, string[]]>([
    [
      'nothing wrong',
      { size: 3, tags: ['a', 'b'], port: 'http', when: '2026-11-24T10:00:00Z', match: { exact: 'x' }, note: null },
      [],
    ],
    ['a missing field', {}, ['spec.size: Required value', notChecked]],
    [
      'a wrong type',
      { size: 'big' },
      ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"', notChecked],
    ],
    [
      'a fraction for an integer',
      { size: 1.5 },
      ['spec.size: Invalid value: "number": spec.size in body must be of type integer: "number"', notChecked],
    ],
    [
      'an object for a list',
      { size: 1, tags: {} },
      ['spec.tags: Invalid value: "object": spec.tags in body must be of type array: "object"', notChecked],
    ],
    [
      'a wrong item',
      { size: 1, tags: ['a', 1] },
      ['spec.tags[1]: Invalid value: "integer": spec.tags[1] in body must be of type string: "integer"', notChecked],
    ],
    [
      'a null item',
      { size: 1, tags: [null] },
      ['spec.tags[0]: Invalid value: "null": spec.tags[0] in body must be of type string: "null"', notChecked],
    ],
    ['too small', { size: 0 }, ['spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1']],
    ['too big', { size: 11 }, ['spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10']],
    // kube-openapi pkg/validation/validate/values.go (IsValueValidAgainstRange), which names no field.
    [
      'beyond its format',
      { size: 1, share: 2 ** 31 },
      ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.share'],
    ],
    ['at the end of its format', { size: 1, share: 2 ** 31 - 1 }, []],
    [
      'not in the enum',
      { size: 1, color: 'blue' },
      ['spec.color: Unsupported value: "blue": supported values: "green", "red"', notChecked],
    ],
    ['too long', { size: 1, tags: ['abcdef'] }, ['spec.tags[0]: Too long: may not be more than 5 bytes', notChecked]],
    [
      'too many',
      { size: 1, tags: ['a', 'b', 'c', 'd'] },
      ['spec.tags: Too many: 4: must have at most 3 items', notChecked],
    ],
    [
      'too few',
      { size: 1, labels: {} },
      ['spec.labels: Invalid value: 0: spec.labels in body should have at least 1 properties'],
    ],
    [
      'not matching',
      { size: 1, parts: [{ id: 'b' }] },
      [`spec.parts[0].id: Invalid value: "b": spec.parts[0].id in body should match '^a+$'`],
    ],
    [
      'not of the format',
      { size: 1, when: 'zz' },
      ['spec.when: Invalid value: "zz": spec.when in body must be of type date-time: "zz"', notChecked],
    ],
    [
      'neither integer nor string',
      { size: 1, port: true },
      [
        'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
        '<nil>: Invalid value: "": "spec.port" must validate at least one schema (anyOf)',
        'spec.port: Invalid value: "boolean": spec.port in body must be of type integer: "boolean"',
        notChecked,
      ],
    ],
    ['a set with a duplicate', { size: 1, tags: ['a', 'a'] }, ['spec.tags[1]: Duplicate value: "a"']],
    [
      'a map list with a duplicate key',
      { size: 1, parts: [{ id: 'a' }, { id: 'a', weight: 2 }] },
      ['spec.parts[1]: Duplicate value: {"id":"a"}'],
    ],
    [
      'none of the alternatives',
      { size: 1, match: {} },
      [
        '<nil>: Invalid value: "": "spec.match" must validate one and only one schema (oneOf). Found none valid',
        'spec.match.exact: Required value',
        notChecked,
      ],
    ],
    [
      'several alternatives',
      { size: 1, match: { exact: 'a', prefix: 'b' } },
      [
        '<nil>: Invalid value: "": "spec.match" must validate one and only one schema (oneOf). Found 2 valid alternatives',
      ],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(problems(kind, spec)).toEqual(expected)
  })

  test('an old problem that is not touched does not stand in the way', () => {
    expect(problems(kind, { size: 3, color: 'blue', replicas: 1 }, { size: 3, color: 'blue' })).toEqual([])
    expect(problems(kind, { size: 3, color: 'pink' }, { size: 3, color: 'blue' })).toHaveLength(2)
  })
})
