/** Requests at the edge of what clients may send, each with the answer of a real API server (Kubernetes 1.36). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf, deployment } from '../api.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const configMap = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
})
const as = (type: string) => ({ 'content-type': `application/${type}` })

let cluster: EmbeddedCluster
let api: Api
beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  cluster.stop()
  api = apiOf(cluster)
  await api('POST', configMaps, configMap('a', { data: { x: '1' } }))
})
afterAll(() => cluster.stop())

describe('what is no request of the API', () => {
  test.each([
    ['a method that a collection has not', 'PUT', configMaps, 405],
    ['a creation at a name', 'POST', `${configMaps}/b`, 405],
    ['a method that nothing has', 'OPTIONS', configMaps, 405],
    ['a write to a page', 'POST', '/version', 405],
    ['an escape that is none', 'GET', '/api/v1/namespaces/%zz/pods', 400],
    ['an unknown resource', 'GET', '/api/v1/namespaces/default/foos', 404],
    ['an unknown subresource', 'GET', `${configMaps}/a/foo`, 404],
    ['a page that is not there', 'GET', '/foo/bar', 404],
  ])('%s', async (_, method, path, status) => {
    const body = method === 'POST' || method === 'PUT' ? configMap('b') : undefined
    const answer = await api(method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code: status })
  })

  // A proxy that does nothing, or an upgrade that never comes, would be a silent success.
  test.each([
    ['GET', '/api/v1/namespaces/default/services/web/proxy/', 'services/proxy'],
    ['GET', '/api/v1/nodes/node-1/proxy/metrics', 'nodes/proxy'],
    ['PATCH', '/api/v1/namespaces/default/pods/web/resize', 'pods/resize'],
  ])('what a real server has and this one does not is said: %s %s', async (method, path, what) => {
    const { status, body } = await api(method, path)
    expect(status).toBe(501)
    expect(body).toMatchObject({ reason: 'NotImplemented', message: `the embedded cluster does not model ${what}` })
  })
})

describe('bodies', () => {
  const unreadable = 'the object provided is unrecognized (must be of type ConfigMap): '
  test.each<[string, string, string, string]>([
    [
      'empty',
      'json',
      '',
      `${unreadable}couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
    ],
    [
      'too deep',
      'json',
      '{"a":'.repeat(20_000),
      `${unreadable}couldn't get version/kind; json parse error: exceeded max depth`,
    ],
    ['YAML that ends early', 'yaml', 'a: [b', `${unreadable}error converting YAML to JSON: yaml: `],
    [
      'protobuf without its prefix',
      'vnd.kubernetes.protobuf',
      'xyz',
      `${unreadable}provided data does not appear to be a protobuf message`,
    ],
    ['protobuf that ends early', 'vnd.kubernetes.protobuf', 'k8s\0\xff\xff', `${unreadable}unexpected EOF`],
  ])('%s', async (_, type, body, message) => {
    const answer = await api('POST', configMaps, body, as(type))
    expect(answer.status).toBe(400)
    expect(answer.body.message.startsWith(message), answer.body.message).toBe(true)
  })

  test('a larger object than etcd takes: nothing is stored', async () => {
    const before = cluster.registry.revision
    const large = deployment('large')
    Object.assign(large.spec.template.spec.containers[0]!, { args: ['x'.repeat(1_600_000)] })
    const { status, body } = await api('POST', deployments, large)
    expect(status).toBe(500)
    expect(body.message).toBe('etcdserver: request is too large')
    expect(body).not.toHaveProperty('reason')
    expect(cluster.registry.revision).toBe(before)
    expect((await api('GET', `${deployments}/large`)).status).toBe(404)
  })

  // kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateConfigMap and ValidateSecret
  test('more data than a ConfigMap or a Secret may hold', async () => {
    const { body } = await api('POST', configMaps, configMap('large', { data: { x: 'x'.repeat(1024 * 1024 + 1) } }))
    expect(body.message).toBe('ConfigMap "large" is invalid: []: Too long: may not be more than 1048576 bytes')
    const secret = {
      ...configMap('large', { data: { x: Buffer.alloc(1024 * 1024 + 1).toString('base64') } }),
      kind: 'Secret',
    }
    const refused = await api('POST', '/api/v1/namespaces/default/secrets', secret)
    expect(refused.body.details.causes).toEqual([
      { reason: 'FieldValueTooLong', message: 'Too long: may not be more than 1048576 bytes', field: 'data' },
    ])
    const fits = configMap('fits', { data: { x: 'x'.repeat(1024 * 1024) } })
    expect((await api('POST', configMaps, fits)).status).toBe(201)
  })
})

describe('reads', () => {
  test.each([
    ['abc', 400, /^invalid resource version: .*strconv\.ParseUint: parsing "abc": invalid syntax$/],
    ['99999999999999999999999', 400, /value out of range$/],
    ['999999999999999', 504, /^Timeout: Too large resource version: 999999999999999, current: \d+$/],
  ])('one object at resourceVersion %s', async (version, status, message) => {
    const { body } = await api('GET', `${configMaps}/a?resourceVersion=${version}`)
    expect(body).toMatchObject({ code: status, message: expect.stringMatching(message) })
    const list = await api('GET', `${configMaps}?resourceVersion=${version}`)
    expect(list.body).toMatchObject({ code: status, message: expect.stringMatching(message) })
  })

  // k8s.io/apiserver pkg/endpoints/handlers/negotiation/negotiate.go, isPrettyPrint
  test.each([
    ['?pretty=true', 'kubectl/v1.36.0', true],
    ['', 'curl/8.5.0', true],
    ['', 'Mozilla/5.0 (X11; Linux x86_64)', true],
    ['?pretty=false', 'curl/8.5.0', false],
    ['', 'kubectl/v1.36.0', false],
  ])('indented for eyes: %s %s', async (query, agent, pretty) => {
    const response = await cluster.cluster.fetch(
      new Request(`https://cluster${configMaps}/a${query}`, { headers: { 'user-agent': agent } }),
    )
    const text = await response.text()
    expect(text.startsWith('{\n  "kind"')).toBe(pretty)
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
    expect(JSON.parse(text).metadata.name).toBe('a')
  })

  test('/version is indented for everybody', async () => {
    const response = await cluster.cluster.fetch(new Request('https://cluster/version?timeout=32s'))
    expect(await response.text()).toMatch(/^\{\n {2}"major"/)
  })
})

describe('patches', () => {
  test.each([
    [
      'of another kind',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } },
      'invalid object type: /v1, Kind=Secret',
    ],
    [
      'of another version',
      { ...configMap('a'), apiVersion: 'x.io/v2' },
      'invalid object type: x.io/v2, Kind=ConfigMap',
    ],
    ['a list', [], 'invalid object type: /, Kind='],
    ['nothing', '', 'invalid object type: /, Kind='],
    [
      'metadata that is none',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: 3 },
      'error decoding YAML: metadata is not an object',
    ],
  ])('an apply %s', async (_, body, message) => {
    const answer = await api('PATCH', `${configMaps}/a?fieldManager=m`, body, as('apply-patch+yaml'))
    expect(answer.body).toMatchObject({ code: 400, message })
  })

  test('the whole object by JSON patch', async () => {
    const { status, body } = await api(
      'PATCH',
      `${configMaps}/a`,
      [
        { op: 'test', path: '/data/x', value: '1' },
        { op: 'replace', path: '', value: configMap('a', { data: { y: '2' } }) },
        { op: 'copy', from: '/data/y', path: '/data/z' },
      ],
      as('json-patch+json'),
    )
    expect(status).toBe(200)
    expect(body.data).toEqual({ y: '2', z: '2' })
  })

  test('paths that only JavaScript would find lead nowhere', async () => {
    for (const path of ['/__proto__/x', '/constructor/prototype/x', '/data/toString/x']) {
      const { status } = await api('PATCH', `${configMaps}/a`, [{ op: 'add', path, value: 'x' }], as('json-patch+json'))
      expect(status, path).toBe(422)
    }
    expect({}).not.toHaveProperty('x')
    // A key of that name is a key like any other.
    const odd = await api('PATCH', `${configMaps}/a`, '{"data":{"__proto__":"p"}}', as('merge-patch+json'))
    expect(Object.getOwnPropertyDescriptor(odd.body.data, '__proto__')?.value).toBe('p')
  })
})

describe('parallel writers', () => {
  test('of twenty replacements from one read, one wins and the others are told', async () => {
    await api('POST', configMaps, configMap('race', { data: { n: '0' } }))
    const { body: read } = await api('GET', `${configMaps}/race`)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        api('PUT', `${configMaps}/race`, { ...read, data: { n: String(index + 1) } }),
      ),
    )
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect(answers.filter(({ body }) => body.reason === 'Conflict')).toHaveLength(19)
    expect((await api('GET', `${configMaps}/race`)).body).toEqual(won[0]!.body)
  })

  test('patches of different fields all land, whatever their type', async () => {
    await api('POST', configMaps, configMap('many', { data: { start: '1' } }))
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const key = `k${index}`
        const merge = { data: { [key]: 'v' } }
        if (index % 3 === 0)
          return api(
            'PATCH',
            `${configMaps}/many`,
            [{ op: 'add', path: `/data/${key}`, value: 'v' }],
            as('json-patch+json'),
          )
        if (index % 3 === 1) return api('PATCH', `${configMaps}/many`, merge, as('strategic-merge-patch+json'))
        const applied = configMap('many', merge)
        return api('PATCH', `${configMaps}/many?fieldManager=m${index}`, applied, as('apply-patch+yaml'))
      }),
    )
    expect(Object.keys((await api('GET', `${configMaps}/many`)).body.data)).toHaveLength(31)
  })

  test('twenty creations of one name: one exists', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => api('POST', configMaps, configMap('one'))))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.reason === 'AlreadyExists')).toHaveLength(19)
  })
})
