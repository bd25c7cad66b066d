/** Label selectors as they stand in a query: `app=web,tier in (a,b),!legacy` (k8s.io/apimachinery/pkg/labels). */
import { badRequest, field } from '../errors.ts'
import { labelValueProblems, qualifiedNameProblems } from '../names.ts'

type Labels = Readonly<Record<string, string>>
export type LabelMatch = (labels: Labels | undefined) => boolean

const symbols = ['!=', '==', '=', '!', '(', ')', ',', '<', '>'] as const
const symbolOf = (text: string, at: number): string | undefined => symbols.find((symbol) => text.startsWith(symbol, at))

function tokenize(text: string): string[] {
  const tokens: string[] = []
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at]!)) {
      at++
      continue
    }
    const symbol = symbolOf(text, at)
    if (symbol) {
      tokens.push(symbol)
      at += symbol.length
      continue
    }
    const start = at
    while (at < text.length && !/\s/.test(text[at]!) && !symbolOf(text, at)) at++
    tokens.push(text.slice(start, at))
  }
  return tokens
}

const isSymbol = (token: string | undefined): boolean => symbols.some((symbol) => symbol === token)

class Parser {
  readonly #tokens: string[]
  #at = 0
  constructor(text: string) {
    this.#tokens = tokenize(text)
  }

  get #next(): string | undefined {
    return this.#tokens[this.#at]
  }

  #take(): string | undefined {
    return this.#tokens[this.#at++]
  }

  #fail(expected: string, found = this.#next): never {
    throw badRequest(`unable to parse requirement: found '${found ?? ''}', expected: ${expected}`)
  }

  parse(): LabelMatch {
    const requirements: LabelMatch[] = []
    while (this.#next !== undefined) {
      requirements.push(this.#requirement())
      if (this.#next === undefined) break
      if (this.#next !== ',') this.#fail("',' or 'end of string'")
      this.#take()
      if (this.#next === undefined) this.#fail("identifier after ','", '')
    }
    return (labels) => requirements.every((matches) => matches(labels))
  }

  #requirement(): LabelMatch {
    const negated = this.#next === '!'
    if (negated) this.#take()
    const key = this.#take()
    if (key === undefined || isSymbol(key)) this.#fail("'!', identifier, or 'end of string'", key)
    const [problem] = qualifiedNameProblems(key!)
    if (problem) throw badRequest(`unable to parse requirement: ${keyProblem(key!, problem)}`)
    if (negated) return (labels) => labels?.[key!] === undefined
    const operator = this.#next
    if (operator === undefined || operator === ',') return (labels) => labels?.[key!] !== undefined
    this.#take()
    switch (operator) {
      case '=':
      case '==':
        return this.#equals(key!, true)
      case '!=':
        return this.#equals(key!, false)
      case 'in':
      case 'notin':
        return this.#among(key!, operator === 'in')
      case '>':
      case '<':
        return this.#compares(key!, operator)
      default:
        throw badRequest(`unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  #value(): string {
    const token = this.#next
    if (token === undefined || token === ',') return ''
    if (isSymbol(token)) this.#fail('identifier')
    this.#take()
    return checked(token)
  }

  #equals(key: string, wanted: boolean): LabelMatch {
    const value = this.#value()
    return (labels) => (labels?.[key] === value) === wanted
  }

  #among(key: string, wanted: boolean): LabelMatch {
    const open = this.#take()
    if (open !== '(') throw badRequest(`unable to parse requirement: found '${open ?? ''}' expected: '('`)
    const values: string[] = []
    if (this.#next === ')')
      throw badRequest(
        "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
      )
    for (;;) {
      // Between two commas, and before the end, stands the empty value.
      values.push(this.#next === ')' ? '' : this.#value())
      const token = this.#take()
      if (token === ')') break
      if (token !== ',') throw badRequest(`unable to parse requirement: found '${token ?? ''}', expected: ',' or ')'`)
    }
    return (labels) => (labels?.[key] !== undefined && values.includes(labels[key])) === wanted
  }

  #compares(key: string, operator: '<' | '>'): LabelMatch {
    const value = this.#value()
    if (!/^-?\d+$/.test(value))
      throw badRequest(
        `unable to parse requirement: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      )
    return (labels) => {
      const label = labels?.[key]
      if (label === undefined || !/^-?\d+$/.test(label)) return false
      return operator === '>' ? Number(label) > Number(value) : Number(label) < Number(value)
    }
  }
}

function checked(value: string): string {
  const [problem] = labelValueProblems(value)
  if (!problem) return value
  const { message } = field.invalid('', value, problem)
  throw badRequest(`unable to parse requirement: values[0]: ${message}`)
}

const keyProblem = (key: string, problem: string): string => `key: ${field.invalid('key', key, problem).message}`

/** @throws StatusError 400 in the server's words */
export const parseLabelSelector = (text: string | null): LabelMatch | undefined =>
  text ? new Parser(text).parse() : undefined
