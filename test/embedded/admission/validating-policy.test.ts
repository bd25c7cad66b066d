/**
 * ValidatingAdmissionPolicy. Examples of the Kubernetes documentation (reference/access-authn-authz/validating-admission-policy),
 * words after kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf, deployment } from '../api.ts'

const at = '/apis/admissionregistration.k8s.io/v1'
const policies = `${at}/validatingadmissionpolicies`
const bindings = `${at}/validatingadmissionpolicybindings`
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const merge = { 'content-type': 'application/merge-patch+json' }

let cluster: EmbeddedCluster
let api: Api
beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  api = apiOf(cluster)
})
afterAll(() => cluster.stop())
beforeEach(async () => {
  await api('DELETE', bindings)
  await api('DELETE', policies)
  await api('DELETE', deployments)
})

const onDeployments = {
  resourceRules: [
    { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
  ],
}
const policy = async (validations: object[], more: object = {}, binding: object = {}) => {
  const spec = { matchConstraints: onDeployments, validations, ...more }
  const made = await api('POST', policies, { metadata: { name: 'p' }, spec })
  if (made.status === 201)
    await api('POST', bindings, {
      metadata: { name: 'b' },
      spec: { policyName: 'p', validationActions: ['Deny'], ...binding },
    })
  return made
}
const scaled = (replicas: number, labels?: Record<string, string>) => {
  const object = deployment('web', labels)
  return { ...object, spec: { ...object.spec, replicas } }
}
const create = (object: object) => api('POST', deployments, object)
const says = (message: string) =>
  `deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ${message}`

describe('a policy', () => {
  test('denies what its expression does not hold for, on create and on update', async () => {
    await policy([{ expression: 'object.spec.replicas <= 5' }])
    const { body } = await create(scaled(6))
    expect(body).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: says('failed expression: object.spec.replicas <= 5'),
    })
    expect(body.details).toMatchObject({ name: 'web', group: 'apps', kind: 'deployments' })
    expect((await create(scaled(5))).status).toBe(201)
    expect((await api('PATCH', `${deployments}/web`, { spec: { replicas: 6 } }, merge)).status).toBe(422)
  })

  const rows: [name: string, validation: object, more: object, message: string, code?: number][] = [
    ['its message', { expression: 'false', message: 'not today' }, {}, 'not today'],
    ['a message expression', { expression: 'false', messageExpression: "'no ' + object.metadata.name" }, {}, 'no web'],
    [
      'a message expression that fails',
      { expression: 'false', message: 'm', messageExpression: 'object.nope' },
      {},
      'm',
    ],
    ['a reason', { expression: 'false', reason: 'Forbidden' }, {}, 'failed expression: false', 403],
    [
      'variables, which may use each other',
      { expression: 'variables.b > 9' },
      {
        variables: [
          { name: 'a', expression: 'object.spec.replicas' },
          { name: 'b', expression: 'variables.a * 2' },
        ],
      },
      'failed expression: variables.b > 9',
    ],
    [
      'who asks',
      { expression: "request.userInfo.username != 'kubernetes-admin' || request.operation != 'CREATE'" },
      {},
      "failed expression: request.userInfo.username != 'kubernetes-admin' || request.operation != 'CREATE'",
    ],
    [
      'the namespace',
      { expression: "namespaceObject.metadata.name != 'default'" },
      {},
      "failed expression: namespaceObject.metadata.name != 'default'",
    ],
    // As the Gateway API's own policy writes it.
    [
      'a pattern',
      { expression: "!matches(object.metadata.name, '^w.b$')" },
      {},
      "failed expression: !matches(object.metadata.name, '^w.b$')",
    ],
    ['no old object', { expression: 'oldObject != null' }, {}, 'failed expression: oldObject != null'],
    [
      'a field that is not there',
      { expression: "object.metadata.annotations.x == 'y'" },
      {},
      "expression 'object.metadata.annotations.x == 'y'' resulted in error: no such key: annotations",
    ],
    [
      'containers',
      { expression: "object.spec.template.spec.containers.all(c, c.image.startsWith('registry.example/'))" },
      {},
      "failed expression: object.spec.template.spec.containers.all(c, c.image.startsWith('registry.example/'))",
    ],
  ]
  test.each(rows)('%s', async (_name, validation, more, message, code = 422) => {
    await policy([validation], more)
    const { body } = await create(scaled(1))
    expect(body).toMatchObject({ code, message: says(message) })
  })

  test('that fails is ignored when it says so', async () => {
    await policy([{ expression: 'object.nope == 1' }], { failurePolicy: 'Ignore' })
    expect((await create(scaled(1))).status).toBe(201)
  })

  test('asks only where its conditions hold', async () => {
    await policy([{ expression: 'false' }], {
      matchConditions: [{ name: 'big', expression: 'object.spec.replicas > 2' }],
    })
    expect((await create(scaled(1))).status).toBe(201)
    expect((await api('PATCH', `${deployments}/web`, { spec: { replicas: 3 } }, merge)).status).toBe(422)
  })

  test.each([
    ['another namespace', { matchResources: { namespaceSelector: { matchLabels: { environment: 'test' } } } }],
    ['other objects', { matchResources: { objectSelector: { matchLabels: { a: 'b' } } } }],
    [
      'all but these',
      {
        matchResources: {
          excludeResourceRules: [
            { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['deployments'] },
          ],
        },
      },
    ],
    ['other policies', { policyName: 'other' }],
  ])('a binding for %s', async (_name, binding) => {
    await policy([{ expression: 'false' }], {}, binding)
    expect((await create(scaled(1))).status).toBe(201)
  })

  test('warns', async () => {
    await policy([{ expression: 'false', message: 'careful' }], {}, { validationActions: ['Warn'] })
    const { status, headers } = await create(scaled(1))
    expect(status).toBe(201)
    expect(headers.get('warning')).toBe(
      `299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': careful"`,
    )
  })

  test('takes parameters', async () => {
    const paramRef = { name: 'limit', namespace: 'default', parameterNotFoundAction: 'Deny' }
    const kind = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }
    await policy([{ expression: 'object.spec.replicas <= int(params.data.max)' }], kind, { paramRef })
    expect((await create(scaled(1))).body.message).toBe(
      says('failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction'),
    )
    await api('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'limit' }, data: { max: '3' } })
    expect((await create(scaled(4))).status).toBe(422)
    expect((await create(scaled(3))).status).toBe(201)
  })

  test('does not stand in the way of its own removal', async () => {
    const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }
    await policy([{ expression: 'false' }], { matchConstraints: { resourceRules: [everything] } })
    expect((await create(scaled(1))).status).toBe(422)
    expect((await api('DELETE', `${policies}/p`)).status).toBe(200)
  })
})

describe('bad input', () => {
  test.each([
    [
      { validations: [{ expression: 'object.spec.replicas <=' }] },
      /spec.validations\[0\].expression: Invalid value: "object.spec.replicas <=": compilation failed: /,
    ],
    [{ validations: [{ expression: 'nobody == 1' }] }, /compilation failed: .*nobody/],
    [
      { validations: [] },
      /spec.validations: Required value: validations or auditAnnotations must contain at least one item/,
    ],
    [{ validations: [{ expression: 'true' }], matchConstraints: null }, /spec.matchConstraints: Required value/],
    [
      { validations: [{ expression: "authorizer.group('').resource('pods').check('get').allowed()" }] },
      /it uses a CEL library that this simulated cluster does not model/,
    ],
  ])('%j', async (spec, message) => {
    const { status, body } = await policy([], spec)
    expect(status).toBe(422)
    expect(body.message).toMatch(message)
  })

  test('a binding without actions', async () => {
    const { body } = await api('POST', bindings, { metadata: { name: 'x' }, spec: { policyName: 'p' } })
    expect(body.message).toBe(
      'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "x" is invalid: spec.validationActions: Required value: at least one validation action is required',
    )
  })
})
