import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Compacted, type Cursor, type Revision, revisionFromTime, Store } from '../../src/embedded/store.ts'
import type { KubeObject } from '../../src/kube/api.ts'

const object = (name: string, value: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n' },
  data: { value: String(value) },
})

type State = Map<string, KubeObject>

/** What a store is, said plainly: a whole copy of the bucket at every revision. */
class Model {
  revision = 1000
  compacted = 999
  readonly history: State[] = []
  now: State = new Map()

  write(change: (state: State) => void): void {
    this.history[this.revision] = new Map(this.now)
    change(this.now)
    this.history[++this.revision] = new Map(this.now)
  }

  at(revision: number): [string, KubeObject][] {
    return [...(this.history[revision] ?? this.now)].sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

const keys = ['n/a', 'n/b', 'n/c', 'n-x/a', 'n0/a', 'm/a', 'cluster-wide']
const operations = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('put' as const), key: fc.constantFrom(...keys), value: fc.nat(9) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.constantFrom(...keys) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('elsewhere' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), back: fc.nat(10) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), reader: fc.nat(3), count: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('follow' as const), back: fc.nat(8) }) },
  ),
  { maxLength: 80 },
)
type Operation = (typeof operations extends fc.Arbitrary<infer T> ? T : never)[number]

interface Reader {
  cursor: Cursor
  state: State
  lost: boolean
}

function replay(state: State, { type, key, object: o, previous }: Revision): void {
  // An event says what it does to what its reader knows, so one that is missed or repeated shows.
  expect(type === 'ADDED').toBe(!state.has(key))
  if (previous) expect(state.get(key)).toBe(previous)
  if (type === 'DELETED') state.delete(key)
  else state.set(key, o)
}

function readOn({ cursor, state }: Reader, count: number): void {
  for (let read = 0; read < count; read++) {
    const revision = cursor.next()
    if (!revision) return
    replay(state, revision)
  }
}

function perform(store: Store, model: Model, readers: Reader[], operation: Operation): void {
  switch (operation.do) {
    case 'put':
      model.write((state) => {
        state.set(operation.key, store.put('b', operation.key, object(operation.key, operation.value)))
      })
      return
    case 'remove':
      if (!model.now.has(operation.key)) expect(store.remove('b', operation.key)).toBeUndefined()
      else
        model.write((state) => {
          store.remove('b', operation.key)
          state.delete(operation.key)
        })
      return
    case 'elsewhere':
      model.write(() => store.put('other', 'x', object('x', 0)))
      return
    case 'compact':
      model.compacted = Math.max(model.compacted, model.revision - operation.back)
      store.compact(model.revision - operation.back)
      return
    case 'follow': {
      const after = Math.max(1000, model.revision - operation.back)
      if (after < model.compacted) expect(() => store.follow('b', after)).toThrow(Compacted)
      else readers.push({ cursor: store.follow('b', after), state: new Map(model.at(after)), lost: false })
      return
    }
    case 'read': {
      const reader = readers[operation.reader]
      if (!reader || reader.lost) return
      try {
        readOn(reader, operation.count)
      } catch (error) {
        if (!(error instanceof Compacted)) throw error
        reader.lost = true
      }
    }
  }
}

describe('store', () => {
  test('is a model of whole copies, to lists of any revision, pages, counts and readers of any speed', () => {
    fc.assert(
      fc.property(
        operations,
        fc.constantFrom('', 'n/', 'm/', 'none/'),
        fc.constantFrom('', ...keys),
        (all, prefix, start) => {
          const store = new Store()
          const model = new Model()
          const readers: Reader[] = []
          for (const operation of all) perform(store, model, readers, operation)

          expect(store.revision).toBe(model.revision)
          for (let revision = 1000; revision <= model.revision; revision++) {
            const range = { prefix, start, revision }
            const expected = model.at(revision).filter(([key]) => key.startsWith(prefix) && key >= start)
            if (revision < model.compacted && revision < model.revision) {
              expect(() => [...store.scan('b', range)]).toThrow(Compacted)
              continue
            }
            expect([...store.scan('b', range)]).toEqual(expected)
            expect(store.count('b', range)).toBe(expected.length)
          }
          for (const reader of readers.filter(({ lost }) => !lost)) {
            try {
              readOn(reader, Number.POSITIVE_INFINITY)
            } catch (error) {
              // Only a reader that stood before what was forgotten may be told so.
              expect(error).toBeInstanceOf(Compacted)
              continue
            }
            expect([...reader.state].sort()).toEqual([...model.now].sort())
          }
        },
      ),
    )
  })

  test('a watch with replay comes to know what the store knows', async () => {
    await fc.assert(
      fc.asyncProperty(operations, operations, async (before, after) => {
        const store = new Store()
        const model = new Model()
        for (const operation of before) perform(store, model, [], operation)
        const state: State = new Map()
        store.watch('b', (revision) => replay(state, revision), { replay: true })
        for (const operation of after) perform(store, model, [], operation)
        await Promise.resolve()
        expect([...state].sort()).toEqual([...model.now].sort())
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
    const slow = store.follow('b')
    for (let value = 1; value < 12; value++) store.put('b', 'n/a', object('a', value))
    const revision = Number(first.metadata.resourceVersion)
    expect(() => store.follow('b', revision)).toThrow(Compacted)
    expect(() => [...store.scan('b', { revision })]).toThrow(Compacted)
    expect(() => slow.next()).toThrow(Compacted)
    expect(store.list('b')).toHaveLength(1)
  })

  test('history ends by size as well, so that large objects cannot fill the memory', () => {
    const store = new Store({ historyBytes: 100_000 })
    const large = (value: number): KubeObject => ({ ...object('a', value), data: { value: 'x'.repeat(20_000) } })
    const { metadata } = store.put('b', 'n/a', large(0))
    for (let value = 1; value < 12; value++) store.put('b', 'n/a', large(value))
    expect(() => store.follow('b', Number(metadata.resourceVersion))).toThrow(Compacted)
    expect(store.follow('b', store.revision - 3).next()?.revision).toBe(store.revision - 2)
  })

  test('a reader is woken once there is more, also by what came before it asked', async () => {
    const store = new Store()
    const cursor = store.follow('b')
    let woken = 0
    cursor.wake(() => woken++)
    await Promise.resolve()
    expect(woken).toBe(0)
    store.put('b', 'n/a', object('a', 1))
    store.put('b', 'n/a', object('a', 2))
    await Promise.resolve()
    expect(woken).toBe(1)
    cursor.wake(() => woken++)
    await Promise.resolve()
    expect(woken).toBe(2)
  })

  test('tells when a bucket was last written', () => {
    const store = new Store()
    expect(store.changed('b')).toBe(0)
    store.put('b', 'n/a', object('a', 1))
    store.put('other', 'x', object('x', 1))
    expect(store.changed('b')).toBe(1001)
    store.remove('b', 'n/a')
    expect(store.changed('b')).toBe(1003)
  })

  test('a later run starts at a later revision', () => {
    const at = (iso: string): number => revisionFromTime(Date.parse(iso))
    expect(at('2026-11-24T10:00:01Z')).toBeGreaterThan(at('2026-11-24T10:00:00Z'))
    expect(revisionFromTime(0)).toBeGreaterThan(0)
  })
})
