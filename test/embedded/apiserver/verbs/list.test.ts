import { beforeEach, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../../src/embedded/cluster.ts'
import { type Api, apiOf, deployment } from '../../api.ts'

const path = '/apis/apps/v1/namespaces/default/deployments'
const names = (body: { items: { metadata: { name: string } }[] }) => body.items.map(({ metadata }) => metadata.name)

let cluster: EmbeddedCluster
let api: Api
beforeEach(async () => {
  cluster = await createEmbeddedCluster()
  cluster.stop()
  api = apiOf(cluster)
  for (const name of ['c', 'a', 'b', 'e', 'd'])
    await api('POST', path, deployment(name, { odd: String('ace'.includes(name)) }))
})

test('by name, without kind and apiVersion in the items', async () => {
  const { body } = await api('GET', path)
  expect(names(body)).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(body.items[0]).not.toHaveProperty('kind')
})

test('in chunks, all from the first one’s snapshot', async () => {
  const first = (await api('GET', `${path}?limit=2`)).body
  expect(names(first)).toEqual(['a', 'b'])
  expect(first.metadata.remainingItemCount).toBe(3)
  await api('DELETE', `${path}/d`)
  await api('POST', path, deployment('cc'))
  const second = (await api('GET', `${path}?limit=2&continue=${first.metadata.continue}`)).body
  expect(names(second)).toEqual(['c', 'd'])
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  const third = (await api('GET', `${path}?limit=2&continue=${second.metadata.continue}`)).body
  expect(names(third)).toEqual(['e'])
  expect(third.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion })
})

test('chunks with a selector do not count what is left', async () => {
  const { body } = await api('GET', `${path}?limit=2&labelSelector=odd%3Dtrue`)
  expect(names(body)).toEqual(['a', 'c'])
  expect(body.metadata).not.toHaveProperty('remainingItemCount')
  const rest = await api('GET', `${path}?limit=2&labelSelector=odd%3Dtrue&continue=${body.metadata.continue}`)
  expect(names(rest.body)).toEqual(['e'])
})

test('an expired or unreadable continue token', async () => {
  const { body } = await api('GET', `${path}?limit=2`)
  await api('POST', path, deployment('z'))
  cluster.registry.store.compact()
  const expired = await api('GET', `${path}?limit=2&continue=${body.metadata.continue}`)
  expect(expired.body).toMatchObject({ code: 410, reason: 'Expired' })
  expect(expired.body.message).toContain(
    'The provided continue parameter is too old to display a consistent list result.',
  )
  // The token in the refusal goes on from the same place, with the list as it is now (pkg/storage/etcd3/errors.go).
  const rest = await api('GET', `${path}?limit=2&continue=${expired.body.metadata.continue}`)
  expect(names(rest.body)).toEqual(['c', 'd'])
  expect(rest.body.metadata.resourceVersion).toBe(String(cluster.registry.revision))
  const last = await api('GET', `${path}?limit=2&continue=${rest.body.metadata.continue}`)
  expect(names(last.body)).toEqual(['e', 'z'])
  const garbage = await api('GET', `${path}?continue=abc`)
  expect(garbage.body).toMatchObject({ code: 400, message: expect.stringMatching(/^invalid continue token: /) })
})

test('a continue token cannot leave its namespace', async () => {
  const token = (start: string): string =>
    Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: cluster.registry.revision, start })).toString('base64url')
  expect(names((await api('GET', `${path}?continue=${token('/d')}`)).body)).toEqual(['d', 'e'])
  const refused = await api('GET', `${path}?continue=${token('../kube-system/a')}`)
  expect(refused.body.message).toBe('invalid continue token: continue key is not valid: ../kube-system/a')
})

test('as it was at an exact revision', async () => {
  const { body } = await api('GET', path)
  await api('DELETE', `${path}/a`)
  const version = body.metadata.resourceVersion
  const then = await api('GET', `${path}?resourceVersion=${version}&resourceVersionMatch=Exact`)
  expect(names(then.body)).toEqual(['a', 'b', 'c', 'd', 'e'])
  const now = await api('GET', `${path}?resourceVersion=${version}&resourceVersionMatch=NotOlderThan`)
  expect(names(now.body)).toEqual(['b', 'c', 'd', 'e'])
})

test('deletecollection takes what the selector names and answers with it', async () => {
  const { status, body } = await api('DELETE', `${path}?labelSelector=odd%3Dtrue`)
  expect(status).toBe(200)
  expect(names(body)).toEqual(['a', 'c', 'e'])
  expect(names((await api('GET', path)).body)).toEqual(['b', 'd'])
})
