import { describe, expect, test } from 'vitest'
import { schemaOf } from '../../../../src/embedded/apiserver/patch/schema.ts'
import { strategicMerge } from '../../../../src/embedded/apiserver/patch/strategic.ts'
import type { Kind } from '../../../../src/embedded/kinds/kind.ts'

const kind = (group: string, version: string, name: string): Kind => ({
  group,
  version,
  kind: name,
  resource: `${name.toLowerCase()}s`,
  singular: name.toLowerCase(),
  namespaced: true,
  columns: [],
})
const deployments = schemaOf(kind('apps', 'v1', 'Deployment'))
const pods = schemaOf(kind('', 'v1', 'Pod'))
const services = schemaOf(kind('', 'v1', 'Service'))

const containers = (...list: object[]) => ({ spec: { containers: list } })
const a = { name: 'a', image: 'a:1' }
const b = { name: 'b', image: 'b:1' }

describe('strategic merge', () => {
  test.each([
    [
      'containers merge by name',
      pods,
      containers(a, b),
      containers({ name: 'b', image: 'b:2' }),
      containers(a, { name: 'b', image: 'b:2' }),
    ],
    ['new items go in front', pods, containers(a), containers(b), containers(b, a)],
    [
      '$setElementOrder puts them in order',
      pods,
      containers(a, b),
      {
        spec: {
          '$setElementOrder/containers': [{ name: 'a' }, { name: 'c' }, { name: 'b' }],
          containers: [{ name: 'c', image: 'c:1' }],
        },
      },
      containers(a, { name: 'c', image: 'c:1' }, b),
    ],
    [
      'an order alone reorders',
      pods,
      containers(a, b),
      { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } },
      containers(b, a),
    ],
    [
      '$patch delete removes an item',
      pods,
      containers(a, b),
      containers({ name: 'a', $patch: 'delete' }),
      containers(b),
    ],
    [
      '$patch replace replaces the list',
      pods,
      containers(a, b),
      containers({ $patch: 'replace' }, { name: 'c' }),
      containers({ name: 'c' }),
    ],
    [
      '$patch replace replaces an object',
      pods,
      { metadata: { labels: { x: '1' } } },
      { metadata: { labels: { $patch: 'replace', y: '2' } } },
      { metadata: { labels: { y: '2' } } },
    ],
    [
      'null deletes',
      pods,
      { metadata: { labels: { x: '1', y: '2' } } },
      { metadata: { labels: { x: null } } },
      { metadata: { labels: { y: '2' } } },
    ],
    [
      'lists without a key are replaced',
      pods,
      containers({ ...a, args: ['x', 'y'] }),
      containers({ name: 'a', args: ['z'] }),
      containers({ ...a, args: ['z'] }),
    ],
    [
      'finalizers unite',
      pods,
      { metadata: { finalizers: ['x/a'] } },
      { metadata: { finalizers: ['x/b'] } },
      { metadata: { finalizers: ['x/a', 'x/b'] } },
    ],
    [
      '$deleteFromPrimitiveList takes some out',
      pods,
      { metadata: { finalizers: ['x/a', 'x/b'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['x/a'] } },
      { metadata: { finalizers: ['x/b'] } },
    ],
    [
      '$retainKeys drops the rest',
      deployments,
      { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      { spec: { strategy: { type: 'Recreate' } } },
    ],
    [
      'service ports merge by port',
      services,
      { spec: { ports: [{ port: 80, name: 'a' }] } },
      { spec: { ports: [{ port: 80, name: 'b' }] } },
      { spec: { ports: [{ port: 80, name: 'b' }] } },
    ],
    [
      'a new object loses its directives and nulls',
      pods,
      {},
      { metadata: { labels: { a: '1', b: null } } },
      { metadata: { labels: { a: '1' } } },
    ],
  ])('%s', (_name, schema, target, patch, expected) => {
    expect(strategicMerge(target, patch, schema)).toEqual(expected)
  })

  test.each([
    [
      'an item without its key',
      containers({ image: 'o:1' }),
      500,
      'map: map[image:o:1] does not contain declared merge key: name',
    ],
    ['an object for a list', { spec: { containers: { name: 'a' } } }, 422, 'cannot restore slice from map'],
  ])('%s is refused', (_name, patch, code, message) => {
    expect(() => strategicMerge(containers(a), patch, pods)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})
