import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../../src/embedded/cluster.ts'
import { type Api, apiOf, deployment, watchOf } from '../../api.ts'
import { manualClock } from '../../manual-clock.ts'

const path = '/apis/apps/v1/namespaces/default/deployments'
const merge = { 'content-type': 'application/merge-patch+json' }
const asTable = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

let cluster: EmbeddedCluster
let api: Api
const open: (() => void)[] = []
beforeEach(async () => {
  cluster = await createEmbeddedCluster()
  cluster.stop()
  api = apiOf(cluster)
})
afterEach(() => {
  for (const close of open.splice(0)) close()
})

const watch = async (query = '', headers: Record<string, string> = {}, at = path) => {
  const stream = await watchOf(cluster, `${at}?watch=true${query}`, headers)
  open.push(stream.close)
  return stream
}
const label = (name: string, tier: string | null) =>
  api('PATCH', `${path}/${name}`, { metadata: { labels: { tier } } }, merge)
const seen = (event: { type: string; object: { metadata: { name: string } } }) =>
  `${event.type} ${event.object.metadata.name}`

test('without a resourceVersion: what exists, then what happens', async () => {
  await api('POST', path, deployment('a'))
  const events = await watch()
  expect(seen(await events.next())).toBe('ADDED a')
  await api('POST', path, deployment('b'))
  const added = await events.next()
  expect(seen(added)).toBe('ADDED b')
  expect(added.object).toMatchObject({ kind: 'Deployment', apiVersion: 'apps/v1' })
  await api('DELETE', `${path}/a`)
  const deleted = await events.next()
  expect(seen(deleted)).toBe('DELETED a')
  expect(Number(deleted.object.metadata.resourceVersion)).toBeGreaterThan(Number(added.object.metadata.resourceVersion))
})

test('from a resourceVersion: everything after it, exactly once', async () => {
  const { body } = await api('GET', path)
  await api('POST', path, deployment('a'))
  await label('a', 'front')
  const events = await watch(`&resourceVersion=${body.metadata.resourceVersion}`)
  expect(seen(await events.next())).toBe('ADDED a')
  expect(seen(await events.next())).toBe('MODIFIED a')
  await api('DELETE', `${path}/a`)
  expect(seen(await events.next())).toBe('DELETED a')
})

test('objects come and go as they start and stop matching the selector', async () => {
  const { body: list } = await api('GET', path)
  const events = await watch(`&labelSelector=tier%3Dfront&resourceVersion=${list.metadata.resourceVersion}`)
  await api('POST', path, deployment('a'))
  await label('a', 'front')
  expect(seen(await events.next())).toBe('ADDED a')
  const { body } = await label('a', 'back')
  const gone = await events.next()
  expect(seen(gone)).toBe('DELETED a')
  expect(gone.object.metadata.labels.tier).toBe('front')
  expect(gone.object.metadata.resourceVersion).toBe(body.metadata.resourceVersion)
  await api('DELETE', `${path}/a`)
  await api('POST', path, deployment('b', { tier: 'front' }))
  expect(seen(await events.next())).toBe('ADDED b')
})

test('other namespaces stay out', async () => {
  await api('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } })
  const events = await watch()
  await api('POST', '/apis/apps/v1/namespaces/other/deployments', deployment('x'))
  await api('POST', path, deployment('a'))
  expect(seen(await events.next())).toBe('ADDED a')
})

test('sendInitialEvents ends what existed with a bookmark', async () => {
  await api('POST', path, deployment('a'))
  const query = '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  const events = await watch(query)
  expect(seen(await events.next())).toBe('ADDED a')
  expect(await events.next()).toMatchObject({
    type: 'BOOKMARK',
    object: { kind: 'Deployment', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
  })
})

test('a resourceVersion from before the history: one ERROR, then the end', async () => {
  cluster.registry.store.compact()
  const events = await watch('&resourceVersion=1')
  expect(events.status).toBe(200)
  expect(await events.next()).toMatchObject({
    type: 'ERROR',
    object: {
      kind: 'Status',
      code: 410,
      reason: 'Expired',
      message: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/),
    },
  })
  expect(await events.next()).toBeUndefined()
})

test('one object by field selector', async () => {
  await api('POST', path, deployment('a'))
  const events = await watch('&fieldSelector=metadata.name%3Db')
  await api('POST', path, deployment('b'))
  expect(seen(await events.next())).toBe('ADDED b')
})

test('as a Table: columns once, one row per event', async () => {
  const events = await watch('', asTable)
  await api('POST', path, deployment('a'))
  await label('a', 'front')
  const first = await events.next()
  expect(first.object).toMatchObject({ kind: 'Table', rows: [{ object: { metadata: { name: 'a' } } }] })
  expect(first.object.columnDefinitions.length).toBeGreaterThan(3)
  expect((await events.next()).object.columnDefinitions).toBeNull()
})

test('a write that changes nothing makes no event and keeps the resourceVersion', async () => {
  await api('POST', path, deployment('a'))
  const { body: before } = await label('a', 'front')
  const events = await watch(`&resourceVersion=${before.metadata.resourceVersion}`)
  const { body: after } = await label('a', 'front')
  expect(after).toEqual(before)
  await label('a', 'back')
  expect((await events.next()).object.metadata.labels.tier).toBe('back')
})

test('a dry run changes nothing that a watch could see', async () => {
  const events = await watch()
  const { status, body } = await api('POST', `${path}?dryRun=All`, deployment('dry'))
  expect(status).toBe(201)
  expect(body.metadata.uid).toBeTruthy()
  expect(body.metadata.resourceVersion).toBeUndefined()
  await api('POST', path, deployment('wet'))
  expect(seen(await events.next())).toBe('ADDED wet')
})

const secrets = '/api/v1/namespaces/default/secrets'
const secret = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
  stringData: { a: 'x'.repeat(100) },
})
const create = (name: string) => cluster.registry.create(secret(name))

test('however much exists, all of it comes first', async () => {
  for (let index = 0; index < 7000; index++) create(`m${String(index).padStart(5, '0')}`)
  const events = await watch('', {}, secrets)
  create('later')
  let last = ''
  for (let index = 0; index < 7000; index++) {
    const { type, object } = await events.next()
    expect(type).toBe('ADDED')
    expect(object.metadata.name > last).toBe(true)
    last = object.metadata.name
  }
  expect(seen(await events.next())).toBe('ADDED later')
})

test('a thousand watchers are each told of everything once and in order', async () => {
  const watchers = await Promise.all(Array.from({ length: 1000 }, () => watch('', {}, secrets)))
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) create(name)
  cluster.registry.delete({ group: '', resource: 'secrets' }, 'b', 'default')
  for (const events of watchers) {
    for (const name of names) expect(seen(await events.next())).toBe(`ADDED ${name}`)
    expect(seen(await events.next())).toBe('DELETED b')
  }
})

test('a client that reads too slowly for the history is told so, and its watch ends', async () => {
  const events = await watch('', {}, secrets)
  create('first')
  expect(seen(await events.next())).toBe('ADDED first')
  create('missed')
  cluster.registry.store.compact()
  create('last')
  expect(await events.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  expect(await events.next()).toBeUndefined()
})

test('WatchList from a revision that this server has not reached: refused, as a list would be', async () => {
  const query = '?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999999999999'
  const { status, body } = await api('GET', `${path}${query}`)
  expect(status).toBe(504)
  expect(body).toMatchObject({ reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } })
})

test('bookmarks every minute, and the end after timeoutSeconds', async () => {
  const clock = manualClock()
  cluster = await createEmbeddedCluster({ clock })
  cluster.stop()
  const events = await watch('&allowWatchBookmarks=true&timeoutSeconds=90', {}, secrets)
  clock.advance(60_000)
  expect(await events.next()).toEqual({
    type: 'BOOKMARK',
    object: {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(cluster.registry.revision) },
    },
  })
  clock.advance(30_000)
  expect(await events.next()).toBeUndefined()
})
