/** Tokens in Secrets and tokens of pods: kubernetes/kubernetes pkg/controller/serviceaccount/tokens_controller.go, pkg/serviceaccount/{claims,legacy}.go. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { type Api, apiOf } from '../api.ts'
import { settled } from '../small-cluster.ts'

const secrets = '/api/v1/namespaces/default/secrets'
const accounts = '/api/v1/namespaces/default/serviceaccounts'
let cluster: EmbeddedCluster
let api: Api
beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  api = apiOf(cluster)
  await settled(cluster)
  await api('POST', accounts, { metadata: { name: 'bot' } })
})
afterAll(() => cluster.stop())

/** Resolves with the Secret's next state that is so, or undefined once it is gone. */
const until = (name: string, holds: (secret: KubeObject | undefined) => boolean): Promise<KubeObject | undefined> =>
  new Promise((resolve) => {
    const kind = { group: '', resource: 'secrets' }
    if (!cluster.registry.get(kind, name, 'default') && holds(undefined)) return resolve(undefined)
    const stop = cluster.registry.watch(
      kind,
      ({ type, object }) => {
        const now = type === 'DELETED' ? undefined : object
        if (object.metadata.name !== name || !holds(now)) return
        resolve(now)
        queueMicrotask(() => stop())
      },
      { replay: true },
    )
  })
const ask = (name: string, account: string) =>
  api('POST', secrets, {
    metadata: { name, annotations: { 'kubernetes.io/service-account.name': account } },
    type: 'kubernetes.io/service-account-token',
  })
const review = async (token: string) =>
  (await api('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } })).body.status

describe('a Secret for a token', () => {
  test('is filled, and its token signs in until either is gone', async () => {
    expect((await ask('bot-token', 'bot')).status).toBe(201)
    const filled = await until('bot-token', (secret) => secret?.data !== undefined)
    const data = filled?.data as Record<string, string>
    const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString()
    expect(text('namespace')).toBe('default')
    expect(text('ca.crt')).toBe(cluster.authority.certificate)
    expect(filled?.metadata.annotations?.['kubernetes.io/service-account.uid']).toBe(
      (await api('GET', `${accounts}/bot`)).body.metadata.uid,
    )
    expect(await review(text('token'))).toMatchObject({
      authenticated: true,
      user: {
        username: 'system:serviceaccount:default:bot',
        groups: expect.arrayContaining(['system:serviceaccounts:default']),
      },
    })
    await api('DELETE', `${secrets}/bot-token`)
    expect(await review(text('token'))).toEqual({ user: {}, error: 'service account token has been invalidated' })
  })

  test('goes with its account, and does not stay without one', async () => {
    await ask('lost', 'nobody')
    await until('lost', (secret) => secret === undefined)
    await api('POST', accounts, { metadata: { name: 'brief' } })
    await ask('brief-token', 'brief')
    await until('brief-token', (secret) => secret?.data !== undefined)
    await api('DELETE', `${accounts}/brief`)
    await until('brief-token', (secret) => secret === undefined)
    expect((await api('GET', `${secrets}/brief-token`)).status).toBe(404)
  })

  test('has to name the account', async () => {
    const { body } = await api('POST', secrets, {
      metadata: { name: 'x' },
      type: 'kubernetes.io/service-account-token',
    })
    expect(body.message).toBe(
      'Secret "x" is invalid: metadata.annotations[kubernetes.io/service-account.name]: Required value',
    )
  })
})

test('a token of a pod ends with the pod', async () => {
  const spec = { containers: [{ name: 'c', image: 'nginx' }], nodeName: 'nowhere', terminationGracePeriodSeconds: 0 }
  const pods = '/api/v1/namespaces/default/pods'
  const made = await api('POST', pods, { metadata: { name: 'p' }, spec })
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: made.body.metadata.uid }
  const { body } = await api('POST', `${accounts}/bot/token`, { spec: { boundObjectRef } })
  expect(await review(body.status.token)).toMatchObject({ authenticated: true })
  await api('DELETE', `${pods}/p`, { gracePeriodSeconds: 0 })
  expect(await review(body.status.token)).toEqual({ user: {}, error: 'service account token has been invalidated' })
})
