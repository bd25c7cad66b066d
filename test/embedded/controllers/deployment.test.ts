import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeploymentObject, ReplicaSetObject } from '../../../src/embedded/kinds/types.ts'
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

let plane: ControlPlane
beforeEach(() => {
  plane = controlPlane()
})
afterEach(() => plane.stop())

const web = () => plane.get<DeploymentObject>(deployments, 'web')
const sets = () => plane.registry.list(replicaSets, { namespace: 'shop' }) as ReplicaSetObject[]
const sizes = () =>
  sets()
    .map((set) => `${set.spec?.template?.spec?.containers?.[0]?.image} ${set.spec?.replicas}`)
    .sort()
const revision = (object: { metadata: { annotations?: Record<string, string> } }) =>
  object.metadata.annotations?.['deployment.kubernetes.io/revision']
const progressing = () => web().status?.conditions?.find(({ type }) => type === 'Progressing')

const apply = async (spec = {}) => {
  plane.registry.create(deployment('web', spec))
  await plane.settle()
}

describe('a new Deployment', () => {
  test('has a ReplicaSet and running pods, named and labelled for its template', async () => {
    await apply()
    const [set] = sets()
    const hash = set?.metadata.labels?.['pod-template-hash'] ?? ''
    expect(hash).toMatch(/^[456789bcdf]{8,10}$/)
    expect(set?.metadata.name).toBe(`web-${hash}`)
    expect(set?.spec?.selector).toEqual({ matchLabels: { app: 'web', 'pod-template-hash': hash } })
    expect(plane.pods()).toHaveLength(3)
    for (const pod of plane.pods()) {
      expect(pod.metadata.name).toMatch(new RegExp(`^web-${hash}-[a-z0-9]{5}$`))
      expect(pod.metadata.labels).toEqual({ app: 'web', 'pod-template-hash': hash })
      expect(pod.spec?.nodeName).toBe('node-1')
    }
  })

  test('says so in its status', async () => {
    await apply()
    expect(web().status).toMatchObject({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      conditions: [
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
      ],
    })
    expect(progressing()?.message).toBe(`ReplicaSet "${sets()[0]?.metadata.name}" has successfully progressed.`)
    expect(web().status).not.toHaveProperty('unavailableReplicas')
    expect(revision(web())).toBe('1')
  })

  test('tells what it did in events', async () => {
    await apply()
    expect(plane.events('ScalingReplicaSet')).toEqual([
      `ScalingReplicaSet: Scaled up replica set ${sets()[0]?.metadata.name} from 0 to 3`,
    ])
    expect(plane.events('SuccessfulCreate')).toHaveLength(3)
  })

  test('leaves nothing running once it is there', async () => {
    await apply()
    const { revision: before } = plane.registry
    // Only the event expiry waits, for an hour.
    plane.clock.advance(59 * 60 * 1000)
    await plane.settle()
    expect(plane.registry.revision).toBe(before)
  })
})

describe('a rollout', () => {
  test('replaces all pods and keeps the old ReplicaSet', async () => {
    await apply()
    setImage(plane, 'web', 'nginx:2')
    await plane.settle()
    expect(sizes()).toEqual(['nginx:1 0', 'nginx:2 3'])
    expect(imagesOf(plane.pods())).toEqual(['nginx:2', 'nginx:2', 'nginx:2'])
    expect(web().status).toMatchObject({ observedGeneration: 2, updatedReplicas: 3, availableReplicas: 3 })
    expect(revision(web())).toBe('2')
  })

  test.each([
    [10, '25%', '25%', 13, 8],
    [4, 1, 0, 5, 4],
    [4, 0, 1, 4, 3],
    [1, '25%', '25%', 2, 1],
    [3, '100%', '0%', 6, 3],
  ])(
    'of %d with surge %s and unavailable %s has at most %d pods and at least %d ready',
    async (replicas, maxSurge, maxUnavailable, most, least) => {
      await apply({ replicas, strategy: { rollingUpdate: { maxSurge, maxUnavailable } } })
      let highest = 0
      let lowest = replicas
      const stop = plane.registry.watch(pods, () => {
        const live = plane.pods(({ metadata }) => !metadata.deletionTimestamp)
        const isReady = (type: string, status: string) => type === 'Ready' && status === 'True'
        highest = Math.max(highest, live.length)
        lowest = Math.min(
          lowest,
          live.filter((pod) => pod.status?.conditions?.some((one) => isReady(one.type, one.status))).length,
        )
      })
      setImage(plane, 'web', 'nginx:2')
      await plane.settle()
      stop()
      expect(imagesOf(plane.pods())).toEqual(Array.from({ length: replicas }, () => 'nginx:2'))
      expect(highest).toBeLessThanOrEqual(most)
      expect(lowest).toBeGreaterThanOrEqual(least)
    },
  )

  test('stops while the new pods are not ready, and says so when the deadline has passed', async () => {
    await apply()
    plane.holdReadiness(true)
    setImage(plane, 'web', 'nginx:broken')
    await plane.settle()
    expect(sizes()).toEqual(['nginx:1 3', 'nginx:broken 1'])
    expect(progressing()).toMatchObject({ status: 'True', reason: 'ReplicaSetUpdated' })

    plane.clock.advance(601_000)
    await plane.settle()
    expect(progressing()).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' })
    expect(web().status).toMatchObject({ availableReplicas: 3, updatedReplicas: 1, unavailableReplicas: 1 })
  })

  test('goes on when a pod becomes ready', async () => {
    await apply()
    plane.holdReadiness(true)
    setImage(plane, 'web', 'nginx:2')
    await plane.settle()
    plane.holdReadiness(false)
    for (const pod of plane.pods((one) => imagesOf([one])[0] === 'nginx:2')) plane.setReady(pod, true)
    await plane.settle()
    expect(sizes()).toEqual(['nginx:1 0', 'nginx:2 3'])
  })

  test('waits for minReadySeconds', async () => {
    await apply({ minReadySeconds: 5 })
    expect(web().status).toMatchObject({ readyReplicas: 3, unavailableReplicas: 3 })
    plane.clock.advance(5_000)
    await plane.settle()
    expect(web().status).toMatchObject({ availableReplicas: 3 })
  })

  test('with Recreate never has old and new pods together', async () => {
    await apply({ strategy: { type: 'Recreate' } })
    let mixed = false
    const stop = plane.registry.watch(pods, () => {
      mixed ||= new Set(imagesOf(plane.pods())).size > 1
    })
    plane.holdDeletion(true)
    setImage(plane, 'web', 'nginx:2')
    await plane.settle()
    expect(imagesOf(plane.pods())).toEqual(['nginx:1', 'nginx:1', 'nginx:1'])
    plane.holdDeletion(false)
    await plane.settle()
    stop()
    expect(imagesOf(plane.pods())).toEqual(['nginx:2', 'nginx:2', 'nginx:2'])
    expect(mixed).toBe(false)
  })

  test('back to an earlier template takes that ReplicaSet again, as a new revision', async () => {
    await apply()
    setImage(plane, 'web', 'nginx:2')
    await plane.settle()
    setImage(plane, 'web', 'nginx:1')
    await plane.settle()
    expect(sizes()).toEqual(['nginx:1 3', 'nginx:2 0'])
    const first = sets().find((set) => set.spec?.replicas === 3)
    expect(revision(web())).toBe('3')
    expect(revision(first!)).toBe('3')
    expect(first?.metadata.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1')
  })

  test('by restart replaces the pods of an unchanged image', async () => {
    await apply()
    const before = plane.pods().map(({ metadata }) => metadata.uid)
    edit(plane, 'web', (spec) => {
      spec.template!.metadata!.annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-11-24T10:00:00Z' }
    })
    await plane.settle()
    expect(plane.pods()).toHaveLength(3)
    expect(plane.pods().filter(({ metadata }) => before.includes(metadata.uid))).toEqual([])
  })

  test('forgets the oldest revisions beyond the limit', async () => {
    await apply({ revisionHistoryLimit: 1 })
    for (const image of ['nginx:2', 'nginx:3', 'nginx:4']) {
      setImage(plane, 'web', image)
      await plane.settle()
    }
    expect(sizes()).toEqual(['nginx:3 0', 'nginx:4 3'])
  })

  test('waits while paused, but scaling does not', async () => {
    await apply()
    edit(plane, 'web', (spec) => {
      spec.paused = true
      spec.replicas = 5
      spec.template!.spec!.containers![0]!.image = 'nginx:2'
    })
    await plane.settle()
    expect(sizes()).toEqual(['nginx:1 5'])
    expect(progressing()).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' })
    edit(plane, 'web', (spec) => {
      delete spec.paused
    })
    await plane.settle()
    expect(sizes()).toEqual(['nginx:1 0', 'nginx:2 5'])
    expect(progressing()).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' })
  })
})

describe('scaling', () => {
  test.each([5, 1, 0])('to %d', async (replicas) => {
    await apply()
    plane.registry.mutate(
      deployments,
      'web',
      'shop',
      (draft) => {
        ;(draft as DeploymentObject).spec!.replicas = replicas
      },
      { subresource: 'scale' },
    )
    await plane.settle()
    expect(plane.pods()).toHaveLength(replicas)
    expect(web().status?.observedGeneration).toBe(2)
    expect(plane.events('ScalingReplicaSet').at(-1)).toBe(
      `ScalingReplicaSet: Scaled ${replicas > 3 ? 'up' : 'down'} replica set ${sets()[0]?.metadata.name} from 3 to ${replicas}`,
    )
  })

  test('in the middle of a rollout is shared by old and new', async () => {
    await apply({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } })
    plane.holdReadiness(true)
    setImage(plane, 'web', 'nginx:2')
    await plane.settle()
    expect(sizes()).toEqual(['nginx:1 8', 'nginx:2 5'])
    edit(plane, 'web', (spec) => {
      spec.replicas = 15
    })
    await plane.settle()
    // The example of the documentation: five more, three for the larger half and two for the smaller.
    expect(sizes()).toEqual(['nginx:1 11', 'nginx:2 7'])
  })
})

describe('what others do to its pods', () => {
  test('a deleted pod is replaced', async () => {
    await apply()
    const [pod] = plane.pods()
    plane.registry.delete(pods, pod!.metadata.name, 'shop')
    await plane.settle()
    expect(plane.pods()).toHaveLength(3)
    expect(plane.pods().map(({ metadata }) => metadata.name)).not.toContain(pod!.metadata.name)
  })

  test('a pod on its way out is replaced before it has gone', async () => {
    await apply()
    plane.holdDeletion(true)
    plane.registry.delete(pods, plane.pods()[0]!.metadata.name, 'shop')
    await plane.settle()
    expect(plane.pods()).toHaveLength(4)
    expect(web().status).toMatchObject({ replicas: 3, terminatingReplicas: 1 })
  })

  test('a pod that loses its label is let go and replaced', async () => {
    await apply()
    const name = plane.pods()[0]!.metadata.name
    plane.registry.mutate(pods, name, 'shop', (draft) => {
      draft.metadata.labels = { app: 'debug' }
    })
    await plane.settle()
    expect(plane.pods()).toHaveLength(4)
    expect(plane.get(pods, name).metadata.ownerReferences ?? []).toEqual([])
  })

  test('a deleted ReplicaSet comes back', async () => {
    await apply()
    plane.registry.delete(replicaSets, sets()[0]!.metadata.name, 'shop')
    await plane.settle()
    expect(sizes()).toEqual(['nginx:1 3'])
    expect(plane.pods()).toHaveLength(3)
  })

  test('refused pods show in an event and a condition, and are tried again', async () => {
    await apply({
      template: {
        ...deployment('web').spec!.template,
        spec: { serviceAccountName: 'later', containers: [{ name: 'c', image: 'nginx:1' }] },
      },
    })
    expect(plane.pods()).toEqual([])
    const set = sets()[0]!
    const refusal = `pods "${set.metadata.name}-" is forbidden: error looking up service account shop/later: serviceaccount "later" not found`
    expect(plane.events('FailedCreate')).toContain(`FailedCreate: Error creating: ${refusal}`)
    expect(set.status?.conditions).toMatchObject([{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' }])
    plane.registry.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'later', namespace: 'shop' } })
    plane.clock.advance(10_000)
    await plane.settle()
    expect(plane.pods()).toHaveLength(3)
    expect(sets()[0]!.status?.conditions).toBeUndefined()
  })
})
