/** Refusals in the API server's own words, each from a request that a client could send. */
import { beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf, deployment } from '../api.ts'

const deployments = '/apis/apps/v1/namespaces/default/deployments'
const pods = '/api/v1/namespaces/default/pods'
const json = 'application/json'

let api: Api
beforeAll(async () => {
  const cluster = await createEmbeddedCluster()
  cluster.stop()
  api = apiOf(cluster)
  await api('POST', deployments, deployment('a'))
})

describe('where there is nothing', () => {
  test.each([
    ['an object', `${pods}/x`, 404, 'NotFound', 'pods "x" not found', { name: 'x', kind: 'pods' }],
    [
      'an object of a group',
      `${deployments}/x`,
      404,
      'NotFound',
      'deployments.apps "x" not found',
      { name: 'x', group: 'apps', kind: 'deployments' },
    ],
    [
      'a resource',
      '/api/v1/namespaces/default/foos',
      404,
      'NotFound',
      'the server could not find the requested resource',
      {},
    ],
    ['a subresource', `${pods}/x/frob`, 404, 'NotFound', 'the server could not find the requested resource', {}],
    ['a path', '/nope', 404, 'NotFound', 'the server could not find the requested resource', {}],
    [
      'a namespaced object without its namespace',
      '/api/v1/pods/x',
      404,
      'NotFound',
      'the server could not find the requested resource',
      {},
    ],
  ])('%s', async (_name, path, code, reason, message, details) => {
    const { status, body } = await api('GET', path)
    expect(status).toBe(code)
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      details,
      code,
    })
  })

  test('an unknown group answers with a page', async () => {
    const { status, body } = await api('GET', '/apis/nope.io/v1/things')
    expect({ status, body }).toEqual({ status: 404, body: '404 page not found\n' })
  })

  test('lists of a missing namespace are empty', async () => {
    const { status, body } = await api('GET', '/api/v1/namespaces/nope/pods')
    expect(status).toBe(200)
    expect(body).toMatchObject({ kind: 'PodList', apiVersion: 'v1', items: [] })
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0)
  })
})

describe('creating', () => {
  const named = (metadata: object) => ({ ...deployment('b'), metadata })
  test.each([
    ['what exists', deployment('a'), 409, 'AlreadyExists', 'deployments.apps "a" already exists'],
    [
      'without a name',
      named({}),
      422,
      'Invalid',
      'Deployment.apps "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
    [
      'a name in capitals',
      named({ name: 'A_b' }),
      422,
      'Invalid',
      `Deployment.apps "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    ],
    [
      'a label that is none',
      named({ name: 'b', labels: { x: '-x' } }),
      422,
      'Invalid',
      `Deployment.apps "b" is invalid: metadata.labels: Invalid value: "-x": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
    [
      'with a resourceVersion',
      named({ name: 'b', resourceVersion: '1' }),
      500,
      undefined,
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'in another namespace',
      named({ name: 'b', namespace: 'other' }),
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'another kind',
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' } },
      400,
      'BadRequest',
      'Pod in version "v1" cannot be handled as a Deployment: converting (v1.Pod) to (apps.Deployment): unknown conversion',
    ],
  ])('%s', async (_name, body, status, reason, message) => {
    const answer = await api('POST', deployments, body)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ message })
    expect(answer.body.reason).toBe(reason)
  })

  test('in a namespace that does not exist', async () => {
    const { status, body } = await api('POST', '/apis/apps/v1/namespaces/nope/deployments', deployment('b'))
    expect(status).toBe(404)
    expect(body.message).toBe('namespaces "nope" not found')
  })

  test('without a namespace in the path', async () => {
    const { status, body } = await api('POST', '/apis/apps/v1/deployments', deployment('b'))
    expect(status).toBe(405)
    expect(body.message).toBe('the server does not allow this method on the requested resource')
  })

  test('a 422 carries its causes, which are what kubectl prints', async () => {
    const { body } = await api('POST', deployments, named({ name: 'A', labels: { '': 'x' } }))
    expect(body.details).toMatchObject({ name: 'A', group: 'apps', kind: 'Deployment' })
    expect(body.details.causes.map(({ field, reason }: Record<string, string>) => [field, reason])).toEqual([
      ['metadata.name', 'FieldValueInvalid'],
      ['metadata.labels', 'FieldValueInvalid'],
      ['metadata.labels', 'FieldValueInvalid'],
    ])
  })

  test('a body above 3 MiB', async () => {
    const { status, body } = await api('POST', deployments, `{"x":"${'x'.repeat(3 * 1024 * 1024)}"}`)
    expect(status).toBe(413)
    expect(body.message).toBe('Request entity too large: limit is 3145728')
  })
})

describe('options', () => {
  const invalid = (kind: string) => `${kind}.meta.k8s.io "" is invalid: `
  test.each([
    [
      'POST',
      deployments,
      '?dryRun=foo',
      422,
      `${invalid('CreateOptions')}dryRun: Unsupported value: ["foo"]: supported values: "All"`,
    ],
    [
      'POST',
      deployments,
      '?fieldValidation=foo',
      422,
      `${invalid('CreateOptions')}fieldValidation: Unsupported value: "foo": supported values: "", "Ignore", "Strict", "Warn"`,
    ],
    [
      'POST',
      deployments,
      `?fieldManager=${'x'.repeat(129)}`,
      422,
      `${invalid('CreateOptions')}fieldManager: Too long: may not be more than 128 bytes`,
    ],
    [
      'PATCH',
      `${deployments}/a`,
      '?force=true',
      422,
      `${invalid('PatchOptions')}force: Forbidden: may not be specified for non-apply patch`,
    ],
    ['GET', deployments, '?limit=abc', 400, 'strconv.ParseInt: parsing "abc": invalid syntax'],
    [
      'GET',
      deployments,
      '?resourceVersion=abc',
      400,
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    [
      'GET',
      deployments,
      '?resourceVersionMatch=Exact',
      422,
      `${invalid('ListOptions')}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`,
    ],
    [
      'GET',
      deployments,
      '?resourceVersionMatch=Exact&resourceVersion=0',
      422,
      `${invalid('ListOptions')}resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
    ],
    [
      'GET',
      deployments,
      '?resourceVersionMatch=Foo&resourceVersion=1',
      422,
      `${invalid('ListOptions')}resourceVersionMatch: Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""`,
    ],
    [
      'GET',
      deployments,
      '?sendInitialEvents=true',
      422,
      `${invalid('ListOptions')}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`,
    ],
    [
      'GET',
      deployments,
      '?watch=true&sendInitialEvents=true',
      422,
      `${invalid('ListOptions')}resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
    ],
    [
      'GET',
      deployments,
      '?continue=abc&resourceVersion=5',
      400,
      'specifying resource version is not allowed when using continue',
    ],
    ['GET', deployments, '?labelSelector=a%20in%20b', 400, "unable to parse requirement: found 'b' expected: '('"],
    [
      'DELETE',
      `${deployments}/a`,
      '?propagationPolicy=Foo',
      422,
      `${invalid('DeleteOptions')}propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"`,
    ],
    [
      'DELETE',
      `${deployments}/a`,
      '?propagationPolicy=Orphan&orphanDependents=true',
      422,
      `${invalid('DeleteOptions')}propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set`,
    ],
  ])('%s %s%s', async (method, path, query, status, message) => {
    const answer = await api(
      method,
      path + query,
      method === 'POST' ? deployment('b') : method === 'PATCH' ? {} : undefined,
      method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {},
    )
    expect(answer.body.message).toBe(message)
    expect(answer.status).toBe(status)
  })

  test('a resourceVersion that this server never had', async () => {
    const { status, body } = await api('GET', `${deployments}?resourceVersion=999999999999999`)
    expect(status).toBe(504)
    expect(body).toMatchObject({
      reason: 'Timeout',
      details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] },
    })
    expect(body.message).toMatch(/^Timeout: Too large resource version: 999999999999999, current: \d+$/)
  })
})

describe('replacing and patching', () => {
  const put = (change: object) => async () => {
    const { body } = await api('GET', `${deployments}/a`)
    return api('PUT', `${deployments}/a`, { ...body, metadata: { ...body.metadata, ...change } })
  }
  const patch =
    (type: string, body: unknown, path = `${deployments}/a`) =>
    () =>
      api('PATCH', path, body, { 'content-type': `application/${type}` })
  test.each([
    [
      'a stale resourceVersion',
      put({ resourceVersion: '1' }),
      409,
      'Operation cannot be fulfilled on deployments.apps "a": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      'a resourceVersion that is none',
      put({ resourceVersion: 'abc' }),
      500,
      'strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    ['another name', put({ name: 'b' }), 400, 'the name of the object (b) does not match the name on the URL (a)'],
    [
      'another uid by patch',
      patch('merge-patch+json', { metadata: { uid: 'zz' } }),
      422,
      'Deployment.apps "a" is invalid: metadata.uid: Invalid value: "zz": field is immutable',
    ],
    [
      'a stale resourceVersion in a patch',
      patch('merge-patch+json', { metadata: { resourceVersion: '1' } }),
      409,
      expect.stringContaining('the object has been modified'),
    ],
    [
      'a patch of what is missing',
      patch('merge-patch+json', {}, `${deployments}/nope`),
      404,
      'deployments.apps "nope" not found',
    ],
    ['a patch without a type', patch('json', {}), 415, '415: Unsupported Media Type'],
    [
      'apply without a manager',
      patch('apply-patch+yaml', deployment('a')),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
    [
      'a value of the wrong type',
      patch('merge-patch+json', { spec: { replicas: 'x' } }),
      422,
      expect.stringContaining(
        'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
      ),
    ],
    [
      'an unknown field under Strict',
      patch('merge-patch+json', { spec: { foo: 1 } }, `${deployments}/a?fieldValidation=Strict`),
      422,
      expect.stringContaining('strict decoding error: unknown field "spec.foo"'),
    ],
  ])('%s', async (_name, send, status, message) => {
    const answer = await send()
    expect(answer.body.message).toEqual(message)
    expect(answer.status).toBe(status)
  })

  test('a strategic patch under Strict shows itself as Go prints it', async () => {
    const send = patch(
      'strategic-merge-patch+json',
      { spec: { foo: [1, null] }, metadata: { labels: { a: 'b' } } },
      `${deployments}/a?fieldValidation=Strict`,
    )
    expect((await send()).body.message).toBe(
      ' "" is invalid: patch: Invalid value: "map[metadata:map[labels:map[a:b]] spec:map[foo:[1 <nil>]]]": strict decoding error: unknown field "spec.foo"',
    )
  })

  test('an unknown field warns by default and is dropped', async () => {
    const { status, body, headers } = await patch('merge-patch+json', { spec: { foo: 1 } })()
    expect(status).toBe(200)
    expect(body.spec).not.toHaveProperty('foo')
    expect(headers.get('warning')).toBe('299 - "unknown field \\"spec.foo\\""')
  })
})

test.each([
  [
    'text/html',
    '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  ],
  [
    'application/json;as=Foo;v=v1;g=meta.k8s.io',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  ],
])('Accept: %s', async (accept, message) => {
  const { status, body, headers } = await api('GET', pods, undefined, { accept })
  expect(status).toBe(406)
  expect(headers.get('content-type')).toBe(json)
  expect(body.message).toBe(message)
})
