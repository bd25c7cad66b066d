/**
 * A terminal's screen as an SVG picture: the same emulator that the tests assert on, so that pictures in the docs cannot
 * drift from the program. Cells are drawn in runs of equal style; every run has its own place, so that no font's width
 * can shift a row. Not modelled: characters wider than one cell, underline, images.
 */
import type { IBuffer, IBufferCell } from '@xterm/headless'

const CELL = { width: 8.4, height: 18, baseline: 13.5 }
const PAD = 12
const FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
const FOREGROUND = '#d7dae0'
const BACKGROUND = '#16181d'

/** The 16 ANSI colours, then the 6x6x6 cube and the greys of the 256-colour table. */
const ANSI = [
  '#3b4048',
  '#e06c75',
  '#98c379',
  '#e5c07b',
  '#61afef',
  '#c678dd',
  '#56b6c2',
  '#d7dae0',
  '#7f848e',
  '#ff7b86',
  '#b1e18b',
  '#ffd68a',
  '#7cc3ff',
  '#d98cf0',
  '#6fd3e0',
  '#ffffff',
]

const hex = (...channels: number[]): string => `#${channels.map((one) => one.toString(16).padStart(2, '0')).join('')}`

const palette = (index: number): string => {
  if (index < 16) return ANSI[index]!
  if (index >= 232) return hex(...Array.from({ length: 3 }, () => 8 + (index - 232) * 10))
  const level = (part: number) => (part === 0 ? 0 : 55 + part * 40)
  const cube = index - 16
  return hex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6))
}

const rgb = (value: number): string => hex((value >> 16) & 255, (value >> 8) & 255, value & 255)

interface Style {
  ink: string
  paper: string
  bold: boolean
}

const styleOf = (cell: IBufferCell): Style => {
  const ink = cell.isFgDefault() ? FOREGROUND : cell.isFgRGB() ? rgb(cell.getFgColor()) : palette(cell.getFgColor())
  const paper = cell.isBgDefault() ? BACKGROUND : cell.isBgRGB() ? rgb(cell.getBgColor()) : palette(cell.getBgColor())
  const bold = cell.isBold() !== 0
  return cell.isInverse() ? { ink: paper, paper: ink, bold } : { ink, paper, bold }
}

interface Run extends Style {
  at: number
  text: string
}

const runsOf = (buffer: IBuffer, row: number, columns: number): Run[] => {
  const runs: Run[] = []
  const line = buffer.getLine(buffer.viewportY + row)
  for (let column = 0; column < columns; column++) {
    const cell = line?.getCell(column)
    if (!cell) continue
    const style = styleOf(cell)
    const last = runs.at(-1)
    const same = last && last.ink === style.ink && last.paper === style.paper && last.bold === style.bold
    if (same) last.text += cell.getChars() || ' '
    else runs.push({ ...style, at: column, text: cell.getChars() || ' ' })
  }
  return runs
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const round = (value: number): string => String(Math.round(value * 100) / 100)

const drawRun = ({ at, text, ink, paper, bold }: Run, row: number): string => {
  const x = round(PAD + at * CELL.width)
  const width = round(text.length * CELL.width)
  const top = PAD + row * CELL.height
  const rect =
    paper === BACKGROUND
      ? ''
      : `<rect x="${x}" y="${round(top)}" width="${width}" height="${CELL.height}" fill="${paper}"/>`
  if (text.trim() === '') return rect
  const fill = ink === FOREGROUND ? '' : ` fill="${ink}"`
  const weight = bold ? ' font-weight="bold"' : ''
  return `${rect}<text x="${x}" y="${round(top + CELL.baseline)}" textLength="${width}"${fill}${weight}>${escaped(text)}</text>`
}

export interface SvgOptions {
  columns: number
  rows: number
  /** Read out by screen readers. */
  title?: string
}

/** The visible part of an emulator's active buffer (`terminal.buffer.active`) as an SVG document. */
export const screenToSvg = (
  buffer: IBuffer,
  { columns, rows, title = 'meshdojo in a terminal' }: SvgOptions,
): string => {
  const width = round(2 * PAD + columns * CELL.width)
  const height = round(2 * PAD + rows * CELL.height)
  const drawn = Array.from({ length: rows }, (_, row) =>
    runsOf(buffer, row, columns)
      .map((run) => drawRun(run, row))
      .join(''),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="${FONT}" font-size="14" fill="${FOREGROUND}" xml:space="preserve">`,
    ...drawn.filter((row) => row !== ''),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}
