/** What a screen is before it is drawn: panes of lines in regions. Screens are pure functions to this. */
import type { LabView, View } from '../session/types.ts'
import type { Region } from './layout.ts'
import type { UiState } from './reducer.ts'
import { type Extent, selectedIn, topIn } from './scroll.ts'
import { blank, cut, type Line, span } from './text.ts'
import type { Theme } from './theme.ts'

export type PaneId =
  | 'scenarios'
  | 'about'
  | 'task'
  | 'checks'
  | 'traffic'
  | 'events'
  | 'page'
  | 'wire'
  | 'mtls'
  | 'tasks'
  | 'notes'
  | 'result'

export interface PaneModel {
  id: PaneId
  /** What the content is, so that new content starts at its top and old content stays where it was left. */
  key: string
  title: string
  /** At the right of the title, the most important part first. */
  note?: string[]
  /** Lines that stay above and below what scrolls. */
  head?: Line[]
  foot?: Line[]
  lines: Line[]
  /** How many of the lines have priority over the foot; a third of the pane when absent. */
  keep?: number
  /** The line of each selectable item; without items the pane scrolls by lines. */
  items?: number[]
  /** Items per row of a table. */
  stride?: number
  /** The item that is selected until the learner moves. */
  start?: number
}

export interface ScreenModel {
  header: { left: Line; right: Line }
  /** Panes in the order of `tab`. */
  panes: Partial<Record<PaneId, PaneModel>>
  order: PaneId[]
  region: Region
  focus: PaneId
  /** Below the panes, over the whole width and without borders, so that it can be selected with the mouse in one go. */
  strip: Line[]
  /** What help lies over: its commands are the ones that help lists. */
  behind?: ScreenModel
}

/** What a pane's content is made for. */
export interface PaneContext {
  /** Inner size, without border and padding. */
  width: number
  height: number
  theme: Theme
  ui: UiState
  /** The pane has the keys. */
  focused: boolean
}

export interface ScreenContext {
  columns: number
  rows: number
  theme: Theme
  ui: UiState
  /** For `~` in paths. */
  home?: string
}

export type { LabView, View }

/** Rows of a pane that scroll, when it is `height` rows high inside its border. The foot gives way before the text. */
export const parts = (pane: PaneModel, height: number): { head: Line[]; foot: Line[]; page: number } => {
  const head = (pane.head ?? []).slice(0, Math.max(0, height - 1))
  const room = height - head.length
  const wanted = Math.min(pane.lines.length, pane.keep ?? Math.max(2, Math.ceil(room / 3)))
  const foot = (pane.foot ?? []).slice(0, Math.max(0, room - wanted))
  return { head, foot, page: Math.max(1, room - foot.length) }
}

export const extentOf = (pane: PaneModel, height: number): Extent => ({
  lines: pane.lines.length,
  page: parts(pane, height).page,
  items: pane.items,
  stride: pane.stride ?? 1,
  start: pane.start ?? 0,
})

/** The rows between a pane's borders: head, the visible part of its lines, foot. Exactly `height` of them. */
export const visibleRows = (pane: PaneModel, ui: UiState, width: number, height: number, ellipsis: string): Line[] => {
  const { head, foot, page } = parts(pane, height)
  const top = topIn(ui.scroll[pane.key], extentOf(pane, height))
  const body = pane.lines.slice(top, top + page)
  const cutFoot = foot.length > 0 && foot.length < (pane.foot?.length ?? 0)
  const shownFoot = cutFoot
    ? [...foot.slice(0, -1), cut([...foot.at(-1)!, span(` ${ellipsis}`)], width, ellipsis)]
    : foot
  const filler = Array.from({ length: Math.max(0, height - head.length - foot.length - body.length) }, () => blank)
  return [...head, ...body, ...filler, ...shownFoot].map((row) => cut(row, width, ellipsis))
}

/** `12 below`: how many lines are out of sight, if any are. */
export const position = (pane: PaneModel, ui: UiState, height: number): string | undefined => {
  const extent = extentOf(pane, height)
  if (extent.lines <= extent.page) return undefined
  const top = topIn(ui.scroll[pane.key], extent)
  const below = extent.lines - top - extent.page
  return below > 0 ? `${below} below` : `${top} above`
}

export const selectedItem = (pane: PaneModel, ui: UiState): number =>
  selectedIn(ui.scroll[pane.key], { items: pane.items, start: pane.start ?? 0 })
