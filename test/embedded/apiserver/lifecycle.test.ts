/** From creation to removal: metadata, generation, finalizers, grace, namespaces. No controllers run here. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Clock } from '../../../src/embedded/clock.ts'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf, deployment } from '../api.ts'

const deployments = '/apis/apps/v1/namespaces/default/deployments'
const pods = '/api/v1/namespaces/default/pods'
const namespaces = '/api/v1/namespaces'
const merge = { 'content-type': 'application/merge-patch+json' }
const now = Date.parse('2026-11-24T10:00:00Z')
const stopped: Clock = { now: () => now, after: () => () => {} }

let cluster: EmbeddedCluster
let api: Api
beforeEach(async () => {
  cluster = await createEmbeddedCluster({ clock: stopped })
  cluster.stop()
  api = apiOf(cluster)
  // Admission wants it for every pod, and no controller runs here that would make it.
  await api('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
})

const pod = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
})
const patch = (path: string, body: unknown) => api('PATCH', path, body, merge)

describe('metadata', () => {
  test('the server sets identity; what a client sends of it is dropped', async () => {
    const sent = { ...deployment('a'), status: { replicas: 9 } }
    Object.assign(sent.metadata, { uid: 'mine', generation: 7, creationTimestamp: '2000-01-01T00:00:00Z' })
    const { body } = await api('POST', deployments, sent)
    expect(body.metadata).toMatchObject({
      generation: 1,
      creationTimestamp: '2026-11-24T10:00:00Z',
      namespace: 'default',
    })
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(body.status?.replicas).toBeUndefined()
  })

  test('kind and apiVersion may be missing', async () => {
    const { apiVersion: _a, kind: _k, ...rest } = deployment('a')
    const { status, body } = await api('POST', deployments, rest)
    expect(status).toBe(201)
    expect(body).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' })
  })

  test('generateName', async () => {
    const { body } = await api('POST', deployments, { ...deployment('a'), metadata: { generateName: 'web-' } })
    expect(body.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(body.metadata.generateName).toBe('web-')
  })

  test('generation rises with the spec, not with labels or status', async () => {
    await api('POST', deployments, deployment('a'))
    expect((await patch(`${deployments}/a`, { metadata: { labels: { x: 'y' } } })).body.metadata.generation).toBe(1)
    expect((await patch(`${deployments}/a`, { spec: { replicas: 3 } })).body.metadata.generation).toBe(2)
    const { body } = await patch(`${deployments}/a/status`, { status: { replicas: 3 }, spec: { replicas: 9 } })
    expect(body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 3 } })
    expect((await patch(`${deployments}/a`, { status: { replicas: 7 } })).body.status.replicas).toBe(3)
  })

  test('a PUT without a resourceVersion wins', async () => {
    const { body } = await api('POST', deployments, deployment('a'))
    await patch(`${deployments}/a`, { spec: { replicas: 3 } })
    const { resourceVersion: _rv, ...metadata } = body.metadata
    const answer = await api('PUT', `${deployments}/a`, { ...body, metadata })
    expect(answer.status).toBe(200)
    expect(answer.body.spec.replicas).toBe(1)
  })
})

describe('scale', () => {
  test('reads and writes replicas of a Deployment', async () => {
    await api('POST', deployments, deployment('a'))
    const { body } = await api('GET', `${deployments}/a/scale`)
    expect(body).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'a', namespace: 'default' },
      spec: { replicas: 1 },
      status: { replicas: 0, selector: 'app=a' },
    })
    const put = await api('PUT', `${deployments}/a/scale`, { ...body, spec: { replicas: 4 } })
    expect(put.body.spec.replicas).toBe(4)
    expect((await api('PUT', `${deployments}/a/scale`, { ...body, spec: { replicas: 5 } })).status).toBe(409)
    const negative = await patch(`${deployments}/a/scale`, { spec: { replicas: -1 } })
    expect(negative.body.message).toContain('spec.replicas: Invalid value: -1: must be greater than or equal to 0')
  })
})

describe('deletion', () => {
  test('what nothing holds goes, and a Status says so', async () => {
    const { body: created } = await api('POST', deployments, deployment('a'))
    const { status, body } = await api('DELETE', `${deployments}/a`)
    expect(status).toBe(200)
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', group: 'apps', kind: 'deployments', uid: created.metadata.uid },
    })
    expect((await api('GET', `${deployments}/a`)).status).toBe(404)
  })

  test('finalizers hold it; taking the last one away removes it', async () => {
    const held = deployment('a')
    Object.assign(held.metadata, { finalizers: ['example.com/f'] })
    await api('POST', deployments, held)
    const { body } = await api('DELETE', `${deployments}/a`)
    expect(body.metadata).toMatchObject({
      deletionTimestamp: '2026-11-24T10:00:00Z',
      deletionGracePeriodSeconds: 0,
      generation: 2,
    })
    expect((await api('DELETE', `${deployments}/a`)).body).toEqual(body)
    const more = await patch(`${deployments}/a`, { metadata: { finalizers: ['example.com/f', 'example.com/g'] } })
    expect(more.body.message).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/g"}',
    )
    const again = await api('POST', deployments, deployment('a'))
    expect(again.body.message).toBe('object is being deleted: deployments.apps "a" already exists')
    expect((await patch(`${deployments}/a`, { metadata: { finalizers: null } })).status).toBe(200)
    expect((await api('GET', `${deployments}/a`)).status).toBe(404)
  })

  test.each([
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ])('%s leaves a mark for the garbage collector', async (propagationPolicy, finalizer) => {
    await api('POST', deployments, deployment('a'))
    const { body } = await api('DELETE', `${deployments}/a`, { propagationPolicy })
    expect(body.metadata.finalizers).toEqual([finalizer])
  })

  test('a dry run in the body deletes nothing', async () => {
    await api('POST', deployments, deployment('a'))
    const { status } = await api('DELETE', `${deployments}/a`, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      dryRun: ['All'],
    })
    expect(status).toBe(200)
    expect((await api('GET', `${deployments}/a`)).status).toBe(200)
  })

  test('preconditions', async () => {
    const { body: created } = await api('POST', deployments, deployment('a'))
    const uid = await api('DELETE', `${deployments}/a`, { preconditions: { uid: 'abc' } })
    expect(uid.body).toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on Deployment "a": the UID in the precondition (abc) does not match the UID in record (${created.metadata.uid}). The object might have been deleted and then recreated`,
    })
    const version = await api('DELETE', `${deployments}/a`, { preconditions: { resourceVersion: '1' } })
    expect(version.body.message).toContain('the ResourceVersion in the precondition (1) does not match')
  })

  test('a pod without a node goes at once and is the answer', async () => {
    await api('POST', pods, pod('a'))
    const { body } = await api('DELETE', `${pods}/a`)
    expect(body).toMatchObject({ kind: 'Pod', metadata: { name: 'a' } })
    expect((await api('GET', `${pods}/a`)).status).toBe(404)
  })

  test('a pod on a node has its grace, which a second delete may only shorten', async () => {
    await api('POST', pods, pod('a', { nodeName: 'node-1', terminationGracePeriodSeconds: 20 }))
    const { body } = await api('DELETE', `${pods}/a`)
    expect(body.metadata).toMatchObject({ deletionGracePeriodSeconds: 20, deletionTimestamp: '2026-11-24T10:00:20Z' })
    const longer = await api('DELETE', `${pods}/a`, { gracePeriodSeconds: 60 })
    expect(longer.body.metadata.deletionGracePeriodSeconds).toBe(20)
    const shorter = await api('DELETE', `${pods}/a`, { gracePeriodSeconds: 5 })
    expect(shorter.body.metadata).toMatchObject({
      deletionGracePeriodSeconds: 5,
      deletionTimestamp: '2026-11-24T10:00:05Z',
    })
    await api('DELETE', `${pods}/a`, { gracePeriodSeconds: 0 })
    expect((await api('GET', `${pods}/a`)).status).toBe(404)
  })
})

describe('namespaces', () => {
  const create = (name: string) => api('POST', namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

  test('a deleted one terminates until it is finalized', async () => {
    await create('x')
    const { body } = await api('DELETE', `${namespaces}/x`)
    expect(body).toMatchObject({
      kind: 'Namespace',
      status: { phase: 'Terminating' },
      spec: { finalizers: ['kubernetes'] },
    })
    const late = await api('POST', '/apis/apps/v1/namespaces/x/deployments', deployment('late'))
    expect(late.body).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message:
        'deployments.apps "late" is forbidden: unable to create new content in namespace x because it is being terminated',
      details: {
        causes: [
          { reason: 'NamespaceTerminating', message: 'namespace x is being terminated', field: 'metadata.namespace' },
        ],
      },
    })
    expect((await api('PUT', `${namespaces}/x/finalize`, { ...body, spec: { finalizers: [] } })).status).toBe(200)
    expect((await api('GET', `${namespaces}/x`)).status).toBe(404)
  })

  test('spec.finalizers changes through /finalize only', async () => {
    const { body } = await create('x')
    const answer = await api('PUT', `${namespaces}/x`, { ...body, spec: { finalizers: [] } })
    expect(answer.body.spec.finalizers).toEqual(['kubernetes'])
  })

  test.each(['default', 'kube-system', 'kube-public'])('%s may not be deleted, not even dry', async (name) => {
    const { body } = await api('DELETE', `${namespaces}/${name}?dryRun=All`)
    expect(body).toMatchObject({
      code: 403,
      message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    })
  })
})
