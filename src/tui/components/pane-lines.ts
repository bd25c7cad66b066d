/** A pane as lines, border included: the one that has the keys has a double border and a `>` before its title. */
import { type PaneModel, position, visibleRows } from '../model.ts'
import type { UiState } from '../reducer.ts'
import { cut, fill, type Line, line, type Role, span, widthOf } from '../text.ts'
import type { Theme } from '../theme.ts'

export interface PaneDrawing {
  pane: PaneModel
  /** For the number key; pages have none. */
  number?: number
  width: number
  height: number
  focused: boolean
  ui: UiState
  theme: Theme
}

/** As much of the note as there is room for; that something is out of sight goes before everything else. */
const noteLine = (note: string[], out: string | undefined, space: number): Line => {
  for (let parts = note.length; parts >= 0; parts--) {
    const text = [...note.slice(0, parts), ...(out === undefined ? [] : [out])].join('  ')
    if (text !== '' && text.length + 3 <= space) return line(span(` ${text} `))
  }
  return []
}

const titleRow = ({ pane, number, width, height, focused, ui, theme }: PaneDrawing): Line => {
  const box = focused ? theme.focusedBox : theme.box
  const frame: Role = focused ? 'focus' : 'muted'
  const title = `${focused ? '>' : ''}${number === undefined ? '' : `${number} `}${pane.title}`
  const room = width - 4
  const left = cut(line(span(` ${title} `, focused ? 'focus' : 'strong')), room, theme.ellipsis)
  const space = room - widthOf(left)
  const right = noteLine(pane.note ?? [], position(pane, ui, height - 2), space)
  const rule = box.across.repeat(Math.max(0, space - widthOf(right)))
  return line(
    span(box.topLeft + box.across, frame),
    ...left,
    span(rule, frame),
    ...right,
    span(box.across + box.topRight, frame),
  )
}

export const paneLines = (drawing: PaneDrawing): Line[] => {
  const { pane, width, height, focused, ui, theme } = drawing
  const box = focused ? theme.focusedBox : theme.box
  const frame: Role = focused ? 'focus' : 'muted'
  const inner = Math.max(1, width - 4)
  const rows = visibleRows(pane, ui, inner, Math.max(1, height - 2), theme.ellipsis)
  return [
    titleRow(drawing),
    ...rows.map((row) =>
      line(span(`${box.down} `, frame), ...fill(row, inner, theme.ellipsis), span(` ${box.down}`, frame)),
    ),
    line(span(box.bottomLeft + box.across.repeat(Math.max(0, width - 2)) + box.bottomRight, frame)),
  ]
}
