/** Budgets and evictions. Upstream: kubernetes/pkg/controller/disruption/disruption_test.go, test/integration/evictions. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type BudgetObject, budgets } from '../../../src/embedded/controllers/disruption.ts'
import { type ControlPlane, controlPlane, deployment, template } from './control-plane.ts'

const budget = (spec: Record<string, unknown>) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'guard', namespace: 'shop' },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
})

describe('how many may go', () => {
  let plane: ControlPlane
  beforeEach(() => {
    plane = controlPlane()
  })
  afterEach(() => plane.stop())
  const status = () => plane.get<BudgetObject>(budgets, 'guard').status

  test.each<[Record<string, unknown>, number, number]>([
    [{ minAvailable: 2 }, 2, 2],
    [{ minAvailable: 4 }, 4, 0],
    [{ minAvailable: 5 }, 5, 0],
    // Shares round up, of what the Deployment wants.
    [{ minAvailable: '30%' }, 2, 2],
    [{ maxUnavailable: 1 }, 3, 1],
    [{ maxUnavailable: '30%' }, 2, 2],
    [{ maxUnavailable: 0 }, 4, 0],
  ])('%j: %i have to stay, %i may go', async (spec, desiredHealthy, disruptionsAllowed) => {
    plane.registry.create(deployment('web', { replicas: 4 }))
    plane.registry.create(budget(spec))
    await plane.settle()
    expect(status()).toMatchObject({ expectedPods: 4, currentHealthy: 4, desiredHealthy, disruptionsAllowed })
    expect(status()?.conditions).toMatchObject([
      disruptionsAllowed > 0
        ? { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' }
        : { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' },
    ])
  })

  test('pods that are not ready count against it', async () => {
    plane.registry.create(deployment('web', { replicas: 3 }))
    plane.registry.create(budget({ minAvailable: 2 }))
    await plane.settle()
    plane.setReady(plane.pods()[0]!, false)
    await plane.settle()
    expect(status()).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0 })
  })

  test('a share of bare pods is a share of nothing', async () => {
    plane.registry.create({
      apiVersion: 'v1',
      kind: 'Pod',
      ...template(),
      metadata: { name: 'bare', namespace: 'shop', labels: { app: 'web' } },
    })
    plane.registry.create(budget({ maxUnavailable: 1 }))
    await plane.settle()
    expect(status()).toMatchObject({ disruptionsAllowed: 0, conditions: [{ status: 'False', reason: 'SyncFailed' }] })
  })
})

describe('evictions', () => {
  let embedded: EmbeddedCluster
  beforeEach(async () => {
    embedded = await createEmbeddedCluster()
    embedded.registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
    await new Promise((resolve) => setImmediate(resolve))
  })
  afterEach(() => embedded.stop())

  const podNames = (): string[] =>
    embedded.registry.list({ group: '', resource: 'pods' }, { namespace: 'shop' }).map(({ metadata }) => metadata.name)
  const evict = async (name: string) => {
    const response = await embedded.handle(
      new Request(`https://cluster/api/v1/namespaces/shop/pods/${name}/eviction`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } }),
      }),
    )
    return {
      code: response.status,
      retry: response.headers.get('retry-after'),
      ...((await response.json()) as Record<string, unknown>),
    }
  }
  /** Resolves once the budget says so. */
  const until = (holds: (status: BudgetObject['status']) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const stop = embedded.registry.watch(
        budgets,
        ({ object }) => {
          if (!holds((object as BudgetObject).status)) return
          resolve()
          queueMicrotask(() => stop())
        },
        { replay: true },
      )
    })

  test('the budget is spent once, then refuses; a replacement fills it again', async () => {
    embedded.registry.create(deployment('web', { replicas: 2 }))
    embedded.registry.create(budget({ minAvailable: 1 }))
    await until((status) => status?.disruptionsAllowed === 1)
    const [first = '', second = ''] = podNames()
    expect(await evict(first)).toMatchObject({ code: 201, status: 'Success' })
    expect(await evict(second)).toMatchObject({
      code: 429,
      retry: null,
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: expect.stringMatching(/^The disruption budget guard needs 1 healthy pods and has [12] currently$/),
          },
        ],
      },
    })
    await until((status) => status?.disruptionsAllowed === 1)
    expect(await evict(second)).toMatchObject({ code: 201 })
  })

  test('two budgets for one pod are more than an eviction takes', async () => {
    embedded.registry.create(deployment('web', { replicas: 1 }))
    embedded.registry.create(budget({ minAvailable: 0 }))
    embedded.registry.create({ ...budget({ minAvailable: 0 }), metadata: { name: 'other', namespace: 'shop' } })
    await until((status) => status?.currentHealthy === 1)
    expect(await evict(podNames()[0] ?? '')).toMatchObject({
      code: 500,
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    })
  })

  test('without a budget it is a deletion', async () => {
    embedded.registry.create({
      ...budget({}),
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bare', namespace: 'shop' },
      spec: template().spec,
    })
    expect(await evict('bare')).toMatchObject({ code: 201 })
    expect(await evict('none')).toMatchObject({ code: 404 })
  })
})
