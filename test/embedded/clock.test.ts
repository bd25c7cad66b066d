import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/embedded/clock.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const day = 24 * 3600 * 1000

test.each([1, 24, 25, 60])('calls back after %i days, and not before', (days) => {
  const called = vi.fn()
  systemClock.after(days * day, called)
  vi.advanceTimersByTime(days * day - 1)
  expect(called).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(called).toHaveBeenCalledOnce()
})

test('is cancelled at any time', () => {
  const called = vi.fn()
  const cancel = systemClock.after(60 * day, called)
  vi.advanceTimersByTime(30 * day)
  cancel()
  vi.advanceTimersByTime(60 * day)
  expect(called).not.toHaveBeenCalled()
})
