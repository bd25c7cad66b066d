import { describe, expect, test } from 'vitest'
import { humanDuration, since } from '../../../src/embedded/kinds/duration.ts'

const s = 1000
const m = 60 * s
const h = 60 * m
const d = 24 * h

describe('humanDuration', () => {
  test.each([
    [0, '0s'],
    [999, '0s'],
    [119 * s, '119s'],
    [2 * m, '2m'],
    [9 * m + 59 * s, '9m59s'],
    [10 * m + 30 * s, '10m'],
    [2 * h + 59 * m, '179m'],
    [3 * h, '3h'],
    [7 * h + 59 * m, '7h59m'],
    [8 * h + 30 * m, '8h'],
    [47 * h, '47h'],
    [48 * h, '2d'],
    [7 * d + 5 * h, '7d5h'],
    [8 * d + 5 * h, '8d'],
    [729 * d, '729d'],
    [730 * d, '2y'],
    [3 * 365 * d + 40 * d, '3y40d'],
    [9 * 365 * d, '9y'],
    [-500, '0s'],
    [-5 * s, '<invalid>'],
  ])('%d ms is %s', (milliseconds, expected) => {
    expect(humanDuration(milliseconds)).toBe(expected)
  })

  test('a time that is not set is unknown', () => {
    expect(since(undefined, 0)).toBe('<unknown>')
    expect(since(null, 0)).toBe('<unknown>')
    expect(since('1970-01-01T00:00:10Z', 40 * s)).toBe('30s')
  })
})
