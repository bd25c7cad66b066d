/** What Go's encoding/json says of a text whose first value is no JSON (its Decoder; scanner.go). What follows the value is not looked at. */

const shown = (character: string): string => {
  if (character === "'") return "'\\''"
  if (character === '"') return "'\"'"
  return `'${JSON.stringify(character).slice(1, -1)}'`
}

const space = /[ \t\r\n]/

/** Thrown inside of this file only. */
class Stop extends Error {}

class Scanner {
  private at = 0
  private readonly given: string

  constructor(given: string) {
    this.given = given
  }

  private peek(): string {
    const character = this.given[this.at]
    if (character === undefined) throw new Stop(this.given.trim() === '' ? 'EOF' : 'unexpected EOF')
    return character
  }

  private skip(): string {
    while (space.test(this.peek())) this.at++
    return this.peek()
  }

  private refuse(context: string): never {
    throw new Stop(`invalid character ${shown(this.peek())} ${context}`)
  }

  value(): void {
    const first = this.skip()
    if (first === '{') this.parts('}', 'after object key:value pair', () => this.pair())
    else if (first === '[') this.parts(']', 'after array element', () => this.value())
    else if (first === '"') this.string()
    else if (/[-\d]/.test(first)) this.number()
    else if (/[tfn]/.test(first)) this.literal(first === 't' ? 'true' : first === 'f' ? 'false' : 'null')
    else this.refuse('looking for beginning of value')
  }

  /** What stands between brackets, each part read by `part`. */
  private parts(close: '}' | ']', after: string, part: () => void): void {
    this.at++
    if (this.skip() === close) {
      this.at++
      return
    }
    for (;;) {
      part()
      const next = this.skip()
      if (next !== ',' && next !== close) this.refuse(after)
      this.at++
      if (next === close) return
    }
  }

  private pair(): void {
    if (this.skip() !== '"') this.refuse('looking for beginning of object key string')
    this.string()
    if (this.skip() !== ':') this.refuse('after object key')
    this.at++
    this.value()
  }

  private string(): void {
    for (this.at++; this.peek() !== '"'; this.at++) {
      if (this.peek() < ' ') this.refuse('in string literal')
      if (this.peek() !== '\\') continue
      this.at++
      if (!/["\\/bfnrtu]/.test(this.peek())) this.refuse('in string escape code')
      if (this.peek() !== 'u') continue
      for (let digits = 0; digits < 4; digits++) {
        this.at++
        if (!/[\da-f]/i.test(this.peek())) this.refuse('in \\u hexadecimal character escape')
      }
    }
    this.at++
  }

  private digits(context: string): void {
    if (!/\d/.test(this.peek())) this.refuse(context)
    while (/\d/.test(this.given[this.at] ?? '')) this.at++
  }

  private number(): void {
    if (this.peek() === '-') this.at++
    if (this.peek() === '0') this.at++
    else this.digits('in numeric literal')
    if (this.given[this.at] === '.') {
      this.at++
      this.digits('after decimal point in numeric literal')
    }
    if (!/e/i.test(this.given[this.at] ?? '')) return
    this.at++
    if (/[+-]/.test(this.peek())) this.at++
    this.digits('in exponent of numeric literal')
  }

  private literal(word: string): void {
    for (const wanted of word.slice(1)) {
      this.at++
      if (this.peek() !== wanted) this.refuse(`in literal ${word} (expecting ${shown(wanted)})`)
    }
    this.at++
  }

  /** Where the first value ends. */
  end(): number {
    this.value()
    return this.at
  }
}

/** The first value of a text, or why there is none. */
export const decodeJson = (given: string): { value: unknown } | { problem: string } => {
  try {
    return { value: JSON.parse(given.slice(0, new Scanner(given).end())) as unknown }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
