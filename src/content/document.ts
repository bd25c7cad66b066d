/**
 * One YAML file as a value whose every part knows its place. Everything that can be wrong with a file before its fields
 * are looked at is found here: unreadable, too large, bad syntax, duplicate keys, alias bombs, several documents.
 */
import { readFileSync, statSync } from 'node:fs'
import { isMap, isNode, isPair, isScalar, LineCounter, type ParsedNode, parseAllDocuments } from 'yaml'
import type { Problem } from './problem.ts'

export type Path = readonly (string | number)[]

export interface Place {
  line: number
  column: number
}

/** A parsed file. `at` finds the value at a path, or its nearest existing parent; `atKey` the key that introduces it. */
export interface PlacedDocument {
  value: unknown
  at(path: Path): Place
  atKey(path: Path): Place
  /** Where a line (counted from 1) of a text value stands in the file: block texts keep their lines. */
  inText(path: Path, line: number, column?: number): Place
}

const largest = 1024 * 1024
/** Aliases may repeat a text or two; content that expands a thousandfold is an attack or an accident. */
const maxAliasCount = 50

/** Reads a text file of content, or says why it cannot be one. */
export const readContentFile = (file: string, shown = file): { text: string } | { problem: Problem } => {
  const problem = (message: string) => ({ problem: { file: shown, line: 1, column: 1, message } })
  try {
    const info = statSync(file)
    if (!info.isFile()) return problem('expected a file')
    if (info.size > largest)
      return problem(`the file is too large (${Math.ceil(info.size / largest)} MiB): content files have at most 1 MiB`)
    return { text: readFileSync(file, 'utf8') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return problem(code === 'ENOENT' ? 'no such file' : `cannot be read: ${String(code ?? error)}`)
  }
}

const describe = (error: unknown): string => {
  if (error instanceof ReferenceError) return `aliases: ${error.message}`
  if (error instanceof RangeError) return 'nested too deeply'
  return error instanceof Error ? error.message : String(error)
}

/** The first line of yaml's message says what; the rest repeats the source with a caret. */
const firstLine = (message: string): string => message.split(/ at line \d+|\n/)[0]!.replace(/:$/, '')

/** Parses one YAML document; problems are at most a few, in order. */
export const parseDocument = (text: string, shown: string): { document?: PlacedDocument; problems: Problem[] } => {
  const lines = new LineCounter()
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const fail = (message: string, where: Place = { line: 1, column: 1 }) => ({
    problems: [{ file: shown, ...where, message }],
  })
  try {
    const documents = parseAllDocuments<ParsedNode>(text, { lineCounter: lines, prettyErrors: false })
    if (!Array.isArray(documents) || documents.length === 0) return fail('the file is empty')
    const [document, second] = documents
    const errors = documents.flatMap((each) => each.errors)
    if (errors.length > 0)
      return {
        problems: errors
          .slice(0, 5)
          .map((error) => ({ file: shown, ...place(error.pos[0]), message: `YAML: ${firstLine(error.message)}` })),
      }
    if (second !== undefined)
      return fail('one document per file: a second one starts here', place(second.contents?.range?.[0] ?? 0))
    const value: unknown = document!.toJS({ maxAliasCount })
    if (value === null || value === undefined) return fail('the file is empty')

    const nodeAt = (path: Path): unknown => (path.length === 0 ? document!.contents : document!.getIn(path, true))
    const at = (path: Path): Place => {
      const node = nodeAt(path)
      if (isNode(node) && node.range) return place(node.range[0])
      return path.length === 0 ? { line: 1, column: 1 } : at(path.slice(0, -1))
    }
    const atKey = (path: Path): Place => {
      const parent = nodeAt(path.slice(0, -1))
      const key = path.at(-1)
      if (!isMap(parent)) return at(path)
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key)
      return isScalar(pair?.key) && pair.key.range ? place(pair.key.range[0]) : at(path)
    }
    const inText = (path: Path, line: number, column = 1): Place => {
      const node = nodeAt(path)
      const start = at(path)
      const isBlock = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
      if (!isBlock) return start
      const first = text.split('\n')[start.line] ?? ''
      return { line: start.line + line, column: (/^ */.exec(first)?.[0].length ?? 0) + column }
    }
    return { document: { value, at, atKey, inText }, problems: [] }
  } catch (error) {
    return fail(`YAML: ${firstLine(describe(error))}`)
  }
}
