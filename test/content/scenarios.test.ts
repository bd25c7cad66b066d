/** The content that ships with the program, proven on the embedded cluster; and that answers which only look right fail. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadMesh } from '../../src/cli/meshes.ts'
import { proveAll } from '../../src/cli/prove.ts'
import { applyChange } from '../../src/content/change.ts'
import { type CatalogueItem, labObjects, loadCatalogue, loadScenario } from '../../src/content/load.ts'
import type { Change } from '../../src/content/schema.ts'
import { settle } from '../../src/content/settle.ts'
import { type OpenedLab, type Proof, verifyScenario } from '../../src/content/verify.ts'
import { createEmbeddedCluster } from '../../src/embedded/cluster.ts'
import { grade } from '../../src/grading/grade.ts'
import { createClient } from '../../src/kube/client.ts'
import { istio } from '../../src/meshes/istio/index.ts'

const namespaces = ['production', 'staging', 'legacy']

const openLab = async (item: CatalogueItem): Promise<OpenedLab> => {
  const mesh = await loadMesh(item.lab.metadata.mesh)
  const { cluster, stop } = await createEmbeddedCluster({ mesh })
  const client = createClient(cluster)
  await client.apply(await labObjects(item))
  await settle(client, namespaces)
  return { cluster, mesh, close: async () => stop() }
}

const { items } = await loadCatalogue()

/** As `verify` proves them: on the built program, in threads. */
let proven: Proof[]
beforeAll(async () => {
  proven = await proveAll(items, { jobs: 2 }, () => undefined)
}, 600_000)

test.each(items.map((item) => [item.scenario.metadata.name, item] as const))(
  'every claim about %s holds, and its mistakes are recognised',
  (name, item) => {
    const proofs = proven.filter(({ scenario }) => scenario === name)
    expect(proofs.filter(({ passed }) => !passed)).toEqual([])
    expect(proofs.filter(({ claim, recognised }) => claim === 'mistake is caught' && !recognised)).toEqual([])
    expect(proofs.length).toBeGreaterThan(6 * item.scenario.spec.steps.length)
  },
)

test.each(['istio-the-rehearsal', 'linkerd-mtls-already-there'])(
  '%s is proven alike on clusters of real time that are made anew',
  async (name) => {
    const proofs = await verifyScenario(await loadScenario(name), { openLab, probeSeconds: 1 })
    const bare = (all: Proof[]) => all.map(({ milliseconds: _, ...proof }) => proof)
    expect(bare(proofs)).toEqual(bare(proven.filter(({ scenario }) => scenario === name)))
  },
)

const policy = (kind: string, name: string, namespace: string, spec: object): string =>
  JSON.stringify({ apiVersion: 'security.istio.io/v1', kind, metadata: { name, namespace }, spec })
const authn = (name: string, namespace: string, spec: object) => policy('PeerAuthentication', name, namespace, spec)
const all = (...manifests: string[]): Change => manifests.join('\n---\n')
const app = (name: string) => ({ matchLabels: { app: name } })
const strict = { mtls: { mode: 'STRICT' } }

describe('answers that only look right do not pass', () => {
  let lab: OpenedLab
  let item: CatalogueItem
  beforeEach(async () => {
    item = await loadScenario('istio-strict-mtls')
    lab = await openLab(item)
  })
  afterEach(() => lab.close())
  const failing = async (change: Change): Promise<string[]> => {
    await applyChange(lab.cluster, change)
    await settle(createClient(lab.cluster), namespaces)
    const { steps } = await grade(
      { cluster: lab.cluster, mesh: istio, scenario: item.scenario },
      { steps: ['strict-production'] },
    )
    return steps[0]!.checks.filter(({ passed }) => !passed).map(({ id }) => id)
  }

  test('STRICT for each workload by selector is not STRICT for the namespace', async () => {
    const each = ['orders', 'api-server', 'frontend'].map((name) =>
      authn(name, 'production', { selector: app(name), ...strict }),
    )
    expect(await failing(all(...each))).toEqual(['policy-there'])
  })

  test('a workload that was scaled away is not a workload that refuses', async () => {
    await applyChange(lab.cluster, authn('default', 'production', strict))
    expect(await failing({ run: ['kubectl scale deployment orders -n production --replicas=0'] })).toEqual([
      'plaintext-refused',
      'meshed-still-works',
    ])
  })

  test('a probe whose workload is gone decides nothing', async () => {
    await applyChange(lab.cluster, authn('default', 'production', strict))
    expect(await failing({ run: ['kubectl scale deployment client -n legacy --replicas=0'] })).toEqual([
      'plaintext-refused',
      'api-refuses-plaintext',
      'frontend-refuses-plaintext',
    ])
  })

  test('a pass does not stick', async () => {
    expect(await failing(authn('default', 'production', strict))).toEqual([])
    expect(await failing({ delete: authn('default', 'production', strict) })).toContain('plaintext-refused')
  })
})
