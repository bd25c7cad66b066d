/** What an autoscaler does and says on a cluster without metrics. Upstream: kubernetes/pkg/controller/podautoscaler/horizontal.go. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DeploymentObject } from '../../../src/embedded/kinds/types.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { type ControlPlane, controlPlane, deployment, deployments, kind } from './control-plane.ts'

let plane: ControlPlane
beforeEach(() => {
  plane = controlPlane()
})
afterEach(() => plane.stop())

const autoscaler = (spec: Record<string, unknown>, apiVersion = 'autoscaling/v2'): KubeObject => ({
  apiVersion,
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 5, ...spec },
})
const seen = () => plane.get<KubeObject>(kind('horizontalpodautoscalers', 'autoscaling'), 'web')
const conditions = () =>
  (seen().status as { conditions: { type: string; status: string; reason: string; message: string }[] }).conditions

test('it cannot know the load, and says so', async () => {
  plane.registry.create(deployment('web', { replicas: 3 }))
  plane.registry.create(autoscaler({}))
  await plane.settle()
  expect(conditions()).toMatchObject([
    { type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale' },
    {
      type: 'ScalingActive',
      status: 'False',
      reason: 'FailedGetResourceMetric',
      message: expect.stringContaining('the server could not find the requested resource (get pods.metrics.k8s.io)'),
    },
  ])
  expect(seen().status).toMatchObject({ currentReplicas: 3, desiredReplicas: 3 })
  expect(plane.events('FailedGetResourceMetric')[0]).toContain('failed to get cpu utilization')
})

test.each([
  [1, { minReplicas: 2 }, 2, 'New size: 2; reason: Current number of replicas below Spec.MinReplicas'],
  [9, { maxReplicas: 4 }, 4, 'New size: 4; reason: Current number of replicas above Spec.MaxReplicas'],
])('%i replicas are brought within %j', async (replicas, spec, wanted, message) => {
  plane.registry.create(deployment('web', { replicas }))
  plane.registry.create(autoscaler(spec))
  await plane.settle()
  expect(plane.get<DeploymentObject>(deployments, 'web').spec?.replicas).toBe(wanted)
  expect(plane.events('SuccessfulRescale')).toEqual([`SuccessfulRescale: ${message}`])
})

test('scaled to nothing it rests; without a target it complains', async () => {
  plane.registry.create(deployment('web', { replicas: 0 }))
  plane.registry.create(autoscaler({ minReplicas: 2 }))
  await plane.settle()
  expect(conditions().at(-1)).toMatchObject({ status: 'False', reason: 'ScalingDisabled' })
  expect(plane.get<DeploymentObject>(deployments, 'web').spec?.replicas).toBe(0)
  plane.registry.delete(deployments, 'web', 'shop')
  await plane.settle()
  expect(conditions()).toContainEqual(
    expect.objectContaining({
      reason: 'FailedGetScale',
      message: `the HPA controller was unable to get the target's current scale: deployments.apps "web" not found`,
    }),
  )
})

test('autoscaling/v1 is kept as v2', async () => {
  plane.registry.create(autoscaler({ targetCPUUtilizationPercentage: 60 }, 'autoscaling/v1'))
  expect(seen()).toMatchObject({
    spec: { minReplicas: 1, metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 60 } } }] },
  })
  expect(seen().spec).not.toHaveProperty('targetCPUUtilizationPercentage')
})
