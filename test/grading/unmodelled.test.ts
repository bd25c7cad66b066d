/** What the engine does not model, as a lab's clients and checks meet it on the embedded cluster (decision 0005). */
import { expect, test } from 'vitest'
import { applyChange } from '../../src/content/change.ts'
import { labObjects, loadScenario } from '../../src/content/load.ts'
import type { Check } from '../../src/content/schema.ts'
import { settle } from '../../src/content/settle.ts'
import { createEmbeddedCluster } from '../../src/embedded/cluster.ts'
import { grade } from '../../src/grading/grade.ts'
import { execText } from '../../src/grading/probe.ts'
import { findSource } from '../../src/grading/source.ts'
import { readWorld } from '../../src/grading/world.ts'
import { createClient } from '../../src/kube/client.ts'
import { istio } from '../../src/meshes/istio/index.ts'

const policy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: odd, namespace: production}
spec: {rules: [{when: [{key: "experimental.envoy.filters.x[y]", values: [z]}]}]}
`
const because = 'AuthorizationPolicy production/odd rule 0 cannot be decided'
const url = 'http://orders.production/api/orders'

const asked = (from: string, expected: 'refused' | 'denied' | 'dropped'): Check => ({
  id: `${from} ${expected}`,
  says: expected,
  request: { from, to: url, method: 'GET', headers: {}, expect: expected },
})

test('a check that meets it is undecided, whatever it expects, and clients say why', async () => {
  const item = await loadScenario('istio-deny-by-default')
  const { cluster, stop } = await createEmbeddedCluster({ mesh: istio })
  try {
    const client = createClient(cluster)
    await client.apply(await labObjects(item))
    await applyChange(cluster, policy)
    await settle(client, ['production', 'staging', 'legacy'])
    const [step] = item.scenario.spec.steps
    const checks = ['legacy/client', 'production/frontend'].flatMap((from) =>
      (['refused', 'denied', 'dropped'] as const).map((expected) => asked(from, expected)),
    )
    const scenario = { ...item.scenario, spec: { ...item.scenario.spec, steps: [{ ...step!, checks }] } }
    const { steps } = await grade({ cluster, mesh: istio, scenario }, { steps: [step!.id] })
    for (const check of steps[0]!.checks)
      expect(check).toMatchObject({ passed: false, undecided: true, because: expect.stringContaining(because) })

    const { network } = await readWorld(cluster, istio, { client })
    const source = findSource(network, 'legacy/client')
    if (!source.found) throw new Error(source.says)
    const { target } = source
    const said = async (...argv: string[]) => (await execText(cluster, target, argv)).stderr
    const words = expect.stringContaining(`meshdojo: not modelled, connection reset: ${because}`)
    expect(await said('curl', '-sS', url)).toEqual(words)
    expect(await said('wget', '-qO-', url)).toEqual(words)
  } finally {
    await stop()
  }
})
