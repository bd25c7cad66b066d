import { expect, test } from 'vitest'
import { notFound } from '../../../src/embedded/apiserver/errors.ts'
import { keyOf, parseKey, workQueue } from '../../../src/embedded/controllers/queue.ts'
import { manualClock } from '../manual-clock.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const refused = () => notFound({ group: '', resource: 'pods' }, 'x')

test('a key that is added twice is worked on once', async () => {
  const seen: string[] = []
  const queue = workQueue(manualClock(), (key) => seen.push(key))
  for (const key of ['a', 'b', 'a']) queue.add(key)
  expect(seen).toEqual([])
  await turn()
  expect(seen).toEqual(['a', 'b'])
})

test('a refusal is tried again, each time after twice as long, until it works', async () => {
  const clock = manualClock()
  const at: number[] = []
  const start = clock.now()
  const queue = workQueue(clock, () => {
    at.push(clock.now() - start)
    if (at.length < 4) throw refused()
  })
  queue.add('a')
  for (let step = 0; step < 20; step++) {
    await turn()
    clock.advance(100)
  }
  expect(at).toEqual([0, 100, 300, 700])
  expect(clock.waiting).toBe(0)
})

test('the earlier of two delays counts', async () => {
  const clock = manualClock()
  let runs = 0
  const queue = workQueue(clock, () => {
    runs++
  })
  queue.addAfter('a', 1000)
  queue.addAfter('a', 200)
  queue.addAfter('a', 5000)
  clock.advance(200)
  await turn()
  clock.advance(10_000)
  await turn()
  expect(runs).toBe(1)
})

test('nothing runs and no timer is left after stop', async () => {
  const clock = manualClock()
  let runs = 0
  const queue = workQueue(clock, () => {
    runs++
  })
  queue.add('a')
  queue.addAfter('b', 100)
  queue.stop()
  queue.add('c')
  expect(clock.waiting).toBe(0)
  await turn()
  expect(runs).toBe(0)
})

test('keys go there and back', () => {
  expect(parseKey(keyOf({ metadata: { namespace: 'shop', name: 'web' } }))).toEqual({ namespace: 'shop', name: 'web' })
  expect(keyOf({ metadata: { name: 'node-1' } })).toBe('node-1')
})
