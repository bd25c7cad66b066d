/**
 * PromQL as a tree to evaluate, read by Prometheus' own grammar. What the grammar accepts and the evaluator does not is
 * refused here, by name.
 */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { compilePattern } from '../../crds/regex.ts'
import type { Matcher } from './store.ts'

export interface Grouping {
  without: boolean
  labels: string[]
}

export type Expression =
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'vector'; matchers: Matcher[]; offset: number }
  | { kind: 'matrix'; matchers: Matcher[]; offset: number; range: number }
  | { kind: 'call'; name: string; args: Expression[] }
  | { kind: 'aggregate'; operator: string; grouping: Grouping; parameter?: Expression; of: Expression }
  | {
      kind: 'binary'
      operator: string
      bool: boolean
      left: Expression
      right: Expression
      /** Labels to compare by; absent: all of them. */
      matching?: { on: boolean; labels: string[] }
    }
  | { kind: 'negative'; of: Expression }

/** The query is not PromQL, or not what this evaluator knows. The text is Prometheus' own where it has one. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
}

const units: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

/** `1h30m` or `300` (seconds) in milliseconds. */
export const readDuration = (text: string): number | undefined => {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit!]!,
    0,
  )
}

export const parseQuery = (query: string): Expression => {
  const tree = parser.parse(query)
  const at = (position: number): string => {
    const before = query.slice(0, position).split('\n')
    return `${before.length}:${before.at(-1)!.length + 1}`
  }
  const refuse = (node: SyntaxNode, what: string): never => {
    throw new QueryError(`${at(node.from)}: meshdojo does not model ${what}`)
  }
  if (query.trim() === '') throw new QueryError('unknown position: parse error: no expression found in input')
  tree.iterate({
    enter: (node) => {
      if (!node.type.isError) return
      // A call of something that the grammar does not know as a function.
      const called = /([a-zA-Z_]\w*)\s*$/.exec(query.slice(0, node.from))?.[1]
      if (called && query[node.from] === '(')
        throw new QueryError(`${at(node.from - called.length)}: parse error: unknown function with name "${called}"`)
      const rest = query.slice(node.from).trim()
      const what = rest === '' ? 'end of input' : `"${rest.split(/\s/)[0]}"`
      throw new QueryError(`${at(node.from)}: parse error: unexpected ${what}`)
    },
  })

  const text = (node: SyntaxNode): string => query.slice(node.from, node.to)
  const children = (node: SyntaxNode): SyntaxNode[] => {
    const found: SyntaxNode[] = []
    for (let child = node.firstChild; child; child = child.nextSibling) found.push(child)
    return found
  }
  const child = (node: SyntaxNode, name: string): SyntaxNode | undefined => node.getChild(name) ?? undefined
  const unquote = (node: SyntaxNode): string => {
    const raw = text(node)
    const inside = raw.slice(1, -1)
    if (raw.startsWith('`')) return inside
    return inside.replace(/\\(.)/g, (_whole, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char)
  }
  const number = (node: SyntaxNode): number => {
    const said = text(node).toLowerCase()
    if (/^[+-]?inf$/.test(said)) return said.startsWith('-') ? -Infinity : Infinity
    const plain = Number(said)
    const duration = Number.isNaN(plain) && said !== 'nan' ? readDuration(said) : undefined
    return duration === undefined ? plain : duration / 1000
  }

  const matcher = (node: SyntaxNode): Matcher => {
    const label = child(node, 'LabelName') ?? child(node, 'QuotedLabelName') ?? node.firstChild!
    const operator = text(child(node, 'MatchOp') ?? node)
    const value = unquote(child(node, 'StringLiteral') ?? node)
    const name = label.name === 'LabelName' ? text(label) : unquote(label)
    if (operator === '=') return { label: name, matches: (seen) => seen === value }
    if (operator === '!=') return { label: name, matches: (seen) => seen !== value }
    try {
      const pattern = compilePattern(`^(?s:${value})$`)
      return { label: name, matches: operator === '=~' ? pattern : (seen) => !pattern(seen) }
    } catch (error) {
      const why = (error as Error).message
      throw new QueryError(`${at(node.from)}: parse error: error parsing regexp: ${why}`)
    }
  }
  const selector = (node: SyntaxNode): Matcher[] => {
    const name = child(node, 'Identifier')
    const list = child(node, 'LabelMatchers')
    const own = name ? [{ label: '__name__', matches: (seen: string) => seen === text(name) }] : []
    const matchers = list ? children(list).map(matcher) : []
    if (!name && matchers.every(({ matches }) => matches('')))
      throw new QueryError(`${at(node.from)}: parse error: vector selector must contain at least one non-empty matcher`)
    return [...own, ...matchers]
  }
  const grouping = (node: SyntaxNode): Grouping => {
    const modifier = child(node, 'AggregateModifier')
    const labels = modifier && child(modifier, 'GroupingLabels')
    return {
      without: modifier !== undefined && child(modifier, 'Without') !== undefined,
      labels: labels ? children(labels).map(text) : [],
    }
  }
  const args = (node: SyntaxNode): Expression[] => {
    const body = child(node, 'FunctionCallBody')
    return body ? children(body).map(read) : []
  }

  const binary = (node: SyntaxNode): Expression => {
    const parts = children(node)
    const clause = child(node, 'MatchingModifierClause')
    if (clause && (child(clause, 'GroupLeft') || child(clause, 'GroupRight')))
      refuse(clause, 'group_left and group_right')
    const labels = clause && child(clause, 'GroupingLabels')
    const operator = parts.find((part) =>
      /^(Add|Sub|Mul|Div|Mod|Pow|Atan2|Eql|EqlC|Neq|Gtr|Lss|Gte|Lte|And|Or|Unless)/.test(part.name),
    )
    return {
      kind: 'binary',
      operator: operator ? text(operator).toLowerCase() : '',
      bool: child(node, 'BoolModifier') !== undefined,
      left: read(parts[0]!),
      right: read(parts.at(-1)!),
      ...(clause && labels
        ? { matching: { on: child(clause, 'On') !== undefined, labels: children(labels).map(text) } }
        : {}),
    }
  }

  const read = (node: SyntaxNode): Expression => {
    switch (node.name) {
      case 'NumberDurationLiteral':
        return { kind: 'number', value: number(node) }
      case 'StringLiteral':
        return { kind: 'string', value: unquote(node) }
      case 'ParenExpr':
        return read(children(node)[0]!)
      case 'UnaryExpr': {
        const [operator, of] = children(node)
        const inner = read(of!)
        return text(operator!) === '-' ? { kind: 'negative', of: inner } : inner
      }
      case 'VectorSelector':
        return { kind: 'vector', matchers: selector(node), offset: 0 }
      case 'MatrixSelector': {
        const [of, range] = children(node)
        const inner = read(of!)
        if (inner.kind !== 'vector') return refuse(node, 'ranges over expressions')
        const duration = readDuration(text(range!))
        if (duration === undefined) return refuse(range!, `the duration ${text(range!)}`)
        return { ...inner, kind: 'matrix', range: duration }
      }
      case 'OffsetExpr': {
        const [of, , duration] = children(node)
        const inner = read(of!)
        const sign = /offset\s+-/i.test(text(node)) ? -1 : 1
        const offset = readDuration(text(duration!).replace(/^-/, ''))
        if (offset === undefined || (inner.kind !== 'vector' && inner.kind !== 'matrix'))
          return refuse(node, 'this offset')
        return { ...inner, offset: sign * offset }
      }
      case 'FunctionCall':
        return { kind: 'call', name: text(child(node, 'FunctionIdentifier')!), args: args(node) }
      case 'AggregateExpr': {
        const given = args(node)
        return {
          kind: 'aggregate',
          operator: text(child(node, 'AggregateOp')!).toLowerCase(),
          grouping: grouping(node),
          ...(given.length > 1 ? { parameter: given[0]! } : {}),
          of: given.at(-1)!,
        }
      }
      case 'BinaryExpr':
        return binary(node)
      case 'SubqueryExpr':
        return refuse(node, 'subqueries')
      default:
        return refuse(node, `"${text(node)}"`)
    }
  }
  return read(tree.topNode.firstChild!)
}
