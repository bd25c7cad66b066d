/**
 * What every provider keeps, said once: a lab that is really there, asked through the same function. The embedded one
 * and a context always; kind where `MESHDOJO_TEST_PROVIDER=kind` says that there is Docker for it.
 */
import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labObjects, loadScenario } from '../../src/content/load.ts'
import { createEmbeddedCluster } from '../../src/embedded/cluster.ts'
import { serve } from '../../src/embedded/server.ts'
import { grade } from '../../src/grading/grade.ts'
import { createClient } from '../../src/kube/client.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { chooseProvider } from '../../src/providers/choose.ts'
import { removeCluster } from '../../src/providers/kind/make.ts'
import { createKindProvider } from '../../src/providers/kind/provider.ts'
import type { OpenLab, Provider } from '../../src/providers/provider.ts'
import { packagePath } from '../../src/root.ts'

type Made = { provider: Provider; end: () => Promise<void> }
const folder = mkdtempSync(join(tmpdir(), 'provider-contract-'))
const program = [process.execPath, packagePath('bin/meshdojo.js')] as const
const nothing = async (): Promise<void> => undefined

const makers: Record<string, () => Promise<Made>> = {
  embedded: async () => ({
    provider: await chooseProvider('embedded', { stateFolder: folder, program, env: process.env }),
    end: nothing,
  }),
  context: async () => {
    const cluster = await createEmbeddedCluster({ mesh: istio })
    const served = await serve(cluster, { name: 'mine' })
    const env = { ...process.env, KUBECONFIG: join(folder, 'own.yaml') }
    writeFileSync(env.KUBECONFIG, served.kubeconfig)
    const options = { stateFolder: folder, program, env, context: 'mine', yesChangeThisCluster: 'mine' }
    const end = async (): Promise<void> => {
      await served.close()
      cluster.stop()
    }
    return { provider: await chooseProvider('context', options), end }
  },
  ...(process.env.MESHDOJO_TEST_PROVIDER === 'kind' && {
    kind: async () => {
      const options = { stateFolder: folder, env: process.env, clusterName: 'meshdojo-contract' }
      return {
        provider: createKindProvider(options),
        end: async () => void (await removeCluster(options, options.clusterName)),
      }
    },
  }),
}
/** Making a real cluster takes minutes. */
const patience = process.env.MESHDOJO_TEST_PROVIDER === 'kind' ? 1_200_000 : 60_000

describe.each(Object.entries(makers))('%s', (name, make) => {
  let made: Made
  let open: OpenLab
  const item = loadScenario('istio-strict-mtls')
  beforeAll(async () => {
    made = await make()
    const { lab } = await item
    open = await made.provider.open(
      { name: lab.metadata.name, mesh: 'istio', objects: await labObjects(await item) },
      {},
    )
  }, patience)
  afterAll(async () => {
    await open.close()
    await open.close()
    await made.end()
  }, patience)

  test('says its name, and gives a kubeconfig that only its owner reads', () => {
    expect(made.provider.name).toBe(name)
    expect(statSync(open.kubeconfig).mode & 0o777).toBe(0o600)
  })

  test('the lab is marked, and its pods run', async () => {
    const client = createClient(open.cluster)
    const marker = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-public', name: 'meshdojo-lab' }
    expect(await client.get(marker)).toMatchObject({ data: { lab: 'shop-istio', mesh: 'istio' } })
    const { items } = await client.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'production' })
    expect(items.length).toBeGreaterThan(0)
    for (const { status } of items) expect(status).toMatchObject({ phase: 'Running' })
  })

  test(
    'checks are decided by what its pods see: the first step is not solved, and what works works',
    async () => {
      const { scenario, lab } = await item
      const first = scenario.spec.steps[0]!.id
      const converge = open.convergeSeconds === undefined ? undefined : { seconds: open.convergeSeconds }
      const { steps } = await grade({ cluster: open.cluster, mesh: istio, scenario, lab }, { steps: [first], converge })
      expect(steps[0]!.checks.filter(({ undecided, notYet }) => undecided || notYet)).toEqual([])
      expect(steps[0]!.passed).toBe(false)
      expect(steps[0]!.checks.some(({ passed }) => passed)).toBe(true)
    },
    patience,
  )
})
