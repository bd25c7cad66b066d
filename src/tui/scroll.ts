/** Where one is in a list or a text: pure arithmetic, so that every pane scrolls the same way. */

export interface Scroll {
  /** First visible line. */
  top: number
  /** Selected item, in panes that have items. */
  selected?: number
}

/** How far a pane reaches, as drawn last. */
export interface Extent {
  /** All lines, visible or not. */
  lines: number
  /** Visible lines. */
  page: number
  /** The line of each item; a pane without items scrolls by lines. */
  items?: readonly number[]
  /** Items per row of a table; 1 in a list. */
  stride: number
  /** The item that is selected until somebody moves. */
  start: number
}

export type Move = 'up' | 'down' | 'left' | 'right' | 'top' | 'bottom' | 'pageup' | 'pagedown'

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high))

/** The selected item, inside the list as it is now. */
export const selectedIn = (scroll: Scroll | undefined, extent: Pick<Extent, 'items' | 'start'>): number =>
  clamp(scroll?.selected ?? extent.start, 0, Math.max(0, (extent.items?.length ?? 0) - 1))

/** The first visible line, so that the selected item is on the screen and no page ends in emptiness. */
export const topIn = (scroll: Scroll | undefined, extent: Extent): number => {
  const last = Math.max(0, extent.lines - extent.page)
  const top = clamp(scroll?.top ?? 0, 0, last)
  if (!extent.items?.length) return top
  const selected = selectedIn(scroll, extent)
  const at = extent.items[selected]!
  // The first item brings the heading above it along.
  const from = selected < extent.stride ? 0 : at
  if (from < top) return clamp(from, 0, last)
  return at >= top + extent.page ? clamp(at - extent.page + 1, 0, last) : top
}

const moveLines = (top: number, by: Move, extent: Extent): number => {
  const last = Math.max(0, extent.lines - extent.page)
  const page = Math.max(1, extent.page - 1)
  const to = {
    up: top - 1,
    down: top + 1,
    left: top,
    right: top,
    top: 0,
    bottom: last,
    pageup: top - page,
    pagedown: top + page,
  }
  return clamp(to[by], 0, last)
}

const moveItem = (selected: number, by: Move, extent: Extent): number => {
  const { stride } = extent
  const count = extent.items?.length ?? 0
  const column = selected % stride
  const page = stride * Math.max(1, extent.page - 1)
  const lastInColumn = count - stride + column
  const to = {
    up: selected - stride,
    down: selected + stride,
    left: column > 0 ? selected - 1 : selected,
    right: column < stride - 1 ? selected + 1 : selected,
    top: column,
    bottom: lastInColumn,
    pageup: Math.max(column, selected - page),
    pagedown: Math.min(lastInColumn, selected + page),
  }
  const next = to[by]
  return next < 0 || next >= count ? selected : next
}

export const move = (scroll: Scroll | undefined, by: Move, extent: Extent): Scroll => {
  const top = topIn(scroll, extent)
  if (!extent.items?.length) return { top: moveLines(top, by, extent) }
  const selected = moveItem(selectedIn(scroll, extent), by, extent)
  return { selected, top: topIn({ top, selected }, extent) }
}
