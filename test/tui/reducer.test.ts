import { describe, expect, test } from 'vitest'
import type { View } from '../../src/session/types.ts'
import { type Action, at, initialUi, reduce, type UiState } from '../../src/tui/reducer.ts'
import { labView, passedView, pickerView } from './views.ts'

const play = (view: View, ...actions: Action[]): UiState =>
  actions.reduce((state, action) => reduce(at(state, view), action), at(initialUi, view))

describe('esc closes one thing at a time and never leaves', () => {
  const open: Action[] = [
    { type: 'zoom' },
    { type: 'open', page: { kind: 'hints' } },
    { type: 'ask', question: 'solution' },
  ]
  const remaining = ({ question, page, zoomed }: UiState) => ({ question, page: page?.kind, zoomed })

  test.each([
    [0, { question: 'solution', page: 'hints', zoomed: true }],
    [1, { question: undefined, page: 'hints', zoomed: true }],
    [2, { question: undefined, page: undefined, zoomed: true }],
    [3, { question: undefined, page: undefined, zoomed: false }],
    [9, { question: undefined, page: undefined, zoomed: false }],
  ])('after %i presses', (times, expected) => {
    const presses = Array.from({ length: times }, (): Action => ({ type: 'close' }))
    expect(remaining(play(labView(), ...open, ...presses))).toEqual(expected)
  })

  test('a filter that is open is given up, one that was kept is cleared', () => {
    const typed: Action[] = [
      { type: 'type', field: 'filter' },
      { type: 'typed', text: 'deny' },
    ]
    expect(play(pickerView(), ...typed, { type: 'close' })).toMatchObject({ filter: '', typing: undefined })
    expect(play(pickerView(), ...typed, { type: 'accept' })).toMatchObject({ filter: 'deny', typing: undefined })
    expect(play(pickerView(), ...typed, { type: 'accept' }, { type: 'close' })).toMatchObject({ filter: '' })
  })
})

describe('a new place starts clean', () => {
  const inLab = play(
    labView(),
    { type: 'focus', pane: 'traffic' },
    { type: 'zoom' },
    { type: 'open', page: { kind: 'hints' } },
    { type: 'ask', question: 'leave' },
  )

  test('the picker has its list focused and nothing on top', () => {
    expect(at(inLab, pickerView())).toMatchObject({
      focus: 'scenarios',
      zoomed: false,
      page: undefined,
      question: undefined,
    })
  })

  test('the next step keeps pane and zoom, and closes the page', () => {
    expect(at(inLab, labView({ stepIndex: 1 }))).toMatchObject({ focus: 'traffic', zoomed: true, page: undefined })
  })

  test('the same step graded again changes nothing', () => {
    expect(at(inLab, labView({ grading: true }))).toBe(inLab)
  })
})

test('a pass gives the keys to its explanation, once, and leaves a page open', () => {
  const reading = play(labView(), { type: 'open', page: { kind: 'hints' } })
  const passed = at(reading, passedView())
  expect(passed).toMatchObject({ focus: 'task', page: { kind: 'hints' } })
  const elsewhere = reduce(passed, { type: 'focus', pane: 'traffic' })
  expect(at(elsewhere, passedView({ gradedAt: 1 }))).toMatchObject({ focus: 'traffic' })
  expect(at(passed, labView({ stepIndex: 1 }))).toMatchObject({ focus: 'checks', page: undefined })
})

test('any key takes back the first Ctrl-C', () => {
  expect(play(labView(), { type: 'arm' })).toMatchObject({ quitArmed: true, message: 'press ctrl-c again to quit' })
  expect(play(labView(), { type: 'arm' }, { type: 'key' })).toMatchObject({ quitArmed: false, message: undefined })
})

test('typing starts again at the top of the list', () => {
  const extent = { lines: 4, page: 4, items: [0, 1, 2, 3], stride: 1, start: 0 }
  const state = play(
    pickerView(),
    { type: 'move', key: 'scenarios', by: 'bottom', extent },
    { type: 'type', field: 'filter' },
    { type: 'typed', text: 'd' },
  )
  expect(state.scroll.scenarios).toBeUndefined()
})
