/** The wire tap over a lab: two panes, side by side, one above the other, or one at a time. */
import type { LabView, TapView } from '../../session/types.ts'
import { type Region, type Shape, wireRegion } from '../layout.ts'
import { mtlsText, plaintextText } from '../lines/wire.ts'
import type { PaneContext, PaneId, PaneModel, ScreenContext } from '../model.ts'
import type { Page } from '../reducer.ts'
import { focusIn } from './frame.ts'

export const wireOrder: PaneId[] = ['wire', 'mtls']

type WirePage = Extract<Page, { kind: 'wire' }>

/** What was captured for the pair of the page, and not for the one before. */
const tapOf = ({ tap }: LabView, { from, to }: WirePage): TapView | undefined =>
  tap?.from === from && tap.to === to ? tap : undefined

export const wirePane = (id: PaneId, view: LabView, page: WirePage, { width }: PaneContext): PaneModel => {
  const tap = tapOf(view, page)
  const text = id === 'wire' ? plaintextText(tap, width) : mtlsText(tap, width)
  return { id, key: `page/${id}/${page.from}/${page.to}`, ...text }
}

export const wireLayout = (
  { columns, ui }: ScreenContext,
  height: number,
  shape: Shape,
): { region: Region; focus: PaneId } => {
  const focus = focusIn(ui, wireOrder)
  return { focus, region: wireRegion(columns, height, shape, ui.zoomed ? 'one' : 'both', focus) }
}
