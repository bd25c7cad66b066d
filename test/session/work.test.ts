/** The learner's work: found as a difference, put back into a fresh lab, on real embedded clusters. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import { withLastApplied } from '../../src/kube/apply.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import type { Pod } from '../../src/kube/kinds.ts'
import { seedLab, waitUntilReady } from '../../src/kube/seed.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { workloadOf } from '../../src/meshes/workloads.ts'
import { type Change, type Live, watchCluster } from '../../src/session/live.ts'
import { meshedWorkloads, restoreWork } from '../../src/session/restore.ts'
import { diffWork, fingerprint, type Work } from '../../src/session/work.ts'

const object = (kind: string, name: string, more: Partial<KubeObject> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  ...more,
  metadata: { name, namespace: 'n', ...more.metadata },
})

describe('diffWork', () => {
  const config = object('ConfigMap', 'a', { data: { x: '1' } })
  test.each([
    ['nothing', [config], [config], [], []],
    ['a new object', [], [config], ['a'], []],
    ['a changed one', [config], [object('ConfigMap', 'a', { data: { x: '2' } })], ['a'], []],
    ['a deleted one', [config], [], [], ['a']],
    [
      'status and versions do not count',
      [config],
      [
        object('ConfigMap', 'a', {
          data: { x: '1' },
          status: { y: 1 },
          metadata: { name: 'a', resourceVersion: '9', uid: 'u' },
        }),
      ],
      [],
      [],
    ],
    [
      'what a controller made does not count',
      [],
      [
        object('Pod', 'p', {
          metadata: { name: 'p', ownerReferences: [{ apiVersion: 'v1', kind: 'ReplicaSet', name: 'r', uid: 'u' }] },
        }),
      ],
      [],
      [],
    ],
    [
      'what is going away is gone',
      [],
      [object('ConfigMap', 'a', { metadata: { name: 'a', deletionTimestamp: 'now' } })],
      [],
      [],
    ],
    ['a bare pod without a manifest is not kept', [], [object('Pod', 'p')], [], []],
    ['a bare pod with one is', [], [withLastApplied(object('Pod', 'p'))], ['p'], []],
  ])('%s', (_, baseline, live, present, absent) => {
    const work = diffWork(baseline, live, [])
    expect(work.present.map(({ metadata }) => metadata.name)).toEqual(present)
    expect(work.absent.map(({ name }) => name)).toEqual(absent)
  })

  test('a fingerprint does not depend on the order of fields, nor on who applied', () => {
    const one = object('ConfigMap', 'a', { data: { x: '1', y: '2' } })
    expect(fingerprint(object('ConfigMap', 'a', { data: { y: '2', x: '1' } }))).toBe(fingerprint(one))
    expect(fingerprint(withLastApplied(one))).toBe(fingerprint(one))
  })
})

const deployment = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'c', image: 'curlimages/curl:8.10.1', command: ['sleep', 'infinity'] }] },
    },
  },
})
const lab = {
  name: 'shop',
  mesh: 'istio',
  objects: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    deployment('one'),
    deployment('two'),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'one', namespace: 'shop' },
      spec: { selector: { app: 'one' }, ports: [{ port: 80 }] },
    },
  ],
}
const policy: KubeObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: 'shop' },
  spec: { mtls: { mode: 'STRICT' } },
}

describe('on a cluster', () => {
  const open: (EmbeddedCluster | Live)[] = []
  afterEach(() => {
    for (const each of open.splice(0)) each.stop()
  })
  const openLab = async (): Promise<{ client: Client; live: Live; changes: Change[] }> => {
    const embedded = await createEmbeddedCluster({ mesh: istio })
    const client = createClient(embedded.cluster)
    await seedLab(embedded.cluster, lab, { client })
    const changes: Change[] = []
    const live = watchCluster({ client, mesh: istio, onChange: (change) => changes.push(change) })
    open.push(live, embedded)
    await live.synced
    return { client, live, changes }
  }
  const meshed = async (client: Client): Promise<string[]> => {
    const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'shop' })
    return meshedWorkloads(items, istio).toSorted()
  }
  const fingerprints = (objects: KubeObject[]) => objects.map(fingerprint).toSorted()

  test('what a learner made, changed and deleted is there again in a fresh lab', async () => {
    const { client, live } = await openLab()
    const baseline = live.objects()
    await client.apply([policy])
    const shop = { apiVersion: 'v1', kind: 'Namespace', name: 'shop' }
    await client.patch(shop, 'merge', { metadata: { labels: { 'istio-injection': 'enabled' } } })
    // Injected: one by a restart, which its template shows; two by deleting its pod, which nothing shows.
    const one = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'one' }
    await client.patch(one, 'merge', { spec: { template: { metadata: { annotations: { restarted: 'now' } } } } })
    await client.delete({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'one' })
    const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'shop' })
    const two = items.find((pod) => workloadOf(pod) === 'shop/two')!
    await client.delete(
      { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: two.metadata.name },
      { gracePeriodSeconds: 0 },
    )
    await waitUntilReady(client)
    await vi.waitFor(async () => expect(await meshed(client)).toEqual(['shop/one', 'shop/two']), 20_000)
    let work: Work | undefined
    await vi.waitFor(() => {
      work = diffWork(
        baseline,
        live.objects(),
        meshedWorkloads(
          live.objects().filter(({ kind }) => kind === 'Pod'),
          istio,
        ),
      )
      expect(work.present.map(({ kind }) => kind)).toEqual(['Namespace', expect.any(String), expect.any(String)])
      expect(work.absent).toHaveLength(1)
      expect(work.meshed).toEqual(['shop/one', 'shop/two'])
    })
    // As it is read back from a file.
    const kept = JSON.parse(JSON.stringify(work)) as Work

    const fresh = await openLab()
    const untouched = fresh.live.objects()
    expect(await restoreWork(fresh.client, kept, istio)).toEqual([])
    await vi.waitFor(async () => expect(await meshed(fresh.client)).toEqual(['shop/one', 'shop/two']), 20_000)
    await vi.waitFor(() => {
      const again = diffWork(untouched, fresh.live.objects(), kept.meshed)
      expect(fingerprints(again.present)).toEqual(fingerprints(kept.present))
      expect(again.absent).toEqual(kept.absent)
    })
  })

  test('a pod that stayed out of the mesh stays out', async () => {
    const { client } = await openLab()
    const label = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } },
    }
    await restoreWork(client, { present: [label], absent: [], meshed: [] }, istio)
    expect(await meshed(client)).toEqual([])
  })

  test('what the server refuses now is said, and the rest is put back', async () => {
    const { client } = await openLab()
    const bad = { ...policy, spec: { mtls: { mode: 'NOPE' } }, metadata: { ...policy.metadata, name: 'bad' } }
    const refused = await restoreWork(client, { present: [bad, policy], absent: [], meshed: [] }, istio)
    expect(refused).toEqual([expect.stringMatching(/^PeerAuthentication shop\/bad: .*NOPE/)])
    expect(await client.find({ ...policy, ...policy.metadata })).toBeDefined()
  })

  test('changes of people are told from those of controllers', async () => {
    const { client, changes } = await openLab()
    await client.create(policy, { fieldManager: 'kubectl-create' })
    const one = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'one' }
    await client.patch(one, 'merge', { spec: { replicas: 2 } })
    await waitUntilReady(client)
    await vi.waitFor(() => expect(changes.filter(({ object: { kind } }) => kind === 'Pod').length).toBeGreaterThan(0))
    const authored = changes.filter((change) => change.authored).map(({ type, object: { kind } }) => `${type} ${kind}`)
    expect(authored).toEqual(['created PeerAuthentication', 'changed Deployment'])
  })
})
