import fc from 'fast-check'
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
      'finalizers unite, new ones in front',
      pods,
      { metadata: { finalizers: ['x/a'] } },
      { metadata: { finalizers: ['x/b'] } },
      { metadata: { finalizers: ['x/b', 'x/a'] } },
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
      'items that both know come in the order of the patch',
      services,
      { spec: { ports: [{ port: 82 }, { port: 80 }, { port: 81 }] } },
      { spec: { ports: [{ port: 81 }, { port: 82, name: 'n' }] } },
      { spec: { ports: [{ port: 80 }, { port: 81 }, { port: 82, name: 'n' }] } },
    ],
    [
      'finalizers come in the order of the patch as well',
      pods,
      { metadata: { finalizers: ['x/b', 'x/c'] } },
      { metadata: { finalizers: ['x/b', 'x/a', 'x/c'] } },
      { metadata: { finalizers: ['x/b', 'x/a', 'x/c'] } },
    ],
    [
      'with $setElementOrder what replaces an item takes its place',
      pods,
      containers(a, b),
      {
        spec: {
          '$setElementOrder/containers': [{ name: 'c' }],
          containers: [
            { name: 'b', $patch: 'delete' },
            { name: 'c', image: 'c:1' },
          ],
        },
      },
      containers(a, { name: 'c', image: 'c:1' }),
    ],
    [
      '$patch replace in an item replaces the list by the others',
      pods,
      containers(a, b),
      containers({ name: 'a', image: 'a:2', $patch: 'replace' }, { name: 'c' }),
      containers({ name: 'c' }),
    ],
    [
      'a new object with a directive of its own is not taken over',
      pods,
      { metadata: { name: 'p' } },
      { metadata: { labels: { $patch: 'replace', z: '9' } } },
      { metadata: { name: 'p' } },
    ],
    [
      'a new item keeps its nulls and directives: decoding drops or reports them',
      pods,
      containers(a),
      containers({ name: 'c', image: null, '$setElementOrder/env': [] }),
      containers({ name: 'c', image: null, '$setElementOrder/env': [] }, a),
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
    [
      'an order that contradicts its list',
      { spec: { '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }], containers: [b, a] } },
      500,
      "The order in patch list:\n[map[image:b:1 name:b] map[image:a:1 name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n",
    ],
    [
      'an order that is no list',
      { spec: { '$setElementOrder/containers': 'a' } },
      400,
      'invalid patch format of setElementOrder list',
    ],
    [
      'more than $retainKeys retains',
      { spec: { $retainKeys: ['volumes'], hostNetwork: true } },
      400,
      'invalid patch format of retainKeys',
    ],
    ['a directive that there is not', { spec: { $patch: 'merge' } }, 500, 'unknown patch type: merge in map: '],
    ['an object for a list', { spec: { containers: { name: 'a' } } }, 422, 'cannot restore slice from map'],
  ])('%s is refused', (_name, patch, code, message) => {
    expect(() => strategicMerge(containers(a), patch, pods)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})

describe('laws', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd')
  const variable = fc.record({ name: fc.constantFrom('X', 'Y'), value: fc.constantFrom('1', '2') })
  const unique = <T extends { name: string }>(item: fc.Arbitrary<T>) =>
    fc.uniqueArray(item, { selector: (each) => each.name, maxLength: 4 })
  const container = fc.record({ name, image: fc.constantFrom('i:1', 'i:2'), env: unique(variable) })
  const pod = fc.record({
    metadata: fc.record({ labels: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')) }),
    spec: fc.record({ containers: unique(container) }),
  })
  const ordered = (patch: { spec: { containers: { name: string }[] } }) => ({
    ...patch,
    spec: { ...patch.spec, '$setElementOrder/containers': patch.spec.containers.map((item) => ({ name: item.name })) },
  })

  test('nothing is changed by an empty patch, nor by itself', () => {
    fc.assert(
      fc.property(pod, (target) => {
        expect(strategicMerge(target, {}, pods)).toEqual(target)
        expect(strategicMerge(target, target, pods)).toEqual(target)
      }),
    )
  })

  test('twice is once, and neither object is touched', () => {
    fc.assert(
      fc.property(pod, pod, (target, patch) => {
        const before = structuredClone([target, patch])
        const once = strategicMerge(target, patch, pods)
        expect(strategicMerge(once, patch, pods)).toEqual(once)
        expect([target, patch]).toEqual(before)
      }),
    )
  })

  test('every key of both is there once, and the patch’s values win', () => {
    fc.assert(
      fc.property(pod, pod, fc.boolean(), (target, patch, withOrder) => {
        fc.pre(!withOrder || target.spec.containers.length + patch.spec.containers.length > 0)
        const merged = strategicMerge(target, withOrder ? ordered(patch) : patch, pods)
        const names = merged.spec.containers.map((item) => item.name)
        const known = new Set([...target.spec.containers, ...patch.spec.containers].map((item) => item.name))
        expect(names).toHaveLength(known.size)
        expect(new Set(names)).toEqual(known)
        for (const item of patch.spec.containers)
          expect(merged.spec.containers.find((each) => each.name === item.name)?.image).toBe(item.image)
        const wanted = patch.spec.containers.map((item) => item.name)
        expect(names.filter((each) => wanted.includes(each))).toEqual(wanted)
      }),
    )
  })
})
