/**
 * A JSON parser that keeps what `JSON.parse` loses and programs in Go report: duplicate keys, and syntax errors in the
 * words of encoding/json (scanner.go; its Decoder takes the first value of a text, whatever follows).
 */
import type { Json } from '../kube/api.ts'

export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
}

export interface Place {
  /** `spec.ports[0].name` */
  path: string
  /** Index into the text of the key. */
  offset: number
}

export interface ParsedJson {
  value: Json
  /** Keys that appear again in their object, in document order; the last one wins. */
  duplicates: Place[]
}

const escapes: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y
const plainPattern = /[^"\\\u0000-\u001f]*/y

/** A character as Go quotes it in its messages. */
const quoted = (character: string): string =>
  character === "'" ? `'\\''` : character === '"' ? `'"'` : `'${JSON.stringify(character).slice(1, -1)}'`

export const joinPath = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

class Parser {
  readonly duplicates: Place[] = []
  private readonly text: string
  private readonly onKey: ((place: Place) => void) | undefined
  private at = 0
  /** What is said where the text ends too early. */
  private ending = 'unexpected end of JSON input'

  constructor(text: string, onKey?: (place: Place) => void) {
    this.text = text
    this.onKey = onKey
  }

  document(): Json {
    const value = this.value('')
    this.space()
    if (this.at < this.text.length) this.fail('after top-level value')
    return value
  }

  first(): Json {
    this.space()
    this.ending = this.at < this.text.length ? 'unexpected EOF' : 'EOF'
    return this.value('')
  }

  private fail(where: string): never {
    const character = this.text[this.at]
    throw new JsonSyntaxError(character === undefined ? this.ending : `invalid character ${quoted(character)} ${where}`)
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.at++
    }
  }

  private value(path: string): Json {
    this.space()
    switch (this.text[this.at]) {
      case '{':
        return this.object(path)
      case '[':
        return this.array(path)
      case '"':
        return this.string()
      case 't':
        return this.word('true', true)
      case 'f':
        return this.word('false', false)
      case 'n':
        return this.word('null', null)
      default:
        return this.number()
    }
  }

  private word<T extends Json>(word: string, value: T): T {
    for (let index = 1; index < word.length; index++) {
      this.at++
      if (this.text[this.at] !== word[index]) this.fail(`in literal ${word} (expecting ${quoted(word[index] ?? '')})`)
    }
    this.at++
    return value
  }

  private number(): number {
    const first = this.text[this.at] ?? ''
    if (first !== '-' && !(first >= '0' && first <= '9')) this.fail('looking for beginning of value')
    numberPattern.lastIndex = this.at
    const match = numberPattern.exec(this.text)?.[0]
    if (match === undefined) {
      this.at++
      return this.fail('in numeric literal')
    }
    this.at += match.length
    const next = this.text[this.at]
    if (next === '.' || ((next === 'e' || next === 'E') && !/[eE]/.test(match))) {
      this.at++
      if (next !== '.' && /[-+]/.test(this.text[this.at] ?? '')) this.at++
      this.fail(next === '.' ? 'after decimal point in numeric literal' : 'in exponent of numeric literal')
    }
    return Number(match)
  }

  private string(): string {
    let result = ''
    this.at++
    for (;;) {
      plainPattern.lastIndex = this.at
      const plain = plainPattern.exec(this.text)?.[0] ?? ''
      this.at += plain.length
      result += plain
      const character = this.text[this.at]
      if (character === '"') {
        this.at++
        return result
      }
      if (character !== '\\') this.fail('in string literal')
      this.at++
      result += this.escape()
    }
  }

  private escape(): string {
    const character = this.text[this.at] ?? ''
    const simple = escapes[character]
    if (simple !== undefined) {
      this.at++
      return simple
    }
    if (character !== 'u') this.fail('in string escape code')
    for (let digit = 0; digit < 4; digit++) {
      this.at++
      if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape')
    }
    this.at++
    return String.fromCharCode(Number.parseInt(this.text.slice(this.at - 4, this.at), 16))
  }

  private object(path: string): Json {
    const result: { [key: string]: Json } = {}
    this.at++
    this.space()
    if (this.text[this.at] === '}') {
      this.at++
      return result
    }
    for (;;) {
      this.space()
      if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string')
      const offset = this.at
      const key = this.string()
      const place = { path: joinPath(path, key), offset }
      if (Object.hasOwn(result, key)) this.duplicates.push(place)
      this.onKey?.(place)
      this.space()
      if (this.text[this.at] !== ':') this.fail('after object key')
      this.at++
      const value = this.value(place.path)
      if (key === '__proto__')
        Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true })
      else result[key] = value
      this.space()
      const next = this.text[this.at]
      if (next !== ',' && next !== '}') this.fail('after object key:value pair')
      this.at++
      if (next === '}') return result
    }
  }

  private array(path: string): Json {
    const result: Json[] = []
    this.at++
    this.space()
    if (this.text[this.at] === ']') {
      this.at++
      return result
    }
    for (;;) {
      result.push(this.value(`${path}[${result.length}]`))
      this.space()
      const next = this.text[this.at]
      if (next !== ',' && next !== ']') this.fail('after array element')
      this.at++
      if (next === ']') return result
    }
  }
}

/** @throws JsonSyntaxError in Go's words; RangeError on absurd nesting */
export const parseJson = (text: string): ParsedJson => {
  const parser = new Parser(text)
  return { value: parser.document(), duplicates: parser.duplicates }
}

/** The first value of a text as Go's Decoder reads it, or why there is none. */
export const parseFirst = (text: string): { value: Json } | { problem: string } => {
  try {
    return { value: new Parser(text).first() }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Where each key of a document stands, by path; of duplicates the last. */
export const keyOffsets = (text: string): Map<string, number> => {
  const offsets = new Map<string, number>()
  new Parser(text, ({ path, offset }) => offsets.set(path, offset)).document()
  return offsets
}
