/** Two forms of the same objects: kubernetes/kubernetes pkg/apis/autoscaling/v1/conversion.go and pkg/apis/events/v1/conversion.go. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf, watchOf } from '../api.ts'

let cluster: EmbeddedCluster
let api: Api
beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  api = apiOf(cluster)
})
afterAll(() => cluster.stop())

describe('autoscaling/v1', () => {
  const v1 = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers'
  const v2 = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers'
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  const merge = { 'content-type': 'application/merge-patch+json' }

  test('what is written in one is read in the other', async () => {
    const spec = { scaleTargetRef, maxReplicas: 4, targetCPUUtilizationPercentage: 70 }
    const made = await api('POST', v1, { metadata: { name: 'a' }, spec })
    expect(made.body).toMatchObject({ apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' })
    expect(made.body.spec).toEqual({ minReplicas: 1, ...spec })
    const { body } = await api('GET', `${v2}/a`)
    expect(body.spec.metrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
    ])
    const patched = await api(
      'PATCH',
      `${v1}/a?fieldValidation=Strict`,
      { spec: { targetCPUUtilizationPercentage: 50 } },
      merge,
    )
    expect(patched.body.spec).toEqual({ minReplicas: 1, ...spec, targetCPUUtilizationPercentage: 50 })
    expect((await api('GET', `${v2}/a`)).body.spec.metrics[0].resource.target.averageUtilization).toBe(50)
  })

  test('other metrics survive in annotations', async () => {
    const memory = {
      type: 'Resource',
      resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
    }
    await api('POST', v2, { metadata: { name: 'm' }, spec: { scaleTargetRef, maxReplicas: 2, metrics: [memory] } })
    const { body } = await api('GET', `${v1}/m`)
    expect(body.spec).toEqual({ scaleTargetRef, minReplicas: 1, maxReplicas: 2 })
    expect(JSON.parse(body.metadata.annotations['autoscaling.alpha.kubernetes.io/metrics'])).toEqual([memory])
    await api('PATCH', `${v1}/m`, { spec: { maxReplicas: 3 } }, merge)
    const stored = (await api('GET', `${v2}/m`)).body
    expect(stored.spec).toMatchObject({ maxReplicas: 3, metrics: [memory] })
    expect(stored.metadata.annotations).toBeUndefined()
  })

  test('lists, deletes, and refuses as the stored kind does', async () => {
    const { body } = await api('GET', v1)
    expect(body.kind).toBe('HorizontalPodAutoscalerList')
    expect(body.apiVersion).toBe('autoscaling/v1')
    const refused = await api('POST', v1, { metadata: { name: 'x' }, spec: { scaleTargetRef, maxReplicas: 0 } })
    expect(refused.body.message).toMatch(/HorizontalPodAutoscaler.autoscaling "x" is invalid: .*spec.maxReplicas/)
    expect((await api('DELETE', `${v1}/m`)).status).toBe(200)
    expect((await api('GET', `${v2}/m`)).status).toBe(404)
  })
})

describe('events.k8s.io/v1', () => {
  const core = '/api/v1/namespaces/default/events'
  const events = '/apis/events.k8s.io/v1/namespaces/default/events'
  const involvedObject = { kind: 'Pod', namespace: 'default', name: 'p' }

  test('are the events of core, renamed', async () => {
    await api('POST', core, {
      metadata: { name: 'e' },
      involvedObject,
      reason: 'Pulled',
      message: 'here',
      type: 'Normal',
      count: 2,
      source: { component: 'kubelet' },
    })
    const { body } = await api('GET', `${events}/e`)
    expect(body).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      regarding: involvedObject,
      note: 'here',
      deprecatedCount: 2,
      deprecatedSource: { component: 'kubelet' },
    })
    expect(body).not.toHaveProperty('message')
    const found = await api('GET', `${events}?fieldSelector=regarding.name%3Dp`)
    expect(found.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(['e'])
  })

  test('are written in one form and watched in the other', async () => {
    const watch = await watchOf(cluster, `${core}?watch=true&fieldSelector=involvedObject.name%3Dq`)
    await api('POST', events, {
      metadata: { name: 'f' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      regarding: { ...involvedObject, name: 'q' },
      note: 'there',
      reason: 'Seen',
      action: 'Looking',
      type: 'Normal',
      reportingController: 'ex.io/c',
      reportingInstance: 'c-0',
    })
    expect((await watch.next()).object).toMatchObject({
      apiVersion: 'v1',
      message: 'there',
      involvedObject: { name: 'q' },
      reportingComponent: 'ex.io/c',
    })
    watch.close()
  })
})

test('Endpoints are told to be old', async () => {
  const { headers } = await api('GET', '/api/v1/namespaces/default/endpoints')
  expect(headers.get('warning')).toBe(
    '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
  )
})
