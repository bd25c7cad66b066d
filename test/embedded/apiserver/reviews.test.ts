/** Questions instead of objects: reviews and tokens; and what is refused to whom. */
import { createLocalJWKSet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../../src/embedded/apiserver/auth.ts'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf } from '../api.ts'

const bob: User = { username: 'bob', groups: ['system:authenticated'] }
const authorization = '/apis/authorization.k8s.io/v1'
const authentication = '/apis/authentication.k8s.io/v1'
const accounts = '/api/v1/namespaces/default/serviceaccounts'

let cluster: EmbeddedCluster
let api: Api
const asBob: Api = (...call) =>
  apiOf({ cluster: { ...cluster.cluster, fetch: (request) => cluster.handle(request, bob) } })(...call)
beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  cluster.stop()
  api = apiOf(cluster)
  await api('POST', accounts, { metadata: { name: 'robot' } })
})

describe('reviews', () => {
  const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'default' }
  test('who am I', async () => {
    const { status, body } = await asBob('POST', `${authentication}/selfsubjectreviews`, {})
    expect(status).toBe(201)
    expect(body.status).toEqual({ userInfo: { username: 'bob', groups: ['system:authenticated'] } })
  })

  test('may I', async () => {
    const ask = { spec: { resourceAttributes } }
    expect((await api('POST', `${authorization}/selfsubjectaccessreviews`, ask)).body.status).toEqual({ allowed: true })
    expect((await asBob('POST', `${authorization}/selfsubjectaccessreviews`, ask)).body.status).toEqual({
      allowed: false,
    })
  })

  test('may somebody else', async () => {
    const ask = (user: string, groups: string[]) =>
      api('POST', `${authorization}/subjectaccessreviews`, { spec: { user, groups, resourceAttributes } })
    expect((await ask('bob', [])).body.status.allowed).toBe(false)
    expect((await ask('eve', ['system:masters'])).body.status.allowed).toBe(true)
  })

  test('what may I', async () => {
    const { body } = await api('POST', `${authorization}/selfsubjectrulesreviews`, { spec: { namespace: 'default' } })
    expect(body.status.resourceRules[0]).toEqual({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] })
  })
})

describe('authorization', () => {
  test.each([
    [
      'GET',
      '/api/v1/namespaces/x/pods',
      'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "x"',
    ],
    [
      'DELETE',
      '/apis/apps/v1/namespaces/x/deployments/web',
      'deployments.apps "web" is forbidden: User "bob" cannot delete resource "deployments" in API group "apps" in the namespace "x"',
    ],
    [
      'GET',
      '/api/v1/nodes',
      'nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    [
      'GET',
      '/api/v1/namespaces/x/pods/p/log',
      'pods "p" is forbidden: User "bob" cannot get resource "pods/log" in API group "" in the namespace "x"',
    ],
    ['GET', '/metrics', 'forbidden: User "bob" cannot get path "/metrics"'],
  ])('%s %s', async (method, path, message) => {
    const { status, body } = await asBob(method, path)
    expect(status).toBe(403)
    expect(body).toMatchObject({ reason: 'Forbidden', message })
  })

  test('discovery is for everybody who signed in', async () => {
    expect((await asBob('GET', '/apis')).status).toBe(200)
  })

  test('the administrator may speak for somebody else, bob may not', async () => {
    const headers = { 'impersonate-user': 'system:serviceaccount:default:robot' }
    const { body } = await api('POST', `${authentication}/selfsubjectreviews`, {}, headers)
    expect(body.status.userInfo).toEqual({
      username: 'system:serviceaccount:default:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    })
    expect((await asBob('GET', '/apis', undefined, headers)).status).toBe(403)
  })
})

describe('tokens', () => {
  const request = (spec: object, name = 'robot') => api('POST', `${accounts}/${name}/token`, { spec })

  test('a JWT that the published keys verify', async () => {
    const { status, body } = await request({ audiences: ['istio-ca'], expirationSeconds: 1200 })
    expect(status).toBe(201)
    const keys = createLocalJWKSet((await api('GET', '/openid/v1/jwks')).body)
    const { payload, protectedHeader } = await jwtVerify(body.status.token, keys, { audience: 'istio-ca' })
    expect(protectedHeader.kid).toBeTruthy()
    expect(payload).toMatchObject({
      iss: 'https://kubernetes.default.svc.cluster.local',
      sub: 'system:serviceaccount:default:robot',
      aud: ['istio-ca'],
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot' } },
    })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(1200)
  })

  test('TokenReview knows its own, for its audience, while the account lives', async () => {
    await api('POST', accounts, { metadata: { name: 'brief' } })
    const { body } = await request({}, 'brief')
    const ask = (spec: object) => api('POST', `${authentication}/tokenreviews`, { spec })
    const { token } = body.status
    expect((await ask({ token })).body.status).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:brief' },
    })
    expect((await ask({ token, audiences: ['other'] })).body.status.authenticated).toBeUndefined()
    await api('DELETE', `${accounts}/brief`)
    expect((await ask({ token })).body.status).toMatchObject({ error: 'service account token has been invalidated' })
    expect((await ask({ token: 'x' })).body.status.error).toMatch(/^\[invalid bearer token, /)
  })

  test.each([
    [
      'robot',
      { expirationSeconds: 60 },
      422,
      /spec\.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes$/,
    ],
    ['nobody', {}, 404, /^serviceaccounts "nobody" not found$/],
    ['robot', { boundObjectRef: { kind: 'Pod', name: 'gone' } }, 404, /^pods "gone" not found$/],
  ])('%s %o is refused', async (name, spec, status, message) => {
    const answer = await request(spec, name)
    expect(answer.status).toBe(status)
    expect(answer.body.message).toMatch(message)
  })
})
