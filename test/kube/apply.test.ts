import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import { ApplyFailed, lastAppliedAnnotation, threeWayPatch, withLastApplied } from '../../src/kube/apply.ts'
import { type Client, createClient } from '../../src/kube/client.ts'

describe('threeWayPatch', () => {
  test.each([
    ['nothing new', { a: 1 }, { a: 1 }, { a: 1 }, undefined],
    ['a new field', {}, { a: 1 }, {}, { a: 1 }],
    ['a changed field', { a: 1 }, { a: 2 }, { a: 1 }, { a: 2 }],
    ['a field that drifted', { a: 1 }, { a: 1 }, { a: 5 }, { a: 1 }],
    ['a field taken out of the manifest', { a: 1, b: 1 }, { a: 1 }, { a: 1, b: 1 }, { b: null }],
    ['a field that others added', { a: 1 }, { a: 1 }, { a: 1, other: 2 }, undefined],
    ['a field that is gone already', { a: 1, b: 1 }, { a: 1 }, { a: 1 }, undefined],
    ['depth', { s: { x: 1, y: 1 } }, { s: { x: 2 } }, { s: { x: 1, y: 1, z: 1 } }, { s: { x: 2, y: null } }],
    ['an explicit null', {}, { a: null }, { a: 1 }, { a: null }],
    ['defaults inside a list', { l: [{ n: 1 }] }, { l: [{ n: 1 }] }, { l: [{ n: 1, d: 'x' }] }, undefined],
    ['a changed list', { l: [1] }, { l: [1, 2] }, { l: [1] }, { l: [1, 2] }],
    ['a shorter list', { l: [1, 2] }, { l: [1] }, { l: [1, 2] }, { l: [1] }],
    [
      'a field taken out of a list item',
      { l: [{ n: 1, m: 1 }] },
      { l: [{ n: 1 }] },
      { l: [{ n: 1, m: 1 }] },
      { l: [{ n: 1 }] },
    ],
    ['never applied before', undefined, { a: 1 }, { a: 1, b: 2 }, undefined],
  ])('%s', (_, last, wanted, live, patch) => {
    expect(threeWayPatch(last, wanted, live)).toEqual(patch)
  })

  /** RFC 7386. */
  const merge = (target: unknown, patch: Record<string, unknown>): Record<string, unknown> => {
    const result: Record<string, unknown> = { ...(target as object) }
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) delete result[key]
      else if (typeof value === 'object' && !Array.isArray(value)) {
        const inner = result[key]
        const base = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}
        result[key] = merge(base, value as Record<string, unknown>)
      } else result[key] = value
    }
    return result
  }
  const tree = fc.letrec<{ node: unknown; fields: Record<string, unknown> }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.integer({ min: 0, max: 3 })),
      tie('fields'),
    ),
    fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'), { maxKeys: 3 }),
  })).fields

  test('the patched object has what the manifest says, and a second apply has nothing to do', () => {
    fc.assert(
      fc.property(tree, tree, tree, (last, wanted, live) => {
        const patch = threeWayPatch(last, wanted, live)
        const patched = patch ? merge(live, patch) : live
        expect(threeWayPatch(wanted, wanted, patched)).toBeUndefined()
      }),
    )
  })

  test('what nobody applied stays', () => {
    fc.assert(
      fc.property(tree, tree, (last, wanted) => {
        const live: Record<string, unknown> = { ...last, other: 1 }
        const patch = threeWayPatch(last, wanted, live)
        expect(patch ? merge(live, patch).other : live.other).toBe(1)
      }),
    )
  })
})

describe('on a cluster', () => {
  let embedded: EmbeddedCluster
  let client: Client
  beforeEach(async () => {
    embedded = await createEmbeddedCluster()
    client = createClient(embedded.cluster)
  })
  afterEach(() => embedded.stop())

  const config = (data: Record<string, string>, name = 'settings'): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
    data,
  })
  const outcomes = async (...objects: KubeObject[]) => (await client.apply(objects)).map(({ outcome }) => outcome)

  test('creates, leaves alone, configures, takes out', async () => {
    expect(await outcomes(config({ a: '1', b: '1' }))).toEqual(['created'])
    expect(await outcomes(config({ a: '1', b: '1' }))).toEqual(['unchanged'])
    expect(await outcomes(config({ a: '2' }))).toEqual(['configured'])
    expect(
      (await client.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'settings' })).data,
    ).toEqual({
      a: '2',
    })
  })

  test('goes on from what kubectl applied, and leaves what others set', async () => {
    await client.create(withLastApplied(config({ a: '1', gone: '1' })), { fieldManager: 'kubectl-client-side-apply' })
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'settings' }
    await client.patch(ref, 'merge', { data: { theirs: 'x' } })
    await client.apply([config({ a: '1' })])
    expect((await client.get(ref)).data).toEqual({ a: '1', theirs: 'x' })
  })

  test('the annotation is the manifest as kubectl writes it: sorted, with a newline', () => {
    const text = withLastApplied(config({ b: '1', a: '1' })).metadata.annotations?.[lastAppliedAnnotation]
    expect(text).toBe(
      '{"apiVersion":"v1","data":{"a":"1","b":"1"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"settings","namespace":"default"}}\n',
    )
  })

  test('tries all, then says which were refused in the server’s words', async () => {
    const bad: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'Not_A_Name', namespace: 'default' },
    }
    const error = await client.apply([bad, config({ a: '1' })]).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApplyFailed)
    expect((error as ApplyFailed).results.map(({ outcome }) => outcome)).toEqual(['failed', 'created'])
    expect((error as ApplyFailed).message).toContain('Invalid value: "Not_A_Name"')
  })

  test('a kind that is not served is refused by name', async () => {
    await expect(client.apply([{ apiVersion: 'no.such/v1', kind: 'Thing', metadata: { name: 'x' } }])).rejects.toThrow(
      'no matches for kind "Thing" in version "no.such/v1"',
    )
  })
})
