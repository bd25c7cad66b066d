import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { createClient } from '../../../src/kube/client.ts'
import { resourcePath } from '../../../src/kube/resources.ts'
import { istio } from '../../../src/meshes/istio/index.ts'

let embedded: EmbeddedCluster
beforeAll(async () => {
  embedded = await createEmbeddedCluster({ mesh: istio })
  await createClient(embedded.cluster).apply([
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'default' },
      spec: { mtls: { mode: 'STRICT' } },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'default' },
      spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
    },
  ] as KubeObject[])
})
afterAll(() => embedded.stop())

/** What `fetch` lists; undefined where the resource is not served there. */
const listed = async (path: string): Promise<{ items: KubeObject[]; resourceVersion: string } | undefined> => {
  const response = await embedded.cluster.fetch(new Request(`http://cluster${path}`))
  if (!response.ok) return undefined
  const { items, metadata, kind, apiVersion } = (await response.json()) as KubeObject & { items: KubeObject[] }
  const named = items.map((item) => Object.assign({ apiVersion, kind: kind.replace(/List$/, '') }, item))
  return { items: named, resourceVersion: metadata.resourceVersion ?? '' }
}

test('a collection in this process is what a list would bring, for every kind, version and namespace', async () => {
  let objects = 0
  for (const kind of embedded.kinds.all())
    for (const namespace of kind.namespaced ? [undefined, 'default', 'istio-system', 'nowhere'] : [undefined]) {
      const here = embedded.cluster.objects?.(kind, namespace)
      if (here === undefined) {
        if (!kind.stored) expect(await listed(resourcePath(kind, namespace)), kind.kind).toBeUndefined()
        continue
      }
      expect(JSON.parse(JSON.stringify(here)), resourcePath(kind, namespace)).toEqual(
        await listed(resourcePath(kind, namespace)),
      )
      objects += here.items.length
    }
  expect(objects).toBeGreaterThan(100)
})

test('it leaves what is not served to the list that says so', () => {
  const { objects } = embedded.cluster
  expect(objects?.({ group: 'example.com', version: 'v1', resource: 'things' })).toBeUndefined()
  expect(objects?.({ group: '', version: 'v2', resource: 'pods' })).toBeUndefined()
  expect(objects?.({ group: '', version: 'v1', resource: 'nodes' }, 'default')).toBeUndefined()
})

test('a client lists through it, and through fetch where something is selected', async () => {
  const client = createClient({ ...embedded.cluster, fetch: () => Promise.reject(new Error('asked')) })
  const nodes = { group: '', version: 'v1', resource: 'nodes' }
  expect((await client.list(nodes)).items).not.toEqual([])
  await expect(client.list(nodes, { labelSelector: 'a=b' })).rejects.toThrow('asked')
  await expect(client.list(nodes, { signal: AbortSignal.abort() })).rejects.toThrow('abort')
})

test('the objects cannot be changed, and stay the same ones until somebody does', () => {
  const list = () => embedded.cluster.objects?.({ group: '', version: 'v1', resource: 'namespaces' })?.items ?? []
  const before = list()
  expect(before.every(Object.isFrozen)).toBe(true)
  embedded.registry.mutate({ group: '', resource: 'namespaces' }, 'default', undefined, (draft) => {
    draft.metadata.labels = { ...draft.metadata.labels, changed: 'yes' }
  })
  const after = list()
  expect(after.filter((object) => !before.includes(object)).map(({ metadata }) => metadata.name)).toEqual(['default'])
})
