/**
 * What the TUI itself remembers: which pane has the keys, where each one is scrolled to, which page lies on top. A pure
 * reducer, so that it is tested without a terminal. Everything else on the screen comes from the session's View.
 */
import type { View } from '../session/types.ts'
import type { PaneId } from './model.ts'
import { type Extent, type Move, move, type Scroll } from './scroll.ts'

/** A page covers the body (or a part of it) until `esc`. */
export type Page =
  | { kind: 'help'; title: string }
  | { kind: 'document'; title: string; text: string }
  | { kind: 'hints' }
  | { kind: 'solution' }
  | { kind: 'explain-check'; step: string; check: string }
  | { kind: 'explain-cell'; row: number; column: number }
  | { kind: 'wire'; from: string; to: string }

export type Question = 'leave' | 'quit' | 'solution' | 'reset' | 'reset-lab' | 'finish' | 'leave-exam' | 'exam'

/** The traffic map: what is, what the step asks for, one beside the other, or all of it as sentences. */
export type TrafficAs = 'now' | 'both' | 'goal' | 'words'
const trafficOrder: readonly TrafficAs[] = ['now', 'both', 'goal', 'words']

export interface UiState {
  /** Screen and step that `focus`, `page` and `question` belong to. */
  place: string
  focus: PaneId
  /** The learner went to that pane; until then a screen that shows one pane at a time may begin with another. */
  focusChosen: boolean
  zoomed: boolean
  scroll: Record<string, Scroll>
  page?: Page
  question?: Question
  /** The text field that takes the keys. */
  typing?: 'filter' | 'search'
  filter: string
  search: string
  trafficAs: TrafficAs
  /** One line for the learner, until the next key. */
  message?: string
  /** The step's pass has been shown: the text that explains it had the keys once. */
  explained: boolean
  /** Ctrl-C was pressed once. */
  quitArmed: boolean
}

export const initialUi: UiState = {
  place: '',
  focus: 'scenarios',
  focusChosen: false,
  zoomed: false,
  scroll: {},
  filter: '',
  search: '',
  trafficAs: 'now',
  explained: false,
  quitArmed: false,
}

export type Action =
  | { type: 'key' }
  | { type: 'move'; key: string; by: Move; extent: Extent }
  | { type: 'focus'; pane: PaneId }
  | { type: 'zoom' }
  | { type: 'open'; page: Page; typing?: 'search' }
  | { type: 'close' }
  | { type: 'dismiss' }
  | { type: 'ask'; question: Question }
  | { type: 'answered' }
  | { type: 'type'; field: 'filter' | 'search' }
  | { type: 'typed'; text: string }
  | { type: 'accept' }
  | { type: 'traffic' }
  | { type: 'say'; text: string }
  | { type: 'arm' }

/** Where the view is; a new place starts with its own pane and nothing on top. */
export const placeOf = (view: View): string => {
  if (view.screen === 'picker') return 'picker'
  if (view.screen === 'exam-task') return `exam/${view.current}`
  if (!('scenario' in view)) return view.screen
  const name = view.scenario.metadata.name
  return view.screen === 'lab' ? `lab/${name}/${view.stepIndex}` : `${view.screen}/${name}`
}

/** The state as it is when `view` is on the screen. */
export const at = (state: UiState, view: View): UiState => explaining(arrived(state, view), view)

/** A pass gives the keys to the explanation once, so that it can be read on at once; whatever lies on top stays. */
const explaining = (state: UiState, view: View): UiState => {
  const passed = view.screen === 'lab' && view.stepPassed
  if (state.explained === passed) return state
  return { ...state, explained: passed, focus: passed ? 'task' : state.focus }
}

/** Where the keys are on a new screen. */
const firstPane: Record<View['screen'], PaneId> = {
  picker: 'scenarios',
  opening: 'page',
  failed: 'page',
  lab: 'checks',
  exam: 'tasks',
  'exam-task': 'task',
  'exam-grading': 'page',
  'exam-results': 'tasks',
}

const arrived = (state: UiState, view: View): UiState => {
  const place = placeOf(view)
  if (state.place === place) return state
  const nextStep = view.screen === 'lab' && state.place.startsWith(`lab/${view.scenario.metadata.name}/`)
  return {
    ...state,
    place,
    focus: nextStep && !state.explained ? state.focus : firstPane[view.screen],
    focusChosen: nextStep && !state.explained && state.focusChosen,
    zoomed: nextStep ? state.zoomed : false,
    page: undefined,
    question: undefined,
    typing: undefined,
  }
}

/** `esc`: the topmost thing closes, one at a time. Nothing is left at the end, and nothing is ever quit. */
const close = (state: UiState): UiState => {
  if (state.question) return { ...state, question: undefined }
  if (state.typing) return { ...state, typing: undefined, [state.typing]: '' }
  if (state.page?.kind === 'help' && state.search !== '') return { ...state, search: '' }
  if (state.page) return withoutPage(state)
  if (state.zoomed) return { ...state, zoomed: false }
  return state.filter === '' ? state : { ...state, filter: '' }
}

/** The wire tap has panes of its own; behind it is the map that it was opened from. */
const withoutPage = (state: UiState): UiState =>
  state.page?.kind === 'wire'
    ? { ...state, page: undefined, focus: 'traffic', zoomed: false }
    : { ...state, page: undefined }

/** What is typed belongs to the top of the list that it filters. */
const typed = (state: UiState, text: string): UiState => {
  if (!state.typing) return state
  const { scenarios: _s, help: _h, ...scroll } = state.scroll
  return { ...state, [state.typing]: text, scroll }
}

export const reduce = (state: UiState, action: Action): UiState => {
  switch (action.type) {
    case 'key':
      return state.message || state.quitArmed ? { ...state, message: undefined, quitArmed: false } : state
    case 'move':
      return {
        ...state,
        scroll: { ...state.scroll, [action.key]: move(state.scroll[action.key], action.by, action.extent) },
      }
    case 'focus':
      return { ...state, focus: action.pane, focusChosen: true }
    case 'zoom':
      return { ...state, zoomed: !state.zoomed }
    case 'open':
      return { ...state, page: action.page, typing: action.typing, search: '', scroll: fresh(state.scroll) }
    case 'close':
      return close(state)
    case 'dismiss':
      return { ...state, page: undefined, typing: undefined, search: '' }
    case 'ask':
      return { ...state, question: action.question }
    case 'answered':
      return { ...state, question: undefined }
    case 'type':
      return { ...state, typing: action.field }
    case 'typed':
      return typed(state, action.text)
    case 'accept':
      return { ...state, typing: undefined }
    case 'traffic':
      return {
        ...state,
        trafficAs: trafficOrder[(trafficOrder.indexOf(state.trafficAs) + 1) % trafficOrder.length]!,
      }
    case 'say':
      return { ...state, message: action.text }
    case 'arm':
      return { ...state, quitArmed: true, message: 'press ctrl-c again to quit' }
  }
}

/** Pages open at their top. */
const fresh = (scroll: Record<string, Scroll>): Record<string, Scroll> =>
  Object.fromEntries(Object.entries(scroll).filter(([key]) => !key.startsWith('page/') && key !== 'help'))
