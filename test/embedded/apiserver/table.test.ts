import { describe, expect, test } from 'vitest'
import type { Representation } from '../../../src/embedded/apiserver/negotiation.ts'
import {
  bookmark,
  parseIncludeObject,
  renderEvents,
  renderList,
  renderObject,
  type View,
} from '../../../src/embedded/apiserver/table.ts'
import type { Kind } from '../../../src/embedded/kinds/kind.ts'
import type { KubeObject } from '../../../src/kube/api.ts'

const kind: Kind = {
  group: 'ex.io',
  version: 'v1',
  kind: 'Widget',
  resource: 'widgets',
  singular: 'widget',
  namespaced: true,
  columns: [
    { name: 'Name', type: 'string', format: 'name', cell: (object) => object.metadata.name },
    { name: 'Age', type: 'string', priority: 1, cell: (_object, now) => `${now}` },
  ],
}
const widget = (name: string): KubeObject => ({
  apiVersion: 'ex.io/v1',
  kind: 'Widget',
  metadata: { name, resourceVersion: '7', labels: { a: 'b' } },
  spec: { size: 1 },
})
const view = (as: Representation['as'], includeObject: View['includeObject'] = 'Metadata'): View => ({
  representation: { as, version: 'v1', mediaType: 'application/json' },
  includeObject,
  now: () => 42,
})
const partial = (name: string) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: widget(name).metadata,
})
const headings = [
  { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
  { name: 'Age', type: 'string', format: '', description: '', priority: 1 },
]

describe('a list', () => {
  const meta = { resourceVersion: '9', continue: 'c' }

  test('of a built-in kind carries kind and apiVersion once', () => {
    const { apiVersion: _apiVersion, kind: _kind, ...bare } = widget('a')
    expect(renderList(kind, [widget('a')], meta, view('object'))).toEqual({
      kind: 'WidgetList',
      apiVersion: 'ex.io/v1',
      metadata: meta,
      items: [bare],
    })
  })

  test("of a CRD's kind carries them in every item", () => {
    const custom = { ...kind, listKind: 'Widgets', prune: () => [] }
    expect(renderList(custom, [widget('a')], meta, view('object'))).toMatchObject({
      kind: 'Widgets',
      items: [widget('a')],
    })
  })

  test('as a Table has cells of every priority', () => {
    expect(renderList(kind, [widget('a'), widget('b')], meta, view('Table'))).toEqual({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: meta,
      columnDefinitions: headings,
      rows: [
        { cells: ['a', '42'], object: partial('a') },
        { cells: ['b', '42'], object: partial('b') },
      ],
    })
  })

  test.each([
    ['Metadata', partial('a')],
    ['Object', widget('a')],
    ['None', null],
  ] as const)('with includeObject=%s', (includeObject, object) => {
    expect(renderList(kind, [widget('a')], meta, view('Table', includeObject))).toMatchObject({ rows: [{ object }] })
  })

  test('as metadata only', () => {
    expect(renderList(kind, [widget('a')], meta, view('PartialObjectMetadataList'))).toEqual({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: meta,
      items: [partial('a')],
    })
  })
})

test.each([
  ['object', widget('a')],
  ['PartialObjectMetadata', partial('a')],
  ['Table', { kind: 'Table', metadata: { resourceVersion: '7' }, rows: [{ cells: ['a', '42'] }] }],
] as const)('one object as %s', (as, body) => {
  expect(renderObject(kind, widget('a'), view(as))).toMatchObject(body)
})

describe('a watch', () => {
  test('as a Table sends its columns once; bookmarks have no rows, errors stay Status', () => {
    const render = renderEvents(kind, view('Table'))
    const status = { ...widget('x'), kind: 'Status' }
    expect(render({ type: 'ADDED', object: widget('a') })).toMatchObject({
      type: 'ADDED',
      object: { columnDefinitions: headings, rows: [{ cells: ['a', '42'] }] },
    })
    expect(render({ type: 'MODIFIED', object: widget('a') })).toMatchObject({ object: { columnDefinitions: null } })
    expect(render(bookmark(kind, '12'))).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'Table', rows: [], metadata: { resourceVersion: '12' } },
    })
    expect(render({ type: 'ERROR', object: status })).toEqual({ type: 'ERROR', object: status })
  })

  test('as metadata only', () => {
    expect(renderEvents(kind, view('PartialObjectMetadata'))({ type: 'DELETED', object: widget('a') })).toEqual({
      type: 'DELETED',
      object: partial('a'),
    })
  })

  test('the bookmark that ends the initial events says so', () => {
    expect(renderEvents(kind, view('object'))(bookmark(kind, '12', true))).toEqual({
      type: 'BOOKMARK',
      object: {
        kind: 'Widget',
        apiVersion: 'ex.io/v1',
        metadata: { resourceVersion: '12', annotations: { 'k8s.io/initial-events-end': 'true' } },
      },
    })
  })
})

test('includeObject', () => {
  expect([null, '', 'Metadata', 'Object', 'None'].map(parseIncludeObject)).toEqual([
    'Metadata',
    'Metadata',
    'Metadata',
    'Object',
    'None',
  ])
  expect(() => parseIncludeObject('Foo')).toThrow(
    `Unable to convert to Table as requested: includeObject: Invalid value: "Foo": must be 'Metadata', 'Object', 'None', or empty`,
  )
})
