/** Whatever a learner does to a Deployment, in whatever order: it settles with the right pods. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DeploymentObject } from '../../../src/embedded/kinds/types.ts'
import {
  type ControlPlane,
  controlPlane,
  deployment,
  deployments,
  edit,
  imagesOf,
  pods,
  replicaSets,
  setImage,
} from './control-plane.ts'

/** What can happen, by name; `n` is a number that the step may use as it likes. */
const steps: Record<string, (plane: ControlPlane, n: number) => unknown> = {
  wait: (plane) => plane.settle(),
  image: (plane, n) => setImage(plane, 'web', `nginx:${n % 3}`),
  scale: (plane, n) =>
    edit(plane, 'web', (spec) => {
      spec.replicas = n
    }),
  pause: (plane) =>
    edit(plane, 'web', (spec) => {
      spec.paused = true
    }),
  resume: (plane) =>
    edit(plane, 'web', (spec) => {
      delete spec.paused
    }),
  restart: (plane, n) =>
    edit(plane, 'web', (spec) => {
      spec.template!.metadata!.annotations = { restarted: String(n) }
    }),
  strategy: (plane, n) =>
    edit(plane, 'web', (spec) => {
      spec.strategy = { type: n % 2 === 0 ? 'Recreate' : 'RollingUpdate' }
    }),
  delete: (plane) => plane.registry.delete(deployments, 'web', 'shop', { propagationPolicy: 'Background' }),
  kill: (plane, n) => {
    const pod = plane.pods()[n]
    if (pod) plane.registry.delete(pods, pod.metadata.name, 'shop')
  },
  unready: (plane, n) => {
    const pod = plane.pods()[n]
    if (pod?.status?.podIP) plane.setReady(pod, false)
  },
}

const sequence = fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.integer({ min: 0, max: 6 })), {
  maxLength: 12,
})

test('any sequence of changes settles with as many ready pods of the last template as were asked for', async () => {
  await fc.assert(
    fc.asyncProperty(sequence, async (chosen) => {
      const plane = controlPlane()
      const current = () => plane.registry.get(deployments, 'web', 'shop') as DeploymentObject | undefined
      try {
        plane.registry.create(deployment('web'))
        for (const [name, n] of chosen) {
          if (!current()) plane.registry.create(deployment('web'))
          await steps[name]?.(plane, n)
        }
        steps.resume?.(plane, 0)
        await plane.settle()
        for (const pod of plane.pods()) plane.setReady(pod, true)
        await plane.settle()

        const left = current()
        const wanted = left?.spec?.replicas ?? 0
        const image = left?.spec?.template?.spec?.containers?.[0]?.image ?? ''
        expect(imagesOf(plane.pods())).toEqual(Array.from({ length: wanted }, () => image))
        expect(left?.status?.availableReplicas ?? 0).toBe(wanted)
        if (left) expect(left.status?.observedGeneration).toBe(left.metadata.generation)
        else expect(plane.registry.list(replicaSets, { namespace: 'shop' })).toEqual([])
      } finally {
        plane.stop()
      }
    }),
    { numRuns: 80 },
  )
})
