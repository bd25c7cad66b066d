import { expect, test } from 'vitest'
import type { Scenario } from '../../../src/content/schema.ts'
import type { CatalogueEntry } from '../../../src/session/types.ts'
import { catalogueLines, listed } from '../../../src/tui/lines/catalogue.ts'
import { plainText } from '../../../src/tui/text.ts'
import { fresh, lab, scenario } from '../views.ts'

const entry = (name: string, over: Partial<Scenario['metadata']>, isDone = false): CatalogueEntry => ({
  scenario: { ...scenario, metadata: { ...scenario.metadata, name, title: name, tags: [], ...over } },
  lab,
  progress: isDone ? { ...fresh, state: 'done' } : fresh,
})

const course = [
  entry('Gateway', { track: 'edge', cks: [] }),
  entry('Elsewhere', { track: undefined, tags: ['odd'], cks: [] }),
  entry('Linked', { track: 'mtls', mesh: 'linkerd' }),
  entry('Encrypt', { track: 'mtls' }, true),
  entry('Port', { track: undefined, tags: ['istio', 'mtls'], minutes: 15 }),
  entry('Tour', { track: 'basics', cks: [] }),
]

const show = (entries: CatalogueEntry[], width: number) =>
  catalogueLines(entries, 0, { focused: true, width, ellipsis: '~' }).lines.map((row) => plainText(row).trimEnd())

test('scenarios are grouped by track and mesh, with what is done of each; the exam marks what it asks for', () => {
  expect(show(listed(course, ''), 36)).toEqual([
    'BASICS  istio               0/1 done',
    '> [  ] Tour                      10m',
    '',
    'MTLS  istio                 1/2 done',
    '  [ok] Encrypt               CKS 10m',
    '  [  ] Port                  CKS 15m',
    '',
    'MTLS  linkerd               0/1 done',
    '  [  ] Linked                CKS 10m',
    '',
    'EDGE  istio                 0/1 done',
    '  [  ] Gateway                   10m',
    '',
    'MORE  istio                 0/1 done',
    '  [  ] Elsewhere                 10m',
  ])
})

test('one mesh is not named; a wide list has the level too', () => {
  expect(show(listed(course, 'edge'), 60)).toEqual([
    'EDGE                                                0/1 done',
    '> [  ] Gateway                                 easy   10 min',
  ])
})

test.each([
  ['a track', 'edge', ['Gateway']],
  ['a track without regard to case', 'MTLS linkerd', ['Linked']],
  ['a mesh', 'linkerd', ['Linked']],
  ['a tag', 'odd', ['Elsewhere']],
  ['the exam', 'cks', ['Encrypt', 'Port', 'Linked']],
  ['nothing', 'wasm', []],
])('the filter finds %s', (_, filter, names) => {
  expect(listed(course, filter).map((one) => one.scenario.metadata.name)).toEqual(names)
})
