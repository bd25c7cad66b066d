import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Compacted, type Revision, revisionFromTime, Store } from '../../src/embedded/store.ts'
import type { KubeObject } from '../../src/kube/api.ts'

const object = (name: string, value: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n' },
  data: { value: String(value) },
})

const writes = fc.array(
  fc.record({
    key: fc.constantFrom('n/a', 'n/b', 'n/c', 'm/a'),
    action: fc.constantFrom('put', 'put', 'remove'),
    value: fc.nat(9),
  }),
  { maxLength: 60 },
)

type Write = { key: string; action: string; value: number }
const perform = (store: Store, { key, action, value }: Write): void => {
  if (action === 'put') store.put('b', key, object(key, value))
  else store.remove('b', key)
}

const replay = (state: Map<string, KubeObject>, { type, key, object: o }: Revision): void => {
  if (type === 'DELETED') state.delete(key)
  else state.set(key, o)
}

const asState = (store: Store): [string, KubeObject][] =>
  store.listAt('b', store.revision).map(([key, value]) => [key, value])
const sorted = (state: Map<string, KubeObject>) => [...state].sort(([a], [b]) => (a < b ? -1 : 1))

describe('store', () => {
  test('a list and everything watched after it give the state, wherever the list was taken', async () => {
    await fc.assert(
      fc.asyncProperty(writes, fc.nat(60), async (all, cut) => {
        const store = new Store()
        const before = all.slice(0, cut)
        for (const write of before) perform(store, write)
        const state = new Map(asState(store))
        const since = store.revision
        for (const write of all.slice(cut)) perform(store, write)
        store.watch('b', (revision) => replay(state, revision), { after: since })
        await Promise.resolve()
        expect(sorted(state)).toEqual(asState(store))
      }),
    )
  })

  test('a watch with replay sees the same as the store', async () => {
    await fc.assert(
      fc.asyncProperty(writes, writes, async (before, after) => {
        const store = new Store()
        for (const write of before) perform(store, write)
        const state = new Map<string, KubeObject>()
        store.watch('b', (revision) => replay(state, revision), { replay: true })
        for (const write of after) perform(store, write)
        await Promise.resolve()
        expect(sorted(state)).toEqual(asState(store))
      }),
    )
  })

  test('every revision can be listed as it was', () => {
    fc.assert(
      fc.property(writes, (all) => {
        const store = new Store()
        const snapshots = new Map([[store.revision, asState(store)]])
        for (const write of all) {
          perform(store, write)
          snapshots.set(store.revision, asState(store))
        }
        for (const [revision, state] of snapshots) expect(store.listAt('b', revision)).toEqual(state)
      }),
    )
  })

  test('revisions rise by one, and objects carry theirs', () => {
    const store = new Store({ startRevision: 2000 })
    expect(store.put('b', 'n/a', object('a', 1)).metadata.resourceVersion).toBe('2001')
    expect(store.put('other', 'x', object('x', 1)).metadata.resourceVersion).toBe('2002')
    expect(store.remove('b', 'n/a')?.metadata.resourceVersion).toBe('2003')
    expect(store.remove('b', 'n/a')).toBeUndefined()
    expect(store.revision).toBe(2003)
  })

  test('what comes out is frozen', () => {
    const stored = new Store().put('b', 'n/a', object('a', 1))
    expect(() => Object.assign(stored.metadata, { name: 'b' })).toThrow(TypeError)
  })

  test('watchers are called after the write, in order, until they stop', async () => {
    const store = new Store()
    const seen: string[] = []
    const stop = store.watch('b', ({ type, key }) => {
      seen.push(`${type} ${key}`)
      if (type === 'MODIFIED') stop()
    })
    store.put('b', 'n/a', object('a', 1))
    store.put('b', 'n/a', object('a', 2))
    store.remove('b', 'n/a')
    expect(seen).toEqual([])
    await Promise.resolve()
    expect(seen).toEqual(['ADDED n/a', 'MODIFIED n/a'])
  })

  test('history ends: older revisions are Compacted', () => {
    const store = new Store({ history: 4 })
    const first = store.put('b', 'n/a', object('a', 0))
    for (let value = 1; value < 12; value++) store.put('b', 'n/a', object('a', value))
    const revision = Number(first.metadata.resourceVersion)
    expect(() => store.watch('b', () => {}, { after: revision })).toThrow(Compacted)
    expect(() => store.listAt('b', revision)).toThrow(Compacted)
    expect(store.listAt('b', store.revision)).toHaveLength(1)
  })

  test('a later run starts at a later revision', () => {
    const at = (iso: string): number => revisionFromTime(Date.parse(iso))
    expect(at('2026-11-24T10:00:01Z')).toBeGreaterThan(at('2026-11-24T10:00:00Z'))
    expect(revisionFromTime(0)).toBeGreaterThan(0)
  })
})
