import { afterEach, beforeAll, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { saveSnapshot, snapshotClock } from '../../src/embedded/snapshot.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import { seedLab } from '../../src/kube/seed.ts'
import { istio } from '../../src/meshes/istio/index.ts'

const labels = { app: 'web' }
const namespace = 'shop'
const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'istio-injection': 'enabled' } } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx:1.29' }] } },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace },
    spec: { selector: labels, ports: [{ name: 'http', port: 80 }] },
  },
]

let text: string
let resumed: EmbeddedCluster | undefined

/** Every controller has done what it had to do about what is there. */
const settled = async ({ registry }: EmbeddedCluster): Promise<void> => {
  for (let before = -1; before !== registry.revision; ) {
    before = registry.revision
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

const contents = ({ registry }: EmbeddedCluster): string[] =>
  Array.from(registry.store.contents(), ([bucket, key]) => `${bucket} ${key}`)

const [pods, deployments] = [
  { group: '', resource: 'pods' },
  { group: 'apps', resource: 'deployments' },
]

beforeAll(async () => {
  const first = await createEmbeddedCluster({ mesh: istio, clock: snapshotClock })
  await seedLab(first.cluster, { name: 'shop', mesh: 'istio', objects: objects as KubeObject[] })
  await settled(first)
  text = saveSnapshot(first.registry.store, istio)
  first.stop()
})

afterEach(() => resumed?.stop())

test('a resumed cluster has what the first had, and its controllers find nothing to do', async () => {
  resumed = await createEmbeddedCluster({ mesh: istio, snapshot: text })
  const { revision } = resumed.registry
  const before = contents(resumed)
  await settled(resumed)
  expect(contents(resumed)).toEqual(before)
  expect(resumed.registry.revision).toBe(revision)
  expect(before.some((each) => each.startsWith('/pods shop/web-'))).toBe(true)
})

test('its times are of now and its revisions come before the next write', async () => {
  const now = Date.parse('2026-05-04T03:02:01Z')
  resumed = await createEmbeddedCluster({
    mesh: istio,
    snapshot: text,
    clock: { now: () => now, after: () => () => {} },
  })
  const { registry } = resumed
  const written = Array.from(registry.store.contents(), ([, , { metadata }]) => metadata)
  expect(new Set(written.map(({ creationTimestamp }) => creationTimestamp))).toEqual(new Set(['2026-05-04T03:02:01Z']))
  expect(Math.max(...written.map(({ resourceVersion }) => Number(resourceVersion)))).toBe(registry.revision)
  expect(JSON.stringify([...registry.store.contents()])).not.toContain('2999')
  const next = registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'next' } })
  expect(Number(next.metadata.resourceVersion)).toBe(registry.revision)
})

test('its pods run on: same containers, no restart, and they answer', async () => {
  resumed = await createEmbeddedCluster({ mesh: istio, snapshot: text })
  await settled(resumed)
  const [pod] = resumed.registry.list(pods, { namespace })
  const { status } = pod as unknown as { status: { containerStatuses: { ready: boolean; restartCount: number }[] } }
  expect(status.containerStatuses.map(({ ready, restartCount }) => [ready, restartCount])).toEqual([[true, 0]])
  let out = ''
  const take = (chunk: Uint8Array): void => {
    out += Buffer.from(chunk).toString()
  }
  const target = { namespace, pod: pod!.metadata.name, container: 'web' }
  const { exitCode } = await resumed.kubelet.exec(
    target,
    ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://web'],
    { stdout: take, stderr: take },
  )
  expect([exitCode, out]).toEqual([0, '200'])
})

test('its controllers go on: a restart replaces the pods', async () => {
  resumed = await createEmbeddedCluster({ mesh: istio, snapshot: text })
  const before = resumed.registry.list(pods, { namespace }).map(({ metadata }) => metadata.name)
  resumed.registry.mutate(deployments, 'web', namespace, (draft) => {
    const { template } = draft.spec as { template: { metadata: { annotations?: Record<string, string> } } }
    template.metadata.annotations = { 'kubectl.kubernetes.io/restartedAt': 'now' }
  })
  await settled(resumed)
  const after = resumed.registry.list(pods, { namespace }).map(({ metadata }) => metadata.name)
  expect(after).toHaveLength(1)
  expect(after).not.toEqual(before)
})

test('a cluster that goes on from another one has its objects, and neither sees what the other does from then on', async () => {
  const first = await createEmbeddedCluster({ mesh: istio, snapshot: text })
  try {
    await settled(first)
    resumed = await createEmbeddedCluster({ mesh: istio, snapshot: first.save() })
    const { revision } = resumed.registry
    await settled(resumed)
    expect(resumed.registry.revision).toBe(revision)
    expect([...resumed.registry.store.contents()]).toEqual([...first.registry.store.contents()])
    resumed.registry.delete(deployments, 'web', namespace)
    first.registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'late' } })
    await settled(resumed)
    await settled(first)
    expect(resumed.registry.list(pods, { namespace })).toEqual([])
    expect(first.registry.list(pods, { namespace })).toHaveLength(1)
    expect(resumed.registry.get({ group: '', resource: 'namespaces' }, 'late')).toBeUndefined()
  } finally {
    first.stop()
  }
})
