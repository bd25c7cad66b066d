import { describe, expect, test } from 'vitest'
import { createEmbeddedCluster } from '../../../src/embedded/cluster.ts'
import type { Mesh } from '../../../src/meshes/mesh.ts'
import { apiOf } from '../api.ts'

const sidecar = {
  name: 'istio-proxy',
  image: 'istio/proxyv2',
  readinessProbe: { httpGet: { path: '/ready', port: 15021 }, initialDelaySeconds: 0 },
}

/** Injects where the namespace says so, and refuses what is called `bad`. */
const mesh: Mesh = {
  name: 'istio',
  proxyContainer: 'istio-proxy',
  validator: 'validation.istio.io',
  reads: [],
  compile: () => ({ model: undefined, problems: [] }),
  decide: () => {
    throw new Error('nothing is asked here')
  },
  crds: async () => [],
  install: () => [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } }],
  validate: ({ object }) =>
    object.metadata.name === 'bad'
      ? { allowed: false, message: 'it is bad' }
      : { allowed: true, warnings: object.metadata.name === 'odd' ? ['it is odd'] : [] },
  inject: (pod, namespace) =>
    namespace.metadata.labels?.['istio-injection'] === 'enabled'
      ? { ...pod, spec: { ...pod.spec, containers: [...pod.spec.containers, sidecar] } }
      : pod,
  isMeshed: () => false,
}

describe('a mesh’s webhooks', async () => {
  const cluster = await createEmbeddedCluster({ mesh })
  cluster.stop()
  const api = apiOf(cluster)
  const namespace = async (name: string, labels: Record<string, string> = {}) => {
    const answer = await api('POST', '/api/v1/namespaces', { metadata: { name, labels } })
    await api('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } })
    return answer
  }
  const pod = (ns: string, name = 'p') =>
    api('POST', `/api/v1/namespaces/${ns}/pods`, {
      metadata: { name },
      spec: { containers: [{ name: 'c', image: 'nginx' }] },
    })

  test('what the mesh installs is there', async () => {
    expect((await api('GET', '/api/v1/namespaces/istio-system')).status).toBe(200)
  })

  test('pods get their sidecar when they are created, with the server’s defaults', async () => {
    await namespace('meshed', { 'istio-injection': 'enabled' })
    const { body } = await pod('meshed')
    expect(body.spec.containers).toMatchObject([
      { name: 'c' },
      { name: 'istio-proxy', terminationMessagePath: '/dev/termination-log' },
    ])
    await namespace('plain')
    expect((await pod('plain')).body.spec.containers).toHaveLength(1)
    await api(
      'PATCH',
      '/api/v1/namespaces/plain',
      { metadata: { labels: { 'istio-injection': 'enabled' } } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect((await api('GET', '/api/v1/namespaces/plain/pods/p')).body.spec.containers).toHaveLength(1)
  })

  test('a pod with a sidecar takes changes, whatever zeros its injector wrote', async () => {
    await namespace('changing', { 'istio-injection': 'enabled' })
    const { body } = await pod('changing')
    expect(body.spec.containers[1].readinessProbe).not.toHaveProperty('initialDelaySeconds')
    const path = '/api/v1/namespaces/changing/pods/p'
    const patch = { metadata: { labels: { tier: 'web' } } }
    const labelled = await api('PATCH', path, patch, { 'content-type': 'application/merge-patch+json' })
    expect(labelled.body).toMatchObject({ kind: 'Pod', metadata: { labels: { tier: 'web' } } })
    const debugger_ = { spec: { ephemeralContainers: [{ name: 'debugger', image: 'busybox' }] } }
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
    expect((await api('PATCH', `${path}/ephemeralcontainers`, debugger_, strategic)).status).toBe(200)
  })

  test('a refusal comes in the webhook’s name', async () => {
    const { status, body } = await namespace('bad')
    expect(status).toBe(400)
    expect(body.message).toBe('admission webhook "validation.istio.io" denied the request: it is bad')
    expect(body.reason).toBeUndefined()
  })

  test('a warning is passed on', async () => {
    expect((await namespace('odd')).headers.get('warning')).toBe('299 - "it is odd"')
  })
})
