/**
 * A terminal's screen as an SVG picture: the same emulator that the tests assert on, so that pictures in the docs cannot
 * drift from the program. Cells are drawn in runs of equal style; every run has its own place, so that no font's width
 * can shift a row. Not modelled: characters wider than one cell, underline, images.
 */
import type { IBuffer, IBufferCell } from '@xterm/headless'

const CELL = { width: 8.4, height: 18, baseline: 13.5 }
const PAD = 12
const FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"

/** What a terminal draws on, and with: its two own colours and the 16 of ANSI. */
export interface Paper {
  ink: string
  paper: string
  ansi: readonly string[]
}

export const dark: Paper = {
  ink: '#d7dae0',
  paper: '#16181d',
  ansi: [
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
  ],
}

export const light: Paper = {
  ink: '#2a2c33',
  paper: '#fbfbfb',
  ansi: [
    '#2a2c33',
    '#c9302c',
    '#3a7d2c',
    '#a46a00',
    '#2f5af3',
    '#a0278f',
    '#0c7f8f',
    '#c8c9cc',
    '#6b6e76',
    '#d64540',
    '#4d9540',
    '#b87b10',
    '#4a70ff',
    '#b4409f',
    '#2391a0',
    '#ffffff',
  ],
}

const hex = (...channels: number[]): string => `#${channels.map((one) => one.toString(16).padStart(2, '0')).join('')}`

/** The 16 colours of ANSI, then the 6x6x6 cube and the greys of the 256-colour table. */
const palette = (index: number, { ansi }: Paper): string => {
  if (index < 16) return ansi[index]!
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

const styleOf = (cell: IBufferCell, on: Paper): Style => {
  const colour = (index: number, isRgb: boolean) => (isRgb ? rgb(index) : palette(index, on))
  const ink = cell.isFgDefault() ? on.ink : colour(cell.getFgColor(), cell.isFgRGB())
  const paper = cell.isBgDefault() ? on.paper : colour(cell.getBgColor(), cell.isBgRGB())
  const bold = cell.isBold() !== 0
  return cell.isInverse() ? { ink: paper, paper: ink, bold } : { ink, paper, bold }
}

interface Run extends Style {
  at: number
  text: string
}

const runsOf = (buffer: IBuffer, row: number, columns: number, on: Paper): Run[] => {
  const runs: Run[] = []
  const line = buffer.getLine(buffer.viewportY + row)
  for (let column = 0; column < columns; column++) {
    const cell = line?.getCell(column)
    if (!cell) continue
    const style = styleOf(cell, on)
    const last = runs.at(-1)
    const same = last && last.ink === style.ink && last.paper === style.paper && last.bold === style.bold
    if (same) last.text += cell.getChars() || ' '
    else runs.push({ ...style, at: column, text: cell.getChars() || ' ' })
  }
  return runs
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const round = (value: number): string => String(Math.round(value * 100) / 100)

const drawRun = ({ at, text, ink, paper, bold }: Run, row: number, on: Paper): string => {
  const x = round(PAD + at * CELL.width)
  const width = round(text.length * CELL.width)
  const top = PAD + row * CELL.height
  const rect =
    paper === on.paper
      ? ''
      : `<rect x="${x}" y="${round(top)}" width="${width}" height="${CELL.height}" fill="${paper}"/>`
  if (text.trim() === '') return rect
  const fill = ink === on.ink ? '' : ` fill="${ink}"`
  const weight = bold ? ' font-weight="bold"' : ''
  return `${rect}<text x="${x}" y="${round(top + CELL.baseline)}" textLength="${width}"${fill}${weight}>${escaped(text)}</text>`
}

export interface SvgOptions {
  columns: number
  rows: number
  /** Read out by screen readers. */
  title?: string
  /** Dark by default. */
  paper?: Paper
}

/** The visible part of an emulator's active buffer (`terminal.buffer.active`) as an SVG document. */
export const screenToSvg = (
  buffer: IBuffer,
  { columns, rows, title = 'meshdojo in a terminal', paper: on = dark }: SvgOptions,
): string => {
  const width = round(2 * PAD + columns * CELL.width)
  const height = round(2 * PAD + rows * CELL.height)
  const drawn = Array.from({ length: rows }, (_, row) =>
    runsOf(buffer, row, columns, on)
      .map((run) => drawRun(run, row, on))
      .join(''),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${on.paper}"/>`,
    `<g font-family="${FONT}" font-size="14" fill="${on.ink}" xml:space="preserve">`,
    ...drawn.filter((row) => row !== ''),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}
