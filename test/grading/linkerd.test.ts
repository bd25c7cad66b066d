/** Logs and metrics of a mesh whose proxies are not Istio's, read through the same checks on the embedded cluster. */
import { expect, test } from 'vitest'
import { applyChange } from '../../src/content/change.ts'
import { labObjects, loadScenario } from '../../src/content/load.ts'
import type { Check } from '../../src/content/schema.ts'
import { settle } from '../../src/content/settle.ts'
import { createEmbeddedCluster } from '../../src/embedded/cluster.ts'
import { grade } from '../../src/grading/grade.ts'
import { createClient } from '../../src/kube/client.ts'
import { linkerd } from '../../src/meshes/linkerd/index.ts'

const checks: Check[] = [
  {
    id: 'denied',
    says: 'staging is denied',
    request: {
      from: 'staging/client',
      to: 'http://api-server.production/api/products',
      method: 'GET',
      headers: {},
      expect: 'denied',
    },
  },
  // The api-server's image has no curl: another pod reads the page of its proxy.
  {
    id: 'counted',
    says: 'and counted',
    metric: {
      from: 'production/api-server',
      series: 'inbound_http_authz_deny_total{srv_name="api-server"}',
      where: 'value == 1',
    },
  },
  {
    id: 'told',
    says: 'and told',
    log: { from: 'production/api-server', matches: 'Request denied .*server.name=api-server' },
  },
  {
    id: 'not-counted',
    says: 'orders denied nobody',
    metric: { from: 'production/orders', series: 'inbound_http_authz_deny_total', where: 'value > 0' },
  },
]

test('denials are read from the log and the metrics page of the mesh’s own proxy', async () => {
  const item = await loadScenario('linkerd-a-wall-of-paper')
  const { cluster, stop } = await createEmbeddedCluster({ mesh: linkerd })
  try {
    const client = createClient(cluster)
    await client.apply(await labObjects(item))
    const [step] = item.scenario.spec.steps
    await applyChange(cluster, step!.solution)
    await settle(client, ['production', 'staging', 'legacy'])
    const scenario = { ...item.scenario, spec: { ...item.scenario.spec, steps: [{ ...step!, checks }] } }
    const { steps } = await grade({ cluster, mesh: linkerd, scenario }, { steps: [step!.id] })
    expect(steps[0]?.checks.map(({ id, passed }) => [id, passed])).toEqual([
      ['denied', true],
      ['counted', true],
      ['told', true],
      ['not-counted', false],
    ])
  } finally {
    await stop()
  }
})
