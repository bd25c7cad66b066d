/**
 * LimitRange and ResourceQuota. Words after kubernetes/kubernetes plugin/pkg/admission/limitranger/admission.go,
 * staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go and pkg/quota/v1/evaluator/core/pods.go.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf } from '../api.ts'

let cluster: EmbeddedCluster
let api: Api
let namespace: string
let count = 0
beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  api = apiOf(cluster)
})
afterAll(() => cluster.stop())
beforeEach(async () => {
  namespace = `n${count++}`
  await api('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } }
  if (!cluster.registry.get({ group: '', resource: 'serviceaccounts' }, 'default', namespace))
    cluster.registry.create(account)
})
const add = (resource: string, name: string, spec: object) =>
  api('POST', `/api/v1/namespaces/${namespace}/${resource}`, { metadata: { name }, spec })
type Resources = { requests?: object; limits?: object }
const pod = (name: string, resources: Resources = {}, more: object = {}) =>
  add('pods', name, { containers: [{ name: 'c', image: 'nginx', resources }], ...more })

describe('LimitRange', () => {
  test('fills in what is missing, and says so', async () => {
    await add('limitranges', 'l', {
      limits: [{ type: 'Container', default: { cpu: '500m', memory: '128Mi' }, defaultRequest: { cpu: '100m' } }],
    })
    const { body } = await pod('p', { limits: { memory: '64Mi' } })
    expect(body.spec.containers[0].resources).toEqual({
      limits: { cpu: '500m', memory: '64Mi' },
      requests: { cpu: '100m', memory: '64Mi' },
    })
    expect(body.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    )
  })

  const rows: [limit: object, resources: Resources, says: string][] = [
    [{ max: { cpu: '1' } }, { limits: { cpu: '2' } }, 'maximum cpu usage per Container is 1, but limit is 2'],
    [
      { min: { memory: '100Mi' } },
      { requests: { memory: '50Mi' } },
      'minimum memory usage per Container is 100Mi, but request is 50Mi',
    ],
    [{ type: 'Pod', max: { memory: '1Gi' } }, {}, 'maximum memory usage per Pod is 1Gi.  No limit is specified'],
    [{ type: 'Pod', min: { cpu: '100m' } }, {}, 'minimum cpu usage per Pod is 100m.  No request is specified'],
    [
      { maxLimitRequestRatio: { cpu: '2' } },
      { requests: { cpu: '100m' }, limits: { cpu: '300m' } },
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
    [
      { max: { cpu: '1', memory: '1Gi' } },
      { limits: { cpu: '2', memory: '2Gi' } },
      '[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
    ],
  ]
  test.each(rows)('%j refuses %j', async (limit, resources, says) => {
    await add('limitranges', 'l', { limits: [{ type: 'Container', ...limit }] })
    const { body } = await pod('p', resources)
    expect(body).toMatchObject({ code: 403, message: `pods "p" is forbidden: ${says}` })
  })

  test('of claims', async () => {
    await add('limitranges', 'l', { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] })
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } }
    expect((await add('persistentvolumeclaims', 'c', claim)).body.message).toBe(
      'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
    )
  })

  test('the wrong way round is refused', async () => {
    const { body } = await add('limitranges', 'l', {
      limits: [{ type: 'Container', default: { cpu: '2' }, max: { cpu: '1' } }],
    })
    expect(body.message).toBe(
      'LimitRange "l" is invalid: [spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1, spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater than max value 1]',
    )
  })
})

describe('ResourceQuota', () => {
  const quota = (hard: object, more: object = {}) => add('resourcequotas', 'q', { hard, ...more })

  test('counts pods, and lets go of what is gone', async () => {
    await quota({ pods: '1' })
    expect((await pod('a')).status).toBe(201)
    const { body } = await pod('b')
    expect(body).toMatchObject({ code: 403, reason: 'Forbidden', details: { name: 'b', kind: 'pods' } })
    expect(body.message).toBe(
      'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    )
    await api('DELETE', `/api/v1/namespaces/${namespace}/pods/a`, { gracePeriodSeconds: 0 })
    expect((await pod('b')).status).toBe(201)
  })

  test('of compute has every container say what it wants', async () => {
    await quota({ 'requests.cpu': '1', 'limits.memory': '1Gi' })
    expect((await pod('a')).body.message).toBe(
      'pods "a" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
    )
    expect((await pod('a', { requests: { cpu: '600m' }, limits: { memory: '512Mi' } })).status).toBe(201)
    expect((await pod('b', { requests: { cpu: '600m' }, limits: { memory: '512Mi' } })).body.message).toBe(
      'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
    )
    await new Promise((resolve) => setImmediate(resolve))
    const { body } = await api('GET', `/api/v1/namespaces/${namespace}/resourcequotas/q`)
    expect(body.status).toEqual({
      hard: { 'requests.cpu': '1', 'limits.memory': '1Gi' },
      used: { 'requests.cpu': '600m', 'limits.memory': '512Mi' },
    })
  })

  test('of other kinds', async () => {
    await quota({ 'count/deployments.apps': '0', secrets: '1', 'services.nodeports': '0' })
    const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } }
    const web = { metadata: { name: 'web' }, spec: { selector: { matchLabels: { a: 'b' } }, template } }
    expect((await api('POST', deployments, web)).body.message).toBe(
      'deployments.apps "web" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
    )
    const secrets = `/api/v1/namespaces/${namespace}/secrets`
    expect((await api('POST', secrets, { metadata: { name: 'a' } })).status).toBe(201)
    expect((await api('POST', secrets, { metadata: { name: 'b' } })).status).toBe(403)
    expect((await add('services', 's', { type: 'NodePort', ports: [{ port: 80 }] })).body.message).toMatch(
      /services "s" is forbidden: exceeded quota: q, requested: services.nodeports=1/,
    )
    expect((await add('services', 's', { ports: [{ port: 80 }] })).status).toBe(201)
  })

  test('only of the pods in its scope', async () => {
    await quota({ pods: '0' }, { scopes: ['BestEffort'] })
    expect((await pod('a')).status).toBe(403)
    expect((await pod('a', { requests: { cpu: '1m' } })).status).toBe(201)
  })

  test('of something unknown is refused', async () => {
    expect((await quota({ potatoes: '1' })).body.message).toBe(
      'ResourceQuota "q" is invalid: spec.hard[potatoes]: Invalid value: "potatoes": must be a standard resource for quota',
    )
  })

  test('a Deployment that does not fit says why', async () => {
    await quota({ pods: '1' })
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }
    const spec = { replicas: 2, selector: { matchLabels: { a: 'b' } }, template }
    await api('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, { metadata: { name: 'web' }, spec })
    await new Promise<void>((resolve) => {
      const stop = cluster.registry.watch(
        { group: '', resource: 'events' },
        ({ object }) => {
          if (object.metadata.namespace !== namespace || object.reason !== 'FailedCreate') return
          expect(object.message).toMatch(
            /^Error creating: pods "web-\S+" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1$/,
          )
          queueMicrotask(() => stop())
          resolve()
        },
        { replay: true },
      )
    })
  })
})
