/**
 * Text as data: a line is a list of spans, a span is text with a role. Everything on the screen is made of these, so
 * that wrapping, cutting and colouring happen once, and tests read words instead of escape codes.
 *
 * Not modelled: characters that are not one cell wide (emoji, CJK, combining marks). `clean` shows `?` for them, because
 * terminals disagree about their width and one wrong guess shifts the rest of the row.
 */

/** What a piece of text is for. The theme decides how it looks. */
export type Role =
  | 'text'
  | 'strong'
  | 'muted'
  | 'focus'
  | 'key'
  | 'code'
  | 'ok'
  | 'fail'
  | 'wrong'
  | 'changed'
  | 'selected'
  | 'notice'
  | 'mtls'
  | 'tls'
  | 'plaintext'
  | 'stopped'

export interface Span {
  readonly text: string
  readonly role: Role
}

export type Line = readonly Span[]

/** The glyphs outside ASCII that the program itself uses, and what replaces them when the terminal has only ASCII. */
const asciiFor: Record<string, string> = {
  '…': '...',
  '→': '->',
  '←': '<-',
  '↑': '^',
  '↓': 'v',
  '—': '-',
  '–': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '•': '-',
  '·': '.',
  '×': 'x',
  '≥': '>=',
  '≤': '<=',
  '\u00a0': ' ',
}

const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)?/g
const NOT_ONE_CELL =
  /[\p{Mn}\p{Me}\p{Cf}\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\ufe00-\ufe0f]|[\u{10000}-\u{10ffff}]/gu

/** Text from anywhere (kubectl, manifests, lab content) made safe for one row: no escapes, every character one cell. */
export const clean = (raw: string, ascii = false): string => {
  let text = raw
  if (/[^ -~]/.test(text)) {
    text = text
      .replace(ESCAPES, '')
      .replace(/\r\n?/g, '\n')
      .replace(/\t/g, '  ')
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '')
      .replace(NOT_ONE_CELL, '?')
  }
  return ascii ? text.replace(/[^\n -~]/g, (glyph) => asciiFor[glyph] ?? '?') : text
}

export const span = (text: string, role: Role = 'text'): Span => ({ text, role })

/** A line from strings and spans: `line('mode is ', span('STRICT', 'code'))`. */
export const line = (...parts: (string | Span)[]): Line =>
  parts.map((part) => (typeof part === 'string' ? span(part) : part)).filter((part) => part.text !== '')

export const blank: Line = []

export const plainText = (row: Line): string => row.map((part) => part.text).join('')

export const widthOf = (row: Line): number => row.reduce((sum, part) => sum + part.text.length, 0)

/** The first `width` cells of a line; what does not fit is announced by an ellipsis, never dropped silently. */
export const cut = (row: Line, width: number, ellipsis = '…'): Line => {
  if (widthOf(row) <= width) return row
  const room = Math.max(0, width - ellipsis.length)
  const kept: Span[] = []
  let used = 0
  for (const part of row) {
    if (used + part.text.length > room) {
      kept.push({ ...part, text: part.text.slice(0, room - used) + ellipsis.slice(0, width) })
      return kept
    }
    kept.push(part)
    used += part.text.length
  }
  return kept
}

/** `row` cut or filled with blanks to exactly `width` cells. */
export const fill = (row: Line, width: number, ellipsis?: string): Line => {
  const short = cut(row, width, ellipsis)
  const missing = width - widthOf(short)
  return missing > 0 ? [...short, span(' '.repeat(missing))] : short
}

/** `left` and `right` at the two ends of `width` cells. The right one stays whole; the left one gives way. */
export const ends = (left: Line, right: Line, width: number, ellipsis?: string): Line => {
  const tail = cut(right, width, ellipsis)
  const room = width - widthOf(tail)
  const gap = widthOf(tail) > 0 && room > 0 ? 1 : 0
  return [...fill(left, Math.max(0, room - gap), ellipsis), span(' '.repeat(gap)), ...tail].filter((s) => s.text !== '')
}

interface Piece {
  text: string
  role: Role
  /** A blank: a place where a line may end. */
  blank: boolean
}

const piecesOf = (row: Line): Piece[] =>
  row.flatMap((part) =>
    part.text
      .split(/( +)/)
      .filter((text) => text !== '')
      .map((text) => ({ text, role: part.role, blank: text.startsWith(' ') })),
  )

/** Pieces without a blank between them, which stay together: `` `a`, `` is two spans and one word. */
const wordsOf = (row: Line): Piece[][] => {
  const words: Piece[][] = []
  let word: Piece[] = []
  const end = () => {
    if (word.length > 0) words.push(word)
    word = []
  }
  for (const piece of piecesOf(row)) {
    if (piece.blank) {
      end()
      words.push([piece])
    } else word.push(piece)
  }
  end()
  return words
}

/** Where a word that is wider than the line is split: after a `/`, else after another mark, where one is near. */
const breakAt = (text: string, room: number): number => {
  if (text.length <= room) return text.length
  const last = (marks: string[]) => Math.max(...marks.map((mark) => text.lastIndexOf(mark, room - 1)))
  const slash = last(['/'])
  if (slash >= room / 3) return slash + 1
  const other = last(['.', ',', '='])
  return other >= room / 2 ? other + 1 : room
}

/**
 * Wraps one line at blanks to at most `width` cells. Continuation lines are indented by `hang` cells. Nothing is lost
 * but the blanks at the breaks.
 */
export const wrap = (row: Line, width: number, hang = 0): Line[] => {
  const room = Math.max(1, width)
  const indent = Math.min(hang, room - 1)
  const lines: Span[][] = []
  let current: Span[] = []
  let used = 0
  const start = () => {
    lines.push(current)
    current = indent > 0 ? [span(' '.repeat(indent))] : []
    used = indent
  }
  for (const word of wordsOf(row)) {
    const length = word.reduce((sum, piece) => sum + piece.text.length, 0)
    if (word[0]!.blank) {
      if (used + length <= room && !(lines.length > 0 && used === indent)) {
        current.push(span(word[0]!.text, word[0]!.role))
        used += length
      } else if (used > indent) used = room
      continue
    }
    if (used + length > room && used > indent) start()
    for (const piece of word) {
      let rest = piece.text
      if (used >= room) start()
      while (rest !== '') {
        const taken = breakAt(rest, room - used)
        current.push(span(rest.slice(0, taken), piece.role))
        used += taken
        rest = rest.slice(taken)
        if (rest !== '') start()
      }
    }
  }
  lines.push(current)
  return lines.map(withoutTrailingBlanks)
}

const withoutTrailingBlanks = (row: Span[]): Line => {
  const kept = [...row]
  while (kept.length > 0 && kept.at(-1)!.text.trim() === '') kept.pop()
  return kept
}

/** Wraps a text of several lines; empty lines stay. */
export const wrapText = (text: string, width: number, role: Role = 'text', hang = 0): Line[] =>
  text
    .replace(/\n+$/, '')
    .split('\n')
    .flatMap((row) => wrap(line(span(row, role)), width, hang))
