import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { packageRoots } from '../../src/content/folders.ts'
import { buildIndex, readIndex } from '../../src/content/index-file.ts'
import { labObjects, loadCatalogue, loadLab, loadScenario } from '../../src/content/load.ts'

const empty = { scenarios: {}, labs: {}, objects: {} }

describe('the catalogue of the package', () => {
  test('has its scenarios in the order of their folders, each with its lab', async () => {
    const { items, problems } = await loadCatalogue(packageRoots(), empty)
    expect(problems).toEqual([])
    const folders = items.map(({ folder }) => folder.split('/').slice(-2).join('/'))
    expect(folders).toEqual(folders.toSorted())
    expect(folders.length).toBeGreaterThan(3)
    const named = items.find(({ scenario }) => scenario.metadata.name === 'istio-strict-mtls')
    expect(named?.lab.metadata.name).toBe('shop-istio')
  })

  test('is the same from the index as from the files', async () => {
    const index = JSON.parse(JSON.stringify(await buildIndex()))
    const catalogue = await loadCatalogue(packageRoots(), empty)
    expect(Object.keys(index.scenarios)).toHaveLength(catalogue.items.length)
    expect(await loadCatalogue(packageRoots(), index)).toEqual(catalogue)
  })

  test('has labs whose objects are in order, namespaces first', async () => {
    const objects = await labObjects(await loadLab('shop-istio'))
    expect(objects.slice(0, 3).map(({ kind }) => kind)).toEqual(['Namespace', 'Namespace', 'Namespace'])
    expect(
      objects
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    ).toEqual([
      'production/frontend',
      'production/api-server',
      'production/orders',
      'staging/client',
      'legacy/client',
      'legacy/server',
    ])
  })
})

describe('content that changes', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'load-'))
    cpSync(packageRoots().labs, join(root, 'labs'), { recursive: true })
    cpSync(packageRoots().scenarios, join(root, 'scenarios'), { recursive: true })
  })
  afterEach(() => rmSync(root, { recursive: true }))
  const roots = () => ({ scenarios: join(root, 'scenarios'), labs: join(root, 'labs') })

  test('an edited file is read anew, whatever the index says', async () => {
    const index = await buildIndex(roots())
    const file = join(root, 'scenarios/istio/02-strict-mtls/scenario.yaml')
    const { scenario } = await loadScenario(file, roots(), index)
    writeFileSync(file, JSON.stringify({ ...scenario, metadata: { ...scenario.metadata, title: 'Edited' } }))
    expect((await loadScenario('istio-strict-mtls', roots(), index)).scenario.metadata.title).toBe('Edited')
  })

  test('the objects of a lab are the same from the index, until a manifest is edited', async () => {
    const index = await buildIndex(roots())
    const lab = await loadLab('shop-istio', roots())
    expect(await labObjects(lab, index)).toEqual(await labObjects(lab, empty))
    writeFileSync(join(root, 'labs/shop-istio/staging.yaml'), 'apiVersion: v1\nkind: [')
    await expect(labObjects(lab, index)).rejects.toThrow(/staging\.yaml:2:\d+ /)
    const shops = ({ objects }: typeof index): number =>
      Object.values(objects).filter((each) => each.some(({ metadata }) => metadata.name === 'api-server')).length
    expect(shops(await buildIndex(roots()))).toBe(shops(index) - 1)
  })

  test('a scenario’s setup replaces objects of the lab in their place, and comes from the index too', async () => {
    const index = await buildIndex()
    const item = await loadScenario('istio-strict-everywhere')
    const objects = await labObjects(item, empty)
    expect(await labObjects(item, index)).toEqual(objects)
    const named = (name: string) =>
      objects.filter(({ kind, metadata }) => kind === 'Namespace' && metadata.name === name)
    expect(named('legacy')).toMatchObject([{ metadata: { labels: { 'istio-injection': 'enabled' } } }])
    expect(objects.findIndex(({ metadata }) => metadata.name === 'legacy')).toBeLessThan(4)
    expect(item.lab.spec.matrix.sources).toContain('reports/exporter')
  })

  test('one broken scenario does not hide the others', async () => {
    writeFileSync(join(root, 'scenarios/istio/02-strict-mtls/scenario.yaml'), 'kind: [')
    const { items, problems } = await loadCatalogue(roots(), empty)
    expect(items).toHaveLength((await loadCatalogue()).items.length - 1)
    expect(problems).toHaveLength(1)
    await expect(loadScenario('02-strict-mtls', roots(), empty)).rejects.toThrow(/scenario.yaml:1:\d+ YAML: /)
  })

  test('a scenario outside brings its labs along', async () => {
    const { labFolder } = await loadScenario(join(root, 'scenarios/istio/02-strict-mtls'))
    expect(labFolder).toBe(join(root, 'labs/shop-istio'))
  })

  test('an index that is no JSON counts as none', () => {
    writeFileSync(join(root, 'content.json'), '{')
    expect(readIndex(join(root, 'content.json'))).toEqual(empty)
    expect(readIndex(join(root, 'nowhere.json'))).toEqual(empty)
  })
})

test.each([
  [
    'istio-strict-mtsl',
    /there is no scenario "istio-strict-mtsl" \(did you mean "istio-strict-mtls"\?\); scenarios are /,
  ],
  ['zzz', /^there is no scenario "zzz"; scenarios are /],
])('asking for %s names the nearest', async (name, message) => {
  await expect(loadScenario(name)).rejects.toThrow(message)
})

test.each([
  'istio-strict-mtls',
  '02-strict-mtls',
  'scenarios/istio/02-strict-mtls',
  'scenarios/istio/02-strict-mtls/scenario.yaml',
])('%s is the same scenario', async (name) =>
  expect((await loadScenario(name)).scenario.metadata.name).toBe('istio-strict-mtls'),
)

test('asking for a lab that is not there names the labs', async () => {
  await expect(loadLab('shop')).rejects.toThrow('there is no lab "shop"; labs are shop-istio')
})
