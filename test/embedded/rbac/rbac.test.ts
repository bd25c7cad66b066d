/**
 * Who may do what, asked over the API. Words after kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/rbac.go,
 * pkg/registry/rbac/validation/rule.go and k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../../src/embedded/apiserver/auth.ts'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf } from '../api.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
let cluster: EmbeddedCluster
let admin: Api
const as = (username: string, ...groups: string[]): Api => {
  const user: User = { username, groups: [...groups, 'system:authenticated'] }
  return apiOf({ cluster: { ...cluster.cluster, fetch: (request) => cluster.handle(request, user) } })
}
const role = (name: string, rules: object[], more: object = {}) => ({ metadata: { name, ...more }, rules })
const bound = (name: string, kind: string, to: string, ...subjects: object[]) => ({
  metadata: { name },
  roleRef: { kind, name: to },
  subjects,
})
const user = (name: string) => ({ kind: 'User', name })
const pods = { apiGroups: [''], resources: ['pods'] }

beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  admin = apiOf(cluster)
  for (const name of ['shop', 'bank']) await admin('POST', '/api/v1/namespaces', { metadata: { name } })
  await admin('POST', `${rbac}/namespaces/shop/roles`, role('reader', [{ ...pods, verbs: ['get', 'list'] }]))
  await admin('POST', `${rbac}/namespaces/shop/rolebindings`, bound('read', 'Role', 'reader', user('bob')))
})
afterAll(() => cluster.stop())

describe('rights', () => {
  test('end at the namespace of the binding and at the verbs of the role', async () => {
    const bob = as('bob')
    expect((await bob('GET', '/api/v1/namespaces/shop/pods')).status).toBe(200)
    expect((await bob('GET', '/api/v1/namespaces/bank/pods')).body.message).toBe(
      'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "bank"',
    )
    expect((await bob('GET', '/api/v1/pods')).body.message).toBe(
      'pods is forbidden: User "bob" cannot list resource "pods" in API group "" at the cluster scope',
    )
    expect((await bob('DELETE', '/api/v1/namespaces/shop/pods/x')).body).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      details: { name: 'x', kind: 'pods' },
      message:
        'pods "x" is forbidden: User "bob" cannot delete resource "pods" in API group "" in the namespace "shop"',
    })
  })

  test('of a ClusterRole bound in a namespace hold there', async () => {
    await admin('POST', `${rbac}/namespaces/bank/rolebindings`, bound('views', 'ClusterRole', 'view', user('vera')))
    const vera = as('vera')
    expect((await vera('GET', '/apis/apps/v1/namespaces/bank/deployments')).status).toBe(200)
    expect((await vera('GET', '/api/v1/namespaces/bank')).status).toBe(200)
    expect((await vera('GET', '/api/v1/namespaces/bank/secrets')).status).toBe(403)
    expect((await vera('GET', '/api/v1/namespaces/shop')).body.message).toBe(
      'namespaces "shop" is forbidden: User "vera" cannot get resource "namespaces" in API group "" in the namespace "shop"',
    )
  })

  test('to named objects cover a list of that name only', async () => {
    const rules = [
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['mine'], verbs: ['get', 'list', 'watch'] },
    ]
    await admin('POST', `${rbac}/namespaces/shop/roles`, role('one', rules))
    await admin('POST', `${rbac}/namespaces/shop/rolebindings`, bound('one', 'Role', 'one', user('nina')))
    const nina = as('nina')
    const at = '/api/v1/namespaces/shop/secrets'
    expect((await nina('GET', at)).status).toBe(403)
    expect((await nina('GET', `${at}?fieldSelector=metadata.name%3Dmine`)).status).toBe(200)
    expect((await nina('GET', `${at}/mine`)).status).toBe(404)
    expect((await nina('GET', `${at}/other`)).status).toBe(403)
  })

  test('a binding to nothing says what is missing', async () => {
    await admin('POST', `${rbac}/namespaces/shop/rolebindings`, bound('lost', 'ClusterRole', 'nowhere', user('lou')))
    expect((await as('lou')('GET', '/api/v1/namespaces/shop/pods')).body.message).toBe(
      'pods is forbidden: User "lou" cannot list resource "pods" in API group "" in the namespace "shop": RBAC: clusterrole.rbac.authorization.k8s.io "nowhere" not found',
    )
  })

  test('an apply that would create asks for create too', async () => {
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] }]
    await admin('POST', `${rbac}/namespaces/shop/roles`, role('patcher', rules))
    await admin('POST', `${rbac}/namespaces/shop/rolebindings`, bound('patcher', 'Role', 'patcher', user('pat')))
    const { body } = await as('pat')(
      'PATCH',
      '/api/v1/namespaces/shop/configmaps/new?fieldManager=x',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' } },
      { 'content-type': 'application/apply-patch+yaml' },
    )
    expect(body.message).toBe(
      'configmaps "new" is forbidden: User "pat" cannot create resource "configmaps" in API group "" in the namespace "shop"',
    )
  })

  test('paths: discovery for everybody who signed in, version for all, nothing else', async () => {
    const anonymous = apiOf({
      cluster: {
        ...cluster.cluster,
        fetch: (request) =>
          cluster.handle(request, { username: 'system:anonymous', groups: ['system:unauthenticated'] }),
      },
    })
    expect((await anonymous('GET', '/version')).status).toBe(200)
    expect((await anonymous('GET', '/healthz')).status).toBe(200)
    expect((await anonymous('GET', '/apis')).body.message).toBe(
      'forbidden: User "system:anonymous" cannot get path "/apis"',
    )
    expect((await as('bob')('GET', '/apis')).status).toBe(200)
    expect((await as('bob')('GET', '/openapi/v3')).status).toBe(200)
    expect((await as('bob')('GET', '/metrics')).status).toBe(403)
  })
})

describe('aggregation', () => {
  test('a role with the label becomes part of view, edit and admin, and leaves with it', async () => {
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }
    const rule = { apiGroups: ['ex.io'], resources: ['widgets'], verbs: ['get'] }
    const rulesOf = async (name: string) => (await admin('GET', `${rbac}/clusterroles/${name}`)).body.rules
    const before = await rulesOf('admin')
    await admin('POST', `${rbac}/clusterroles`, role('widgets', [rule], { labels }))
    const settled = () => new Promise((resolve) => setImmediate(resolve))
    await settled()
    for (const name of ['view', 'edit', 'admin']) expect(await rulesOf(name)).toContainEqual(rule)
    await admin('DELETE', `${rbac}/clusterroles/widgets`)
    await settled()
    expect(await rulesOf('view')).not.toContainEqual(rule)
    expect(await rulesOf('admin')).toEqual(before)
  })
})

describe('escalation', () => {
  const owner = () => as('olga', 'staff')
  beforeAll(async () => {
    await admin('POST', `${rbac}/namespaces/shop/rolebindings`, bound('olga', 'ClusterRole', 'admin', user('olga')))
  })

  test('a role may hold what its author holds', async () => {
    const { status } = await owner()('POST', `${rbac}/namespaces/shop/roles`, role('ok', [{ ...pods, verbs: ['get'] }]))
    expect(status).toBe(201)
  })

  test('and nothing more', async () => {
    const rules = [
      { ...pods, verbs: ['*'] },
      { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'get'] },
    ]
    const { body } = await owner()('POST', `${rbac}/namespaces/shop/roles`, role('more', rules))
    expect(body).toMatchObject({ code: 403, reason: 'Forbidden', details: { name: 'more', kind: 'roles' } })
    expect(body.message).toBe(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "olga" (groups=["staff" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["nodes"], Verbs:["list" "get"]}\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["*"]}',
    )
  })

  test('nor is a stronger role bound', async () => {
    const give = bound('give', 'ClusterRole', 'cluster-admin', user('olga'))
    const { body } = await owner()('POST', `${rbac}/namespaces/shop/rolebindings`, give)
    expect(body.message).toBe(
      'rolebindings.rbac.authorization.k8s.io "give" is forbidden: user "olga" (groups=["staff" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
    )
    const missing = bound('gone', 'ClusterRole', 'gone', user('olga'))
    expect((await owner()('POST', `${rbac}/namespaces/shop/rolebindings`, missing)).body.message).toBe(
      'clusterroles.rbac.authorization.k8s.io "gone" not found',
    )
  })

  test('unless the verbs bind and escalate are held', async () => {
    const rules = [
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        resourceNames: ['cluster-admin'],
        verbs: ['bind'],
      },
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['escalate'] },
    ]
    await admin('POST', `${rbac}/clusterroles`, role('trusted', rules))
    await admin(
      'POST',
      `${rbac}/namespaces/shop/rolebindings`,
      bound('trusted', 'ClusterRole', 'trusted', user('olga')),
    )
    const give = bound('given', 'ClusterRole', 'cluster-admin', user('eve'))
    expect((await owner()('POST', `${rbac}/namespaces/shop/rolebindings`, give)).status).toBe(201)
    const more = role('escalated', [{ ...pods, verbs: ['*'] }])
    expect((await owner()('POST', `${rbac}/namespaces/shop/roles`, more)).status).toBe(201)
  })

  test('labels of a strong role may change, its rules may not', async () => {
    await admin('POST', `${rbac}/namespaces/shop/roles`, role('strong', [{ ...pods, verbs: ['*'] }]))
    const at = `${rbac}/namespaces/shop/roles/strong`
    const merge = { 'content-type': 'application/merge-patch+json' }
    await admin('POST', `${rbac}/namespaces/shop/rolebindings`, bound('al', 'ClusterRole', 'admin', user('al')))
    expect((await as('al')('PATCH', at, { metadata: { labels: { a: 'b' } } }, merge)).status).toBe(200)
    const { status } = await as('al')('PATCH', at, { rules: [{ ...pods, verbs: ['*', 'get'] }] }, merge)
    expect(status).toBe(403)
  })
})

describe('impersonation', () => {
  test('needs the right to each part', async () => {
    const rules = [
      { apiGroups: [''], resources: ['users'], resourceNames: ['bob'], verbs: ['impersonate'] },
      { apiGroups: [''], resources: ['groups'], resourceNames: ['dev'], verbs: ['impersonate'] },
    ]
    await admin('POST', `${rbac}/clusterroles`, role('actor', rules))
    await admin('POST', `${rbac}/clusterrolebindings`, bound('actor', 'ClusterRole', 'actor', user('ada')))
    const who = (headers: Record<string, string>) =>
      as('ada')('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, headers)
    expect((await who({ 'impersonate-user': 'bob', 'impersonate-group': 'dev' })).body.status.userInfo).toEqual({
      username: 'bob',
      groups: ['dev', 'system:authenticated'],
    })
    expect((await who({ 'impersonate-user': 'eve' })).body.message).toBe(
      'users "eve" is forbidden: User "ada" cannot impersonate resource "users" in API group "" at the cluster scope',
    )
    expect((await who({ 'impersonate-user': 'bob', 'impersonate-group': 'ops' })).body.message).toBe(
      'groups "ops" is forbidden: User "ada" cannot impersonate resource "groups" in API group "" at the cluster scope',
    )
    expect((await who({ 'impersonate-user': 'system:serviceaccount:shop:default' })).body.message).toBe(
      'serviceaccounts "default" is forbidden: User "ada" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "shop"',
    )
    expect((await who({ 'impersonate-user': 'bob', 'impersonate-extra-scopes': 'x' })).body.message).toBe(
      'userextras.authentication.k8s.io "x" is forbidden: User "ada" cannot impersonate resource "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope',
    )
  })
})

describe('reviews', () => {
  const review = (api: Api, kind: string, spec: object) =>
    api('POST', `/apis/authorization.k8s.io/v1/${kind}`, { spec })
  test('say why', async () => {
    const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'shop' }
    expect((await review(as('bob'), 'selfsubjectaccessreviews', { resourceAttributes })).body.status).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "read/shop" of Role "reader" to User "bob"',
    })
    const account = 'system:serviceaccount:shop:default'
    await admin(
      'POST',
      `${rbac}/namespaces/shop/rolebindings`,
      bound('sa', 'Role', 'reader', { kind: 'ServiceAccount', name: 'default', namespace: 'shop' }),
    )
    expect(
      (await review(admin, 'subjectaccessreviews', { user: account, resourceAttributes })).body.status.reason,
    ).toBe('RBAC: allowed by RoleBinding "sa/shop" of Role "reader" to ServiceAccount "default/shop"')
  })

  test('list what one may', async () => {
    const { body } = await review(as('bob'), 'selfsubjectrulesreviews', { namespace: 'shop' })
    expect(body.status).toMatchObject({ incomplete: false })
    expect(body.status.resourceRules).toContainEqual({ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] })
    expect(body.status.nonResourceRules).toContainEqual(expect.objectContaining({ verbs: ['get'] }))
  })

  test.each([
    [
      {},
      'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
    ],
  ])('bad input %j', async (spec, message) => {
    const { body } = await review(admin, 'subjectaccessreviews', {
      ...spec,
      resourceAttributes: { verb: 'get', resource: 'pods' },
    })
    expect(body.message).toBe(message)
  })
})
