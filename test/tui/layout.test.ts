import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnHeights, labRegion, pageRegion, pickerRegion, type Region, shapeOf } from '../../src/tui/layout.ts'

describe('shapeOf', () => {
  test.each([
    [120, 40, 'wide'],
    [110, 34, 'wide'],
    [109, 40, 'medium'],
    [200, 33, 'medium'],
    [80, 24, 'medium'],
    [70, 18, 'medium'],
    [69, 24, 'single'],
    [80, 17, 'single'],
    [60, 20, 'single'],
    [40, 10, 'single'],
    [39, 24, 'none'],
    [80, 9, 'none'],
  ])('%ix%i is %s', (columns, rows, shape) => {
    expect(shapeOf(columns, rows)).toBe(shape)
  })
})

/** Width and height of a region; throws when its parts do not line up. */
const sizeOf = (region: Region): { width: number; height: number } => {
  if ('pane' in region) return region
  const parts = ('across' in region ? region.across : region.down).map(sizeOf)
  const [along, other] = 'across' in region ? (['width', 'height'] as const) : (['height', 'width'] as const)
  expect(new Set(parts.map((part) => part[other])).size).toBe(1)
  const sum = parts.reduce((total, part) => total + part[along], 0)
  return along === 'width' ? { width: sum, height: parts[0]!.height } : { width: parts[0]!.width, height: sum }
}

const need = fc.integer({ min: 3, max: 60 })

test('every layout fills the body exactly, and no pane is lower than its borders and a row', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 40, max: 300 }),
      fc.integer({ min: 10, max: 120 }),
      need,
      need,
      (columns, rows, checks, traffic) => {
        const shape = shapeOf(columns, rows)
        const height = rows - 2
        const needs = { checks, traffic, trafficAtLeast: Math.min(traffic, 9) }
        for (const region of [
          labRegion(columns, height, shape, needs, 'task'),
          pageRegion(columns, height, shape, needs, true),
          pickerRegion(columns, height, shape, 'scenarios'),
        ]) {
          expect(sizeOf(region)).toMatchObject({ width: columns, height })
        }
        const heights = columnHeights(Math.max(16, height), needs)
        expect(Math.min(...Object.values(heights))).toBeGreaterThanOrEqual(3)
      },
    ),
  )
})
