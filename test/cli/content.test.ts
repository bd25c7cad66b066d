/** How people name a scenario: by its name, its folder, or the path of that. */
import { dirname, relative } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { requireScenario } from '../../src/cli/content.ts'
import { type CatalogueItem, loadCatalogue } from '../../src/content/load.ts'

let items: readonly CatalogueItem[]
let wanted: CatalogueItem
beforeAll(async () => {
  items = (await loadCatalogue()).items
  wanted = items.find(({ scenario }) => scenario.metadata.name === 'istio-strict-mtls')!
})

test('by name, by folder name and by path, from wherever one stands', () => {
  const cwd = dirname(wanted.folder)
  for (const name of ['istio-strict-mtls', '02-strict-mtls', './02-strict-mtls', './02-strict-mtls/', wanted.folder])
    expect(requireScenario({ cwd }, items, name), name).toBe(wanted)
  const elsewhere = dirname(dirname(cwd))
  expect(requireScenario({ cwd: elsewhere }, items, relative(elsewhere, wanted.folder))).toBe(wanted)
})

test('the same folder name elsewhere is another scenario', () => {
  expect(() => requireScenario({ cwd: '/elsewhere' }, items, 'scenarios/istio/02-strict-mtls')).toThrow(
    'no scenario is at "scenarios/istio/02-strict-mtls"; --content names the pack',
  )
})

test('a name that nobody has is answered with the nearest', () => {
  expect(() => requireScenario({ cwd: '/' }, items, 'istio-strict-mtl')).toThrow('did you mean "istio-strict-mtls"?')
})
