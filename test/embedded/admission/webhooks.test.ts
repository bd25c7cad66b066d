/** Webhooks that cannot be called. Words after k8s.io/apiserver pkg/admission/plugin/webhook and pkg/util/webhook. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { type Api, apiOf } from '../api.ts'

const at = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
const maps = '/api/v1/namespaces/default/configmaps'
let cluster: EmbeddedCluster
let api: Api
beforeAll(async () => {
  cluster = await createEmbeddedCluster({ mesh: istio })
  api = apiOf(cluster)
})
afterAll(() => cluster.stop())
beforeEach(async () => {
  for (const name of ['mine', 'other']) await api('DELETE', `${at}/${name}`)
  await api('DELETE', maps)
})

const service = { namespace: 'default', name: 'gate', path: '/check' }
const register = (webhook: object, name = 'mine') =>
  api('POST', at, {
    metadata: { name },
    webhooks: [
      {
        name: 'gate.example.com',
        clientConfig: { service },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        ...webhook,
      },
    ],
  })
const create = (labels: Record<string, string> = {}) => api('POST', maps, { metadata: { name: 'm', labels } })
const failed = (why: string) =>
  `Internal error occurred: failed calling webhook "gate.example.com": failed to call webhook: Post "https://gate.default.svc:443/check?timeout=10s": ${why}`

describe('what a webhook matches', () => {
  test('is refused, and says what is missing', async () => {
    await register({})
    const { body } = await create()
    expect(body).toMatchObject({ code: 500, reason: 'InternalError', message: failed('service "gate" not found') })
    const spec = { selector: { app: 'gate' }, ports: [{ port: 443 }] }
    await api('POST', '/api/v1/namespaces/default/services', { metadata: { name: 'gate' }, spec })
    expect((await create()).body.message).toBe(failed('no endpoints available for service "gate"'))
    await api('DELETE', '/api/v1/namespaces/default/services/gate')
    // Registration itself is never judged.
    expect((await register({}, 'other')).status).toBe(201)
    expect((await api('DELETE', `${at}/mine`)).status).toBe(200)
  })

  test('passes with a warning where failures are ignored', async () => {
    await register({ failurePolicy: 'Ignore' })
    const { status, headers } = await create()
    expect(status).toBe(201)
    expect(headers.get('warning')).toContain('the request passes because of its failurePolicy Ignore')
  })

  test.each([
    ['other resources', { rules: [{ apiGroups: ['apps'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }] }],
    ['other objects', { objectSelector: { matchLabels: { a: 'b' } } }],
    ['other namespaces', { namespaceSelector: { matchLabels: { a: 'b' } } }],
    ['where its conditions hold', { matchConditions: [{ name: 'c', expression: "object.metadata.name == 'x'" }] }],
  ])('is not %s', async (_name, webhook) => {
    await register(webhook)
    expect((await create()).status).toBe(201)
  })

  test("is nothing of the mesh's own", async () => {
    await register({ clientConfig: { service: { namespace: 'istio-system', name: 'istiod', path: '/x' } } })
    expect((await create()).status).toBe(201)
  })
})
