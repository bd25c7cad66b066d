/** A Markdown table as lines: columns where they fit, else one block per row with the column's name before each cell. */
import { type Line, line, plainText, type Span, span, widthOf, wrap } from '../text.ts'

type Inline = (text: string) => Span[]

const cellsOf = (row: string): string[] =>
  row
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim())

const GAP = 2

const bold = (row: Line): Line => row.map(({ text }) => span(text, 'strong'))

const inColumns = (rows: Line[][], widths: number[]): Line[] =>
  rows.map((cells, index) => {
    const padded = cells.flatMap((cell, column) => [...cell, span(' '.repeat(widths[column]! - widthOf(cell) + GAP))])
    return index === 0 ? bold(line(...padded)) : line(...padded)
  })

const asBlocks = ([head = [], ...rows]: Line[][], width: number): Line[] =>
  rows.flatMap(([first = [], ...rest]) => [
    ...wrap(bold(first), width),
    ...rest.flatMap((cell, column) => wrap(line('  ', `${plainText(head[column + 1] ?? [])}: `, ...cell), width, 4)),
  ])

/** `rows` are the table's lines as written, the line of dashes among them. */
export const tableLines = (rows: string[], width: number, inline: Inline): Line[] => {
  const cells = rows
    .filter((row) => !/^[\s|:-]+$/.test(row))
    .map((row) => cellsOf(row).map((cell) => line(...inline(cell))))
  const columns = Math.max(0, ...cells.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...cells.map((row) => widthOf(row[column] ?? []))),
  )
  const total = widths.reduce((sum, one) => sum + one + GAP, -GAP)
  return total <= width ? inColumns(cells, widths) : asBlocks(cells, width)
}
