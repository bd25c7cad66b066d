/**
 * Whether a text is an expression of CEL, in the words of cel-go's parser: ANTLR's, with its way of going on after one
 * token too many or too few. Upstream: google/cel-go parser/parser.go and parser/gen/CEL.g4.
 * Not modelled: what ANTLR says next once it has given up on a part of the expression.
 */

interface Token {
  text: string
  at: number
  kind: 'operand' | 'name' | 'sign' | 'end'
}

interface Mistake {
  at: number
  words: string
}

const operand = /^(?:0x[\da-f]+u?|(?:\d+\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+|\.\d+(?:e[+-]?\d+)?|\d+u?))/i
const text = /^(?:b|r|br|rb)?(?:'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*")/i
const sign = /^(?:==|!=|<=|>=|&&|\|\||[<>+\-*/%!?:.,()[\]{}])/
const unfinished = /^(?:'[^'\n\r]*[\n\r]?|"[^"\n\r]*[\n\r]?|[=&|][\s\S]?|[\s\S])/

const tokenize = (expression: string): { tokens: Token[]; mistakes: Mistake[] } => {
  const tokens: Token[] = []
  const mistakes: Mistake[] = []
  let at = 0
  while (at < expression.length) {
    const rest = expression.slice(at)
    const blank = /^(?:[ \t\r\n\f]+|\/\/[^\n]*)/.exec(rest)?.[0]
    const value = text.exec(rest)?.[0] ?? operand.exec(rest)?.[0]
    const name = /^[A-Za-z_]\w*/.exec(rest)?.[0]
    const mark = sign.exec(rest)?.[0]
    const found = blank ?? value ?? name ?? mark
    if (found === undefined) {
      const wrong = unfinished.exec(rest)?.[0] ?? ''
      mistakes.push({ at, words: `token recognition error at: '${wrong.replace(/\n/g, '\\n')}'` })
      at += wrong.length
      continue
    }
    if (blank === undefined) {
      const isValue = value !== undefined || /^(true|false|null)$/.test(found)
      const isSign = (value ?? name) === undefined || found === 'in'
      tokens.push({ text: found, at, kind: isSign ? 'sign' : isValue ? 'operand' : 'name' })
    }
    at += found.length
  }
  return { tokens: [...tokens, { text: '<EOF>', at: expression.length, kind: 'end' }], mistakes }
}

const literals = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER"
const operands = {
  any: `{'[', '{', '(', '.', '-', '!', ${literals}}`,
  argument: `{'[', '{', '(', ')', '.', '-', '!', ${literals}}`,
  index: `{'[', '{', '(', '.', '-', '!', '?', ${literals}}`,
  list: `{'[', ']', '{', '(', '.', ',', '-', '!', '?', ${literals}}`,
  map: `{'[', '{', '}', '(', '.', ',', '-', '!', '?', ${literals}}`,
}

const binary = new Set('== != < <= > >= && || + - * / % in'.split(' '))
const opening = new Set(['[', '{', '(', '.', '-', '!'])

/** Thrown inside of this file only: nothing more is said of the expression. */
class GivenUp extends Error {}

class Parser {
  readonly mistakes: Mistake[] = []
  private at = 0
  /** How many brackets and conditions are open: an end is expected after none of them. */
  private open = 0
  private readonly tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  private token(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as Token
  }

  private is(...texts: string[]): boolean {
    return this.token().kind === 'sign' && texts.includes(this.token().text)
  }

  private say(words: string, at = this.token().at): void {
    this.mistakes.push({ at, words })
  }

  private giveUp(words: string, at?: number): never {
    this.say(words, at)
    throw new GivenUp()
  }

  private starts(token: Token): boolean {
    return token.kind === 'operand' || token.kind === 'name' || (token.kind === 'sign' && opening.has(token.text))
  }

  /** One of the wanted signs, of which the last closes something. */
  private match(...wanted: string[]): void {
    const { text } = this.token()
    const words = wanted.length === 1 ? `'${wanted[0]}'` : `{${wanted.map((each) => `'${each}'`).join(', ')}}`
    if (this.is(...wanted)) this.at++
    else if (this.token(1).kind === 'sign' && wanted.includes(this.token(1).text)) {
      this.say(`extraneous input '${text}' expecting ${words}`)
      this.at += 2
    } else if (wanted.length === 1 && (wanted[0] === ':' ? this.starts(this.token()) : this.mayFollow()))
      this.say(`missing '${wanted[0]}' at '${text}'`)
    else this.giveUp(`mismatched input '${text}' expecting ${words}`)
  }

  private mayFollow(): boolean {
    return this.token().kind === 'end' ? this.open <= 1 : this.is(...binary, '.', '[', '?')
  }

  private within(part: () => void): void {
    this.open++
    part()
    this.open--
  }

  expression(expected = operands.any): void {
    this.unary(expected)
    while (this.is(...binary)) {
      this.at++
      this.unary(operands.any)
    }
    if (!this.is('?')) return
    this.at++
    this.within(() => {
      this.unary(operands.any)
      while (this.is(...binary)) {
        this.at++
        this.unary(operands.any)
      }
      this.match(':')
    })
    this.expression()
  }

  private unary(expected: string): void {
    const token = this.token()
    if (!this.starts(token)) {
      if (!this.starts(this.token(1)) || token.kind === 'end')
        this.giveUp(`mismatched input '${token.text}' expecting ${expected}`)
      this.say(`extraneous input '${token.text}' expecting ${expected}`)
      this.at++
    }
    while (this.is('!', '-')) {
      this.at++
      if (!this.starts(this.token())) this.giveUp(`mismatched input '${this.token().text}' expecting ${operands.any}`)
    }
    this.primary()
  }

  private primary(): void {
    if (this.is('(')) this.group(')', () => this.expression())
    else if (this.is('[')) this.group(']', () => this.items(']', operands.list, () => this.expression()))
    else if (this.is('{')) this.group('}', () => this.items('}', operands.map, () => this.pair()))
    else {
      if (this.is('.')) this.at++
      const isName = this.token().kind === 'name'
      this.at++
      if (isName && this.is('(')) this.call()
    }
    this.members()
  }

  private group(close: string, part: () => void): void {
    this.at++
    this.within(() => {
      part()
      if (close === ')') this.match(close)
    })
  }

  private pair(): void {
    this.expression()
    this.match(':')
    this.expression()
  }

  /** Items up to the closing sign, with a comma after the last allowed. */
  private items(close: string, expected: string, item: () => void): void {
    if (this.is(close)) {
      this.at++
      return
    }
    if (this.is(',')) {
      this.at++
      this.match(close)
      return
    }
    if (!this.starts(this.token()) && !this.is('?'))
      this.giveUp(`mismatched input '${this.token().text}' expecting ${expected}`)
    for (;;) {
      if (this.is('?')) this.at++
      item()
      this.match(close, ',')
      if (this.token(-1).text === close) return
      if (this.is(close)) {
        this.at++
        return
      }
      if (this.token().kind === 'end') {
        this.match(close)
        return
      }
    }
  }

  private call(): void {
    this.group(')', () => {
      if (this.is(')')) return
      this.expression(operands.argument)
      while (this.is(',')) {
        this.at++
        this.expression()
      }
    })
  }

  private members(): void {
    for (;;) {
      if (this.is('.')) {
        const dot = this.token()
        this.at++
        if (this.is('?')) this.at++
        if (this.token().kind !== 'name' && this.token().text !== 'in') {
          const after = this.token().kind === 'end' ? '' : this.token().text
          this.giveUp(`no viable alternative at input '${dot.text}${after}'`)
        }
        this.at++
        if (this.is('(')) this.call()
      } else if (this.is('[')) {
        this.at++
        this.within(() => {
          if (this.is('?')) this.at++
          this.expression(operands.index)
          this.match(']')
        })
      } else if (this.is('{') && this.token(-1).kind === 'name') {
        this.at++
        this.within(() => this.items('}', "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}", () => this.pair()))
      } else return
    }
  }

  whole(): void {
    try {
      this.expression()
      if (this.token().kind === 'end') return
      const isLast = this.token(1).kind === 'end'
      this.say(`${isLast ? 'extraneous' : 'mismatched'} input '${this.token().text}' expecting <EOF>`)
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error
    }
  }
}

/** `ERROR: <input>:1:3: Syntax error: …` with the line and a mark below it. */
const shown = (expression: string, { at, words }: Mistake): string => {
  if (expression === '') return `ERROR: <input>:1:0: Syntax error: ${words}`
  const before = expression.slice(0, at).split('\n')
  const column = (before.at(-1) ?? '').length
  const line = expression.split('\n')[before.length - 1] ?? ''
  return `ERROR: <input>:${before.length}:${column + 1}: Syntax error: ${words}\n | ${line}\n | ${'.'.repeat(column)}^`
}

/** Undefined for an expression, else everything that is wrong with it. */
export const celProblem = (expression: string): string | undefined => {
  const { tokens, mistakes } = tokenize(expression)
  const parser = new Parser(tokens)
  parser.whole()
  const found = [...mistakes, ...parser.mistakes].sort((a, b) => a.at - b.at)
  return found.length === 0 ? undefined : found.map((each) => shown(expression, each)).join('\n')
}
