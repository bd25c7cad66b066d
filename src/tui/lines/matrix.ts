/**
 * Who can reach whom, as a table: a letter for what happens, `!` where that is not what the step asks for, `*` where it
 * changed since the last change to the cluster, `> <` around the selected pair. Beside the letter, or instead of it, the
 * letter that the step's checks ask for.
 */
import type { Matrix, MatrixCell } from '../../session/types.ts'
import type { TrafficAs } from '../reducer.ts'
import { type Line, line, type Role, span, wrap } from '../text.ts'

export const LETTERS: Record<MatrixCell['letter'], { says: string; short: string; role: Role }> = {
  M: { says: 'allowed over mutual TLS', short: 'mTLS', role: 'mtls' },
  T: { says: 'allowed over one-way TLS', short: 'TLS', role: 'tls' },
  P: { says: 'allowed in plaintext', short: 'plaintext', role: 'plaintext' },
  x: { says: 'denied by policy (403)', short: '403', role: 'stopped' },
  r: { says: 'connection reset', short: 'reset', role: 'stopped' },
  '~': { says: 'no answer', short: 'no answer', role: 'stopped' },
  e: { says: 'an error', short: 'error', role: 'stopped' },
  '.': { says: 'itself', short: 'itself', role: 'muted' },
  '?': { says: 'not known', short: 'not known', role: 'text' },
}

const CORNER = 'from\\to'

const bareName = (name: string): string => name.slice(name.indexOf('/') + 1)

/** `production/api-server` as `prod/api-server`, with `length` letters of the namespace; without any where the name alone is unique. */
const shortNames = (names: string[], length: number): string[] => {
  const bare = names.map(bareName)
  return names.map((name, index) => {
    const slash = name.indexOf('/')
    if (slash < 0 || bare.filter((other) => other === bare[index]).length === 1) return bare[index]!
    return `${name.slice(0, Math.min(slash, length))}/${bare[index]}`
  })
}

const cropped = (names: string[], width: number): string[] =>
  names.map((name, index) => {
    const short = name.slice(0, width)
    const first = names.findIndex((other) => other.slice(0, width) === short)
    return first === index ? short : `${short.slice(0, width - String(index).length)}${index}`
  })

/** Names in at most `width` cells, each of them unique: whole, else without the namespaces that nobody misses, else cropped. */
export const shorten = (names: string[], width: number): string[] => {
  const fits = (list: string[]) => list.every((name) => name.length <= width) && new Set(list).size === list.length
  const ways = [names, ...[99, 4, 3, 2].map((length) => shortNames(names, length))]
  return ways.find(fits) ?? cropped(shortNames(names, 2), width)
}

const longest = (names: string[]): number => Math.max(0, ...names.map((name) => name.length))

interface Widths {
  label: number
  cell: number
}

const MIN_CELL = 6

/** Row labels get the longest spelling that leaves each column 6 cells; columns share the rest, up to what their names ask. */
const widthsFor = ({ sources, targets }: Matrix, width: number): Widths => {
  const columns = Math.max(1, targets.length)
  const spellings = [sources, ...[99, 4, 3, 2].map((length) => shortNames(sources, length))].map(longest)
  const wanted = Math.min(Math.max(longest(targets) + 2, MIN_CELL + 1), 16)
  const label = Math.max(
    CORNER.length,
    spellings.find((length) => width - length - 1 >= columns * wanted) ??
      spellings.find((length) => width - length - 1 >= columns * (MIN_CELL + 1)) ??
      Math.min(spellings.at(-1)!, width - 1 - columns * MIN_CELL),
  )
  return { label, cell: Math.max(MIN_CELL, Math.min(wanted, Math.floor((width - label - 1) / columns))) }
}

type GoalLetter = NonNullable<MatrixCell['goal']>['letter']

/** What a goal's letter means where it is not one of the map's. */
const ANY_WAY: Record<'+' | '-', { says: string; short: string; role: Role }> = {
  '+': { says: 'allowed, in whatever way', short: 'allowed', role: 'text' },
  '-': { says: 'stopped, in whatever way', short: 'stopped', role: 'stopped' },
}

export const goalWords = (letter: GoalLetter) => (letter === '+' || letter === '-' ? ANY_WAY[letter] : LETTERS[letter])

/** Letters, mark and role of a cell, before it is selected or not. */
const cellBody = (cell: MatrixCell, as: TrafficAs): { text: string; role: Role } => {
  const { letter, goal, wrong, changed } = cell
  if (as === 'goal') {
    if (letter === '.') return { text: letter, role: LETTERS[letter].role }
    return goal ? { text: goal.letter, role: goalWords(goal.letter).role } : { text: ' ', role: 'text' }
  }
  const letters = as === 'both' && goal ? `${letter}/${goal.letter}` : letter
  const role = wrong ? 'wrong' : changed ? 'changed' : LETTERS[letter].role
  return { text: `${letters}${wrong ? '!' : changed ? '*' : ''}`, role }
}

const cellSpans = (cell: MatrixCell, as: TrafficAs, selected: boolean, width: number) => {
  const body = cellBody(cell, as)
  const [open, shut] = selected ? ['>', '<'] : [' ', ' ']
  return [
    span(open!, 'selected'),
    span(body.text, body.role),
    span(shut!.padEnd(Math.max(0, width - 1 - body.text.length)), 'selected'),
  ]
}

export interface MatrixLines {
  head: Line[]
  lines: Line[]
  items: number[]
}

/** The table in `width` cells, with the pair `selected` (counted row by row) marked. */
export const matrixTable = (matrix: Matrix, selected: number, width: number, as: TrafficAs = 'now'): MatrixLines => {
  const { label, cell } = widthsFor(matrix, width)
  const columns = matrix.targets.length
  const sources = shorten(matrix.sources, label)
  const targets = shorten(matrix.targets, cell - 1)
  const head = line(
    span(CORNER.padEnd(label + 1), 'muted'),
    ...targets.map((name, column) =>
      span(` ${name}`.padEnd(cell), column === selected % columns ? 'selected' : 'text'),
    ),
  )
  const lines = matrix.cells.map((row, index) =>
    line(
      span(sources[index]!.padEnd(label + 1), index === Math.floor(selected / columns) ? 'selected' : 'text'),
      ...row.flatMap((one, column) => cellSpans(one, as, index * columns + column === selected, cell)),
    ),
  )
  return { head: [head], lines, items: matrix.cells.flatMap((row, index) => row.map(() => index)) }
}

export interface Pair {
  row: number
  column: number
  from: string
  to: string
  cell: MatrixCell
}

export const pairsOf = (matrix: Matrix): Pair[] =>
  matrix.cells.flatMap((cells, row) =>
    cells.map((cell, column) => ({ row, column, from: matrix.sources[row]!, to: matrix.targets[column]!, cell })),
  )

export const countWrong = (matrix: Matrix): number => pairsOf(matrix).filter((pair) => pair.cell.wrong).length
const countChanged = (matrix: Matrix): number => pairsOf(matrix).filter((pair) => pair.cell.changed).length

/** Wrong pairs first, then changed ones, then the rest in order. */
export const worstFirst = (matrix: Matrix): Pair[] => {
  const weight = ({ cell }: Pair) => (cell.wrong ? 0 : cell.changed ? 1 : 2)
  return pairsOf(matrix)
    .map((pair, index) => ({ pair, index }))
    .sort((a, b) => weight(a.pair) - weight(b.pair) || a.index - b.index)
    .map(({ pair }) => pair)
}

/** `legacy/client to orders: allowed in plaintext, not what this step asks for: connection reset`. */
export const sentence = ({ from, to, cell }: Pair): string => {
  const goal = cell.wrong && cell.goal ? `: ${goalWords(cell.goal.letter).says}` : ''
  return (
    `${from} to ${to}: ${LETTERS[cell.letter].says}` +
    `${cell.changed ? ', changed' : ''}${cell.wrong ? `, not what this step asks for${goal}` : ''}`
  )
}

/** The table as sentences, worst first; the pair of a workload with itself says nothing. */
export const matrixSentences = (matrix: Matrix, selected: number, width: number): MatrixLines & { pairs: Pair[] } => {
  const pairs = worstFirst(matrix).filter(({ cell }) => cell.letter !== '.')
  const lines: Line[] = []
  const items: number[] = []
  pairs.forEach((pair, index) => {
    items.push(lines.length)
    const { letter, wrong } = pair.cell
    const mark = span(`${letter}${wrong ? '!' : ' '}`, wrong ? 'wrong' : LETTERS[letter].role)
    lines.push(...wrap(line(span(index === selected ? '> ' : '  ', 'selected'), mark, ' ', sentence(pair)), width, 5))
  })
  return { head: [], lines, items, pairs }
}

/** The letters and marks that are in the table now, explained. */
export const legend = (matrix: Matrix, width: number, as: TrafficAs = 'now'): Line[] => {
  const cells = pairsOf(matrix).map(({ cell }) => cell)
  const seen = new Set<string>([
    ...(as === 'goal' ? [] : cells.map(({ letter }) => letter)),
    ...(as === 'now' ? [] : cells.flatMap(({ goal }) => goal?.letter ?? [])),
  ])
  const letters = Object.entries({ ...LETTERS, ...ANY_WAY })
    .filter(([letter]) => seen.has(letter) && letter !== '.')
    .flatMap(([letter, { short, role }]) => [span(letter, role), span(` ${short}  `, 'text')])
  if (as === 'goal') return wrap(line(...letters, 'blank nothing asked'), width)
  const marks = [
    ...(as === 'both' && cells.some(({ goal }) => goal) ? ['now/goal  '] : []),
    ...(countWrong(matrix) > 0 ? [span('!', 'wrong'), span(' not the goal  ')] : []),
    ...(countChanged(matrix) > 0 ? [span('*', 'changed'), span(' changed')] : []),
  ]
  return wrap(line(...letters, ...marks), width)
}

/** The selected pair on one row: what is asked for where it is something else, else what happens. */
export const pairInShort = ({ from, to, cell }: Pair): Line =>
  line(
    span(`${from} -> ${to}`, 'strong'),
    ...(cell.wrong && cell.goal
      ? ['  ', span('want', 'wrong'), ` ${cell.goal.says}`]
      : [`  ${cell.says || LETTERS[cell.letter].says}`]),
  )

/** The selected pair in words: what happens, whether a probe saw it, and what was asked for if that is something else. */
export const pairDetail = (pair: Pair | undefined, width: number): Line[] => {
  if (!pair) return []
  const { from, to, cell } = pair
  const mark = cell.wrong ? [' ', span('not the goal', 'wrong'), cell.goal ? `: ${cell.goal.says}` : ''] : []
  const says = cell.says || LETTERS[cell.letter].says
  const source = cell.observed || cell.letter === '.' ? '' : 'predicted: '
  return [
    ...wrap(line(span(`${from} -> ${to}`, 'strong'), ...mark), width),
    ...(cell.disagrees ? wrap(line(span(cell.disagrees, 'changed')), width) : []),
    ...wrap(line(source, says), width),
  ]
}
