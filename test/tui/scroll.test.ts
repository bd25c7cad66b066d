import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Extent, type Move, move, type Scroll, selectedIn, topIn } from '../../src/tui/scroll.ts'

const text = (lines: number, page: number): Extent => ({ lines, page, stride: 1, start: 0 })
const list = (count: number, page: number, stride = 1): Extent => ({
  lines: Math.ceil(count / stride),
  page,
  items: Array.from({ length: count }, (_, index) => Math.floor(index / stride)),
  stride,
  start: 0,
})

const MOVES: Move[] = ['up', 'down', 'left', 'right', 'top', 'bottom', 'pageup', 'pagedown']
const play = (moves: Move[], extent: Extent): Scroll | undefined =>
  moves.reduce<Scroll | undefined>((scroll, by) => move(scroll, by, extent), undefined)

describe('a text', () => {
  test.each<[string, Move[], number]>([
    ['starts at the top', [], 0],
    ['goes down a line', ['down'], 1],
    ['does not go above the top', ['up'], 0],
    ['goes down a page, with a line of the last one', ['pagedown'], 4],
    ['ends with a full page', ['bottom', 'down'], 15],
    ['comes back', ['bottom', 'top'], 0],
  ])('%s', (_, moves, top) => {
    expect(topIn(play(moves, text(20, 5)), text(20, 5))).toBe(top)
  })
})

describe('a table of 3 columns and 4 rows', () => {
  test.each<[string, Move[], number]>([
    ['down keeps the column', ['right', 'down'], 4],
    ['right stops at the edge', ['right', 'right', 'right'], 2],
    ['left stops at the edge', ['down', 'left'], 3],
    ['up stops at the top', ['right', 'up'], 1],
    ['bottom keeps the column', ['right', 'bottom'], 10],
    ['top keeps the column', ['right', 'bottom', 'top'], 1],
  ])('%s', (_, moves, selected) => {
    expect(selectedIn(play(moves, list(12, 2, 3)), list(12, 2, 3))).toBe(selected)
  })
})

test('the selected item is always on the screen, whatever the moves and whatever shrinks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...MOVES), { maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 50 }),
      (moves, count, page, later) => {
        const scroll = play(moves, list(count, page))
        const shrunk = list(later, page)
        const selected = selectedIn(scroll, shrunk)
        const top = topIn(scroll, shrunk)
        expect(selected).toBeLessThan(later)
        expect(top).toBeLessThanOrEqual(selected)
        expect(selected).toBeLessThan(top + page)
      },
    ),
  )
})

test('a heading comes along with the first item', () => {
  const extent: Extent = { lines: 6, page: 3, items: [1, 2, 3, 4, 5], stride: 1, start: 0 }
  expect(topIn(play(['bottom', 'top'], extent), extent)).toBe(0)
})
