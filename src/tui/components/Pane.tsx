import { type PaneDrawing, paneLines } from './pane-lines.ts'
import { Rows } from './Rows.tsx'

export const Pane = (drawing: PaneDrawing) => (
  <Rows lines={paneLines(drawing)} width={drawing.width} theme={drawing.theme} />
)
