import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { leapingClock } from '../../src/embedded/leaping-clock.ts'
import { pause } from '../../src/embedded/workloads/process/process.ts'

const hour = 3_600_000
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('leaps to what is due first, and no further, when nothing is left to do but wait', async () => {
  const idle = new EventEmitter()
  const clock = leapingClock(idle)
  const start = clock.now()
  const rung: string[] = []
  clock.after(2 * hour, () => rung.push('second'))
  clock.after(hour + 0.4, () => {
    rung.push('first')
    clock.after(hour / 2, () => rung.push('set going by the first'))
  })
  const cancel = clock.after(1.2 * hour, () => rung.push('cancelled'))
  cancel()
  await turn()
  expect(rung).toEqual([])
  for (const expected of [
    ['first'],
    ['first', 'set going by the first'],
    ['first', 'set going by the first', 'second'],
  ]) {
    idle.emit('beforeExit')
    await turn()
    expect(rung).toEqual(expected)
  }
  expect(Number.isInteger(clock.now())).toBe(true)
  expect(clock.now() - start).toBeGreaterThanOrEqual(2 * hour)
  expect(clock.now() - start).toBeLessThan(3 * hour)
  clock.stop()
  expect(idle.listenerCount('beforeExit')).toBe(0)
})

test('stands while there is something to do, however long that takes', async () => {
  const clock = leapingClock(new EventEmitter(), hour)
  const before = clock.now()
  const late = pause(clock, 1).then(() => 'late')
  for (const start = performance.now(); performance.now() - start < 5; ) await turn()
  expect(clock.now()).toBe(before)
  expect(await Promise.race([late, turn()])).toBeUndefined()
  clock.stop()
})

test('is an ordinary clock while something holds the loop for long', async () => {
  const clock = leapingClock(new EventEmitter(), 0)
  const before = clock.now()
  expect(await pause(clock, 3)).toBe(true)
  expect(clock.now() - before).toBeGreaterThanOrEqual(3)
  expect(clock.now() - Date.now()).toBeLessThan(1000)
  clock.stop()
})
