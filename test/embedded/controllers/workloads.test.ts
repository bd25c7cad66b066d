/** StatefulSets, DaemonSets and Jobs. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DaemonSetObject, JobObject, PodObject, StatefulSetObject } from '../../../src/embedded/kinds/types.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { type ControlPlane, controlPlane, imagesOf, jobs, kind, nodeNamed, pods, template } from './control-plane.ts'

const statefulSets = kind('statefulsets', 'apps')
const daemonSets = kind('daemonsets', 'apps')
const revisions = kind('controllerrevisions', 'apps')

let plane: ControlPlane
beforeEach(() => {
  plane = controlPlane({ nodes: [nodeNamed('node-1'), nodeNamed('node-2')] })
})
afterEach(() => plane.stop())

const selector = { matchLabels: { app: 'web' } }
const names = () => plane.pods().map(({ metadata }) => metadata.name)
const create = async (type: string, name: string, spec: object) => {
  const apiVersion = type === 'Job' ? 'batch/v1' : 'apps/v1'
  plane.registry.create({ apiVersion, kind: type, metadata: { name, namespace: 'shop' }, spec })
  await plane.settle()
}
const change = async <T extends KubeObject>(
  of: { group: string; resource: string },
  name: string,
  edit: (draft: T) => void,
) => {
  plane.registry.mutate(of, name, 'shop', (draft) => edit(draft as T))
  await plane.settle()
}

describe('a StatefulSet', () => {
  const set = (more: object = {}) =>
    create('StatefulSet', 'db', { replicas: 3, serviceName: 'db', selector, template: template(), ...more })
  const db = () => plane.get<StatefulSetObject>(statefulSets, 'db')

  test('makes its pods one after the other, each when the one before is ready', async () => {
    plane.holdReadiness(true)
    await set()
    expect(names()).toEqual(['db-0'])
    plane.setReady(plane.pods()[0]!, true)
    await plane.settle()
    expect(names()).toEqual(['db-0', 'db-1'])
  })

  test('gives each pod a name, a host name and its own volume claim', async () => {
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }
    await set({ replicas: 1, volumeClaimTemplates: [claim] })
    expect(plane.pods()[0]).toMatchObject({
      metadata: {
        name: 'db-0',
        labels: { app: 'web', 'statefulset.kubernetes.io/pod-name': 'db-0', 'apps.kubernetes.io/pod-index': '0' },
      },
      spec: {
        hostname: 'db-0',
        subdomain: 'db',
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } }, {}],
      },
    })
    expect(plane.get(kind('persistentvolumeclaims'), 'data-db-0')).toBeDefined()
  })

  test('all at once with the parallel policy', async () => {
    plane.holdReadiness(true)
    await set({ podManagementPolicy: 'Parallel' })
    expect(names()).toEqual(['db-0', 'db-1', 'db-2'])
  })

  test('shrinks from the end', async () => {
    await set()
    await change<StatefulSetObject>(statefulSets, 'db', (draft) => {
      draft.spec!.replicas = 1
    })
    expect(names()).toEqual(['db-0'])
    expect(db().status).toMatchObject({ replicas: 1, readyReplicas: 1 })
  })

  test('updates from the end, down to the partition', async () => {
    await set({ updateStrategy: { rollingUpdate: { partition: 1 } } })
    const before = db().status?.currentRevision
    await change<StatefulSetObject>(statefulSets, 'db', (draft) => {
      draft.spec!.template!.spec!.containers![0]!.image = 'nginx:2'
    })
    expect(plane.pods().map((pod) => imagesOf([pod])[0])).toEqual(['nginx:1', 'nginx:2', 'nginx:2'])
    expect(db().status).toMatchObject({ currentRevision: before, updatedReplicas: 2 })
    await change<StatefulSetObject>(statefulSets, 'db', (draft) => {
      draft.spec!.updateStrategy!.rollingUpdate!.partition = 0
    })
    expect(imagesOf(plane.pods())).toEqual(['nginx:2', 'nginx:2', 'nginx:2'])
    expect(db().status?.currentRevision).toBe(db().status?.updateRevision)
    expect(plane.registry.list(revisions, { namespace: 'shop' })).toHaveLength(2)
  })

  test('updates one pod at a time, even with the parallel policy', async () => {
    await set({ podManagementPolicy: 'Parallel' })
    plane.holdReadiness(true)
    await change<StatefulSetObject>(statefulSets, 'db', (draft) => {
      draft.spec!.template!.spec!.containers![0]!.image = 'nginx:2'
    })
    expect(plane.pods().map((pod) => imagesOf([pod])[0])).toEqual(['nginx:1', 'nginx:1', 'nginx:2'])
  })

  test('brings a lost pod back under its name', async () => {
    await set()
    const { uid } = plane.pods()[1]!.metadata
    plane.registry.delete(pods, 'db-1', 'shop')
    await plane.settle()
    expect(names()).toEqual(['db-0', 'db-1', 'db-2'])
    expect(plane.pods()[1]!.metadata.uid).not.toBe(uid)
  })
})

describe('a DaemonSet', () => {
  const set = (more: object = {}) => create('DaemonSet', 'agent', { selector, template: template(), ...more })
  const nodesOf = () =>
    plane
      .pods()
      .map((pod) => pod.spec?.nodeName)
      .sort()
  const status = () => plane.get<DaemonSetObject>(daemonSets, 'agent').status

  test('has one pod on each node', async () => {
    await set()
    expect(nodesOf()).toEqual(['node-1', 'node-2'])
    expect(status()).toMatchObject({
      desiredNumberScheduled: 2,
      numberReady: 2,
      numberAvailable: 2,
      updatedNumberScheduled: 2,
    })
  })

  test('follows new nodes and the node selector', async () => {
    await set({ template: { ...template(), spec: { ...template().spec, nodeSelector: { zone: 'a' } } } })
    expect(nodesOf()).toEqual([])
    plane.registry.create(nodeNamed('node-3', { metadata: { name: 'node-3', labels: { zone: 'a' } } }))
    await plane.settle()
    expect(nodesOf()).toEqual(['node-3'])
  })

  test('replaces its pods one node at a time', async () => {
    await set()
    plane.holdReadiness(true)
    await change<DaemonSetObject>(daemonSets, 'agent', (draft) => {
      draft.spec!.template!.spec!.containers![0]!.image = 'nginx:2'
    })
    expect(imagesOf(plane.pods())).toEqual(['nginx:1', 'nginx:2'])
    plane.holdReadiness(false)
    for (const pod of plane.pods()) plane.setReady(pod, true)
    await plane.settle()
    expect(imagesOf(plane.pods())).toEqual(['nginx:2', 'nginx:2'])
  })
})

describe('a Job', () => {
  const job = (more: object = {}) =>
    create('Job', 'once', {
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox:1' }] } },
      ...more,
    })
  const once = () => plane.get<JobObject>(jobs, 'once')
  const active = () => plane.pods((pod) => pod.status?.phase === 'Running')
  const conditions = () => (once().status?.conditions ?? []).map(({ type, reason }) => `${type} ${reason}`)
  const finish = async (exitCode: number, which: PodObject[] = active()) => {
    for (const pod of which) plane.finish(pod, exitCode)
    await plane.settle()
  }

  test('completes when its pod has', async () => {
    await job()
    expect(once().status).toMatchObject({ active: 1, ready: 1 })
    await finish(0)
    expect(once().status).toMatchObject({ succeeded: 1, completionTime: expect.any(String) })
    expect(conditions()).toEqual(['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'])
    expect(plane.events('Completed')).toEqual(['Completed: Job completed'])
    expect(plane.pods()).toHaveLength(1)
  })

  test('runs as many at a time as it may', async () => {
    await job({ completions: 3, parallelism: 2 })
    expect(active()).toHaveLength(2)
    await finish(0)
    expect(active()).toHaveLength(1)
    await finish(0)
    expect(once().status).toMatchObject({ succeeded: 3 })
  })

  test('tries again after a while, and gives up in the end', async () => {
    await job({ backoffLimit: 1 })
    await finish(1)
    expect(active()).toEqual([])
    plane.clock.advance(10_000)
    await plane.settle()
    expect(active()).toHaveLength(1)
    await finish(1)
    expect(conditions()).toEqual(['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded'])
    plane.clock.advance(3_600_000)
    await plane.settle()
    expect(active()).toEqual([])
  })

  test('has no pods while it is suspended', async () => {
    await job({ suspend: true })
    expect(plane.pods()).toEqual([])
    expect(conditions()).toEqual(['Suspended JobSuspended'])
    await change<JobObject>(jobs, 'once', (draft) => {
      draft.spec!.suspend = false
    })
    expect(active()).toHaveLength(1)
  })

  test('ends at its deadline', async () => {
    await job({ activeDeadlineSeconds: 60 })
    plane.clock.advance(60_000)
    await plane.settle()
    expect(conditions()).toEqual(['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded'])
    expect(plane.pods()).toEqual([])
  })

  test('goes some time after it has finished', async () => {
    await job({ ttlSecondsAfterFinished: 30 })
    await finish(0)
    plane.clock.advance(30_000)
    await plane.settle()
    expect(plane.registry.list(jobs, { namespace: 'shop' })).toEqual([])
    expect(plane.pods()).toEqual([])
  })
})
