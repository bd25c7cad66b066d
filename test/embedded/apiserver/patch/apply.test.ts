/** Server-side apply over HTTP: ownership, conflicts, what disappears. */
import { beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster } from '../../../../src/embedded/cluster.ts'
import { type Api, apiOf, deployment } from '../../api.ts'

const path = '/apis/apps/v1/namespaces/default/deployments'
const applyType = { 'content-type': 'application/apply-patch+yaml' }

let api: Api
beforeEach(async () => {
  const cluster = await createEmbeddedCluster()
  cluster.stop()
  api = apiOf(cluster)
})

const config = (change: (object: ReturnType<typeof deployment>) => void = () => {}) => {
  const object = deployment('a')
  change(object)
  return object
}
const apply = (manager: string, object: unknown, query = '') =>
  api('PATCH', `${path}/a?fieldManager=${manager}${query}`, object, applyType)
const withReplicas = (replicas: number) => ({ ...config(), spec: { ...config().spec, replicas } })
const entries = (body: { metadata: { managedFields?: Record<string, unknown>[] } }) =>
  (body.metadata.managedFields ?? []).map(({ manager, operation, subresource }) =>
    [manager, operation, subresource].filter(Boolean).join(' '),
  )
const fieldsOf = (body: { metadata: { managedFields: { manager: string; fieldsV1: unknown }[] } }, manager: string) =>
  body.metadata.managedFields.find((entry) => entry.manager === manager)?.fieldsV1

describe('server-side apply', () => {
  test('creates what is missing and owns exactly what it says', async () => {
    const { status, body } = await apply('m1', withReplicas(2))
    expect(status).toBe(201)
    expect(body.spec.replicas).toBe(2)
    expect(entries(body)).toEqual(['m1 Apply'])
    expect(fieldsOf(body, 'm1')).toEqual({
      'f:metadata': { 'f:labels': { 'f:app': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
        },
      },
    })
  })

  test('the same again changes nothing', async () => {
    const { body: first } = await apply('m1', config())
    const { status, body } = await apply('m1', config())
    expect(status).toBe(200)
    expect(body).toEqual(first)
  })

  test('a field that is applied no more goes; defaults come back', async () => {
    await apply('m1', withReplicas(3))
    const { body } = await apply(
      'm1',
      config((o) => Object.assign(o.metadata.labels, { tier: 'front' })),
    )
    expect(body.spec.replicas).toBe(1)
    expect(body.metadata.labels).toEqual({ app: 'a', tier: 'front' })
    const { body: last } = await apply('m1', config())
    expect(last.metadata.labels).toEqual({ app: 'a' })
  })

  test('a container that is applied no more goes as a whole', async () => {
    const two = config((o) => o.spec.template.spec.containers.push({ name: 'd', image: 'd' }))
    expect((await apply('m1', two)).body.spec.template.spec.containers).toHaveLength(2)
    const { body } = await apply('m1', config())
    expect(body.spec.template.spec.containers.map(({ name }: { name: string }) => name)).toEqual(['c'])
  })

  test('a field that another still applies stays', async () => {
    await apply('m1', withReplicas(3))
    await apply('m2', withReplicas(3))
    const { body } = await apply('m1', config())
    expect(body.spec.replicas).toBe(3)
    expect(fieldsOf(body, 'm2')).toMatchObject({ 'f:spec': { 'f:replicas': {} } })
  })

  test('one conflict, and force', async () => {
    await apply('m1', withReplicas(3))
    const { status, body } = await apply('m2', withReplicas(4))
    expect(status).toBe(409)
    expect(body.message).toBe('Apply failed with 1 conflict: conflict with "m1": .spec.replicas')
    expect(body.details).toEqual({
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m1"', field: '.spec.replicas' }],
    })
    const forced = await apply('m2', withReplicas(4), '&force=true')
    expect(forced.body.spec.replicas).toBe(4)
    expect(fieldsOf(forced.body, 'm1')).not.toHaveProperty('f:spec.f:replicas')
  })

  test('several conflicts, with an owner by update and a keyed path', async () => {
    await api('POST', `${path}?fieldManager=upd`, withReplicas(1))
    const other = withReplicas(4)
    other.spec.template.spec.containers[0]!.image = 'other'
    const { body } = await apply('m2', other)
    expect(body.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "upd" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="c"].image',
    )
  })

  test('scaling takes replicas from the applier', async () => {
    await apply('m1', withReplicas(3))
    const scaled = await api(
      'PATCH',
      `${path}/a/scale?fieldManager=kubectl`,
      { spec: { replicas: 5 } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect(scaled.body).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } })
    expect((await api('GET', `${path}/a`)).body.metadata.generation).toBe(2)
    const { body } = await apply('m1', withReplicas(3))
    expect(body.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    )
  })

  test.each([
    [
      'an unknown field',
      { ...config(), spec: { ...config().spec, foo: 1 } },
      500,
      'failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema',
    ],
    [
      'a container twice',
      config((o) => o.spec.template.spec.containers.push({ name: 'c', image: 'x' })),
      500,
      'failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="c"]',
    ],
    [
      'managedFields',
      { ...config(), metadata: { name: 'a', managedFields: [] } },
      400,
      'metadata.managedFields must be nil',
    ],
    ['no kind', { metadata: { name: 'a' } }, 400, 'invalid object type: /, Kind='],
    [
      'a uid without an object',
      { ...config(), metadata: { name: 'a', uid: 'abc' } },
      409,
      'Operation cannot be fulfilled on deployments.apps "a": uid mismatch: the provided object specified uid abc, and no existing object was found',
    ],
  ])('refuses %s', async (_name, object, status, message) => {
    const answer = await apply('m1', object)
    expect(answer.body.message).toBe(message)
    expect(answer.status).toBe(status)
  })

  test('YAML is as good as JSON', async () => {
    const { status } = await apply(
      'm1',
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: ${JSON.stringify(config().spec)}\n`,
    )
    expect(status).toBe(201)
  })
})

describe('other writes', () => {
  test('a create owns what it sent and what defaults added, containers marked with a dot', async () => {
    const { body } = await api('POST', `${path}?fieldManager=kubectl-create`, config())
    expect(entries(body)).toEqual(['kubectl-create Update'])
    expect(fieldsOf(body, 'kubectl-create')).toMatchObject({
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
        'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:resources': {} } } } },
      },
    })
    const fields = fieldsOf(body, 'kubectl-create') as Record<string, Record<string, unknown>>
    expect(fields['f:spec']).not.toHaveProperty(['.'])
    expect(fields['f:spec']!['f:strategy']).not.toHaveProperty(['.'])
  })

  test('without a parameter the User-Agent names the manager', async () => {
    const { body } = await api('POST', path, config(), { 'user-agent': 'curl/8.1' })
    expect(entries(body)).toEqual(['curl Update'])
  })

  test('an update gains what it changes, the others lose it', async () => {
    await apply('m1', withReplicas(3))
    const patched = await api(
      'PATCH',
      `${path}/a?fieldManager=edit`,
      { spec: { replicas: 4 } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect(fieldsOf(patched.body, 'edit')).toEqual({ 'f:spec': { 'f:replicas': {} } })
    expect(fieldsOf(patched.body, 'm1')).not.toHaveProperty(['f:spec', 'f:replicas'])
  })

  test('a client may rewrite managedFields, as kubectl does when it migrates', async () => {
    await api('POST', `${path}?fieldManager=kubectl-client-side-apply`, config())
    const { body } = await api('GET', `${path}/a`)
    const renamed = body.metadata.managedFields.map((entry: object) => ({
      ...entry,
      manager: 'kubectl',
      operation: 'Apply',
    }))
    const patch = [{ op: 'replace', path: '/metadata/managedFields', value: renamed }]
    const answer = await api('PATCH', `${path}/a`, patch, { 'content-type': 'application/json-patch+json' })
    expect(entries(answer.body)).toEqual(['kubectl Apply'])
    const cleared = await api(
      'PATCH',
      `${path}/a`,
      { metadata: { managedFields: [{}] } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect(cleared.body.metadata.managedFields).toBeUndefined()
  })

  // k8s.io/apimachinery pkg/util/managedfields/internal/capmanagers.go
  test('the eleventh writer makes the two oldest one', async () => {
    await api('POST', `${path}?fieldManager=w00`, config())
    for (let index = 1; index <= 12; index++) {
      const name = `w${String(index).padStart(2, '0')}`
      const patch = { metadata: { annotations: { [name]: 'x' } } }
      await api('PATCH', `${path}/a?fieldManager=${name}`, patch, { 'content-type': 'application/merge-patch+json' })
    }
    const { body } = await api('GET', `${path}/a`)
    const managers = body.metadata.managedFields.map(({ manager }: { manager: string }) => manager)
    expect(managers).toHaveLength(10)
    expect(managers).toContain('ancient-changes')
    expect(managers).toContain('w12')
    expect(JSON.stringify(fieldsOf(body, 'ancient-changes'))).toContain('f:w01')
  })

  // k8s.io/apimachinery pkg/util/managedfields/internal/skipnonapplied.go
  test('an apply to what nobody is tracked for: the past owns all of it', async () => {
    await api('POST', path, config())
    const clear = { metadata: { managedFields: [{}] } }
    await api('PATCH', `${path}/a`, clear, { 'content-type': 'application/merge-patch+json' })
    const refused = await apply('m1', withReplicas(7))
    expect(refused.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
    )
    const { body } = await apply('m1', withReplicas(7), '&force=true')
    expect(entries(body)).toEqual(['m1 Apply', 'before-first-apply Update'])
  })

  test('applied items come in their order, with the others where they stood', async () => {
    const containers = (...names: string[]) =>
      config((object) => {
        object.spec.template.spec.containers = names.map((name) => ({ name, image: 'i:1' }))
      })
    const names = (body: ReturnType<typeof containers>) => body.spec.template.spec.containers.map(({ name }) => name)
    await apply('m1', containers('a', 'b', 'c'))
    expect(names((await apply('m2', containers('c', 'x', 'a'))).body)).toEqual(['b', 'c', 'x', 'a'])
  })
})
