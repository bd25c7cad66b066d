/** Which pane stands where, for a window's size: pure arithmetic, tested alone. Sizes include the borders. */
import type { PaneId } from './model.ts'

export type Region = { pane: PaneId; width: number; height: number } | { across: Region[] } | { down: Region[] }

/** `wide` shows everything; `medium` is the 80x24 layout; `single` one pane at a time; `none` is too small for panes. */
export type Shape = 'wide' | 'medium' | 'single' | 'none'

export const shapeOf = (columns: number, rows: number): Shape => {
  if (columns < 40 || rows < 10) return 'none'
  if (columns < 70 || rows < 18) return 'single'
  return columns >= 110 && rows >= 34 ? 'wide' : 'medium'
}

/** Prose stops growing here: longer lines are hard to read. */
export const MAX_TEXT = 100
const MIN_PANE = 3

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high))

export interface Needs {
  /** Rows that checks and traffic would fill, borders included. */
  checks: number
  traffic: number
  /** Rows that the traffic table needs without any words. */
  trafficAtLeast: number
}

/** Heights of checks, traffic and events in one column. Checks and traffic get what they need while there is room. */
export const columnHeights = (height: number, needs: Needs): { checks: number; traffic: number; events: number } => {
  const free = height - MIN_PANE
  const traffic = Math.min(
    needs.traffic,
    Math.max(free - needs.checks, Math.min(needs.trafficAtLeast, Math.floor(free * 0.6))),
  )
  const checks = clamp(needs.checks, MIN_PANE, free - traffic)
  return { checks, traffic, events: height - checks - traffic }
}

/** Width of the task pane in a window of `columns`. */
export const taskWidth = (columns: number, shape: Shape): number =>
  shape === 'wide' ? Math.min(Math.floor(columns * 0.4), MAX_TEXT) : clamp(Math.floor(columns * 0.43), 30, 44)

export const labRegion = (columns: number, height: number, shape: Shape, needs: Needs, single: PaneId): Region => {
  if (shape === 'single') return { pane: single, width: columns, height }
  const left = taskWidth(columns, shape)
  const width = columns - left
  const { checks, traffic, events } = columnHeights(height, needs)
  return {
    across: [
      { pane: 'task', width: left, height },
      {
        down: [
          { pane: 'checks', width, height: checks },
          { pane: 'traffic', width, height: traffic },
          { pane: 'events', width, height: events },
        ],
      },
    ],
  }
}

/** The task is read over the whole width, the checks below. */
export const readingRegion = (columns: number, height: number, needs: Needs): Region => {
  const checks = clamp(needs.checks, MIN_PANE, Math.max(MIN_PANE, Math.floor(height * 0.3)))
  return {
    down: [
      { pane: 'task', width: columns, height: height - checks },
      { pane: 'checks', width: columns, height: checks },
    ],
  }
}

/** In a wide window a page opens beside the task and below the checks; elsewhere it takes the whole body. */
export const pageRegion = (columns: number, height: number, shape: Shape, needs: Needs, beside: boolean): Region => {
  if (shape !== 'wide' || !beside) return { pane: 'page', width: columns, height }
  const left = taskWidth(columns, shape)
  const width = columns - left
  const { checks } = columnHeights(height, needs)
  return {
    across: [
      { pane: 'task', width: left, height },
      {
        down: [
          { pane: 'checks', width, height: checks },
          { pane: 'page', width, height: height - checks },
        ],
      },
    ],
  }
}

/** From here on two dumps of eight bytes a row stand beside each other. */
const BESIDE = 96

/** The two sides of the wire tap. */
export const wireRegion = (
  columns: number,
  height: number,
  shape: Shape,
  show: 'both' | 'one',
  focus: PaneId,
): Region => {
  if (shape === 'single' || shape === 'none' || show === 'one') return { pane: focus, width: columns, height }
  if (columns >= BESIDE) {
    const left = Math.floor(columns / 2)
    return {
      across: [
        { pane: 'wire', width: left, height },
        { pane: 'mtls', width: columns - left, height },
      ],
    }
  }
  const upper = Math.ceil(height / 2)
  return {
    down: [
      { pane: 'wire', width: columns, height: upper },
      { pane: 'mtls', width: columns, height: height - upper },
    ],
  }
}

export const pickerRegion = (columns: number, height: number, shape: Shape, single: PaneId): Region => {
  if (shape === 'single') return { pane: single, width: columns, height }
  const about = clamp(Math.floor(columns * 0.4), 30, MAX_TEXT)
  return {
    across: [
      { pane: 'scenarios', width: columns - about, height },
      { pane: 'about', width: about, height },
    ],
  }
}

export interface ExamNeeds {
  /** Rows that the list would fill, borders included. */
  tasks: number
  /** What stands below the list (beside it in a wide window), the first with the most room. */
  others: readonly PaneId[]
  focus: PaneId
}

/** The list of an exam's tasks, and as much of the rest as there is room for. */
export const examRegion = (
  columns: number,
  height: number,
  shape: Shape,
  { tasks, others, focus }: ExamNeeds,
): Region => {
  if (shape === 'single') return { pane: focus, width: columns, height }
  if (shape === 'wide') {
    const left = Math.floor(columns * 0.55)
    const width = columns - left
    const least = Math.floor(height * 0.3)
    const [first, ...rest] = others
    const down = [
      { pane: first!, width, height: height - least * rest.length },
      ...rest.map((pane) => ({ pane, width, height: least })),
    ]
    return { across: [{ pane: 'tasks', width: left, height }, { down }] }
  }
  const list = clamp(tasks, MIN_PANE, Math.floor(height * 0.6))
  return {
    down: [
      { pane: 'tasks', width: columns, height: list },
      { pane: others.find((pane) => pane === focus) ?? others[0]!, width: columns, height: height - list },
    ],
  }
}

export interface Placed {
  pane: PaneId
  width: number
  height: number
}

export const placesIn = (region: Region): Placed[] =>
  'pane' in region ? [region] : ('across' in region ? region.across : region.down).flatMap(placesIn)
