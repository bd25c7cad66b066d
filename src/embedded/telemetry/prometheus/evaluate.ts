/**
 * PromQL at one instant. Upstream: prometheus/prometheus promql/engine.go. Not modelled: native histograms, `@`,
 * subqueries, group_left and group_right, and functions other than those of functions.ts: they are refused by name.
 */
import { bucketQuantile, overRange, perValue } from './functions.ts'
import { keyOf, type Labels, type SampleStore } from './store.ts'
import { type Expression, type Grouping, QueryError } from './syntax.ts'

export interface Sample {
  labels: Labels
  value: number
}

export type Result =
  | { type: 'scalar'; value: number }
  | { type: 'string'; value: string }
  | { type: 'vector'; samples: Sample[] }
  | { type: 'matrix'; series: { labels: Labels; values: { t: number; v: number }[] }[] }

/** How long the last value of a series counts. */
const lookback = 5 * 60_000

const without = (labels: Labels, names: readonly string[]): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)))
const only = (labels: Labels, names: readonly string[]): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)))
const nameless = (labels: Labels): Labels => without(labels, ['__name__'])

const arithmetic: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
}
const comparisons: Record<string, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
}

const total = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0)
const aggregations: Record<string, (values: readonly number[]) => number> = {
  sum: total,
  avg: (values) => total(values) / values.length,
  count: (values) => values.length,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  group: () => 1,
}

const groups = (
  samples: readonly Sample[],
  { without: isWithout, labels }: Grouping,
): Map<string, { labels: Labels; samples: Sample[] }> => {
  const found = new Map<string, { labels: Labels; samples: Sample[] }>()
  for (const sample of samples) {
    const kept = isWithout ? without(sample.labels, [...labels, '__name__']) : only(sample.labels, labels)
    const key = keyOf(kept)
    const group = found.get(key)
    if (group) group.samples.push(sample)
    else found.set(key, { labels: kept, samples: [sample] })
  }
  return found
}

/** @throws QueryError */
export const evaluate = (expression: Expression, store: SampleStore, at: number): Result => {
  const vector = (of: Expression): Sample[] => {
    const result = run(of)
    if (result.type === 'vector') return result.samples
    throw new QueryError(`expected type instant vector, got ${result.type === 'matrix' ? 'range vector' : result.type}`)
  }
  const scalar = (of: Expression | undefined): number => {
    const result = of && run(of)
    if (result?.type === 'scalar') return result.value
    throw new QueryError(`expected type scalar, got ${result?.type ?? 'nothing'}`)
  }

  const select = ({ matchers, offset }: Extract<Expression, { kind: 'vector' }>): Result => ({
    type: 'vector',
    samples: store.select(matchers).flatMap(({ labels, points }) => {
      const last = points.findLast(({ t }) => t <= at - offset)
      return last?.v === undefined || last.t <= at - offset - lookback ? [] : { labels, value: last.v }
    }),
  })
  const range = ({ matchers, offset, range: length }: Extract<Expression, { kind: 'matrix' }>) => {
    const end = at - offset
    const start = end - length
    const series = store.select(matchers).flatMap(({ labels, points }) => {
      // The range is open at its start, since Prometheus 3.
      const values = points.flatMap(({ t, v }) => (v !== undefined && t > start && t <= end ? [{ t, v }] : []))
      return values.length > 0 ? { labels, values } : []
    })
    return { series, start, end }
  }

  const call = (name: string, args: Expression[]): Result => {
    const over = Object.hasOwn(overRange, name) ? overRange[name] : undefined
    const of = args.at(-1)
    if (over) {
      if (of?.kind !== 'matrix')
        throw new QueryError(
          `parse error: expected type range vector in call to function "${name}", got instant vector`,
        )
      const { series, start, end } = range(of)
      const samples = series.flatMap(({ labels, values }) => {
        const value = over(values, start, end)
        return value === undefined ? [] : { labels: name === 'last_over_time' ? labels : nameless(labels), value }
      })
      return { type: 'vector', samples }
    }
    const each = Object.hasOwn(perValue, name) ? perValue[name] : undefined
    if (each) {
      const more = args.slice(1).map(scalar)
      return {
        type: 'vector',
        samples: vector(args[0]!).map(({ labels, value }) => ({
          labels: nameless(labels),
          value: each(value, ...more),
        })),
      }
    }
    switch (name) {
      case 'time':
        return { type: 'scalar', value: at / 1000 }
      case 'scalar': {
        const samples = vector(args[0]!)
        return { type: 'scalar', value: samples.length === 1 ? samples[0]!.value : Number.NaN }
      }
      case 'vector':
        return { type: 'vector', samples: [{ labels: {}, value: scalar(args[0]) }] }
      case 'absent':
        return { type: 'vector', samples: vector(args[0]!).length > 0 ? [] : [{ labels: {}, value: 1 }] }
      case 'sort':
      case 'sort_desc': {
        const sign = name === 'sort' ? 1 : -1
        return { type: 'vector', samples: [...vector(args[0]!)].sort((a, b) => sign * (a.value - b.value)) }
      }
      case 'histogram_quantile': {
        const quantile = scalar(args[0])
        const found = groups(vector(args[1]!), { without: true, labels: ['le'] })
        const samples = [...found.values()].map(({ labels, samples: buckets }) => ({
          labels,
          value: bucketQuantile(
            quantile,
            buckets.map((bucket) => ({
              bound: bucket.labels.le === '+Inf' ? Infinity : Number(bucket.labels.le),
              count: bucket.value,
            })),
          ),
        }))
        return { type: 'vector', samples }
      }
      default:
        throw new QueryError(`meshdojo does not model the function "${name}"`)
    }
  }

  const aggregate = ({ operator, grouping, parameter, of }: Extract<Expression, { kind: 'aggregate' }>): Result => {
    const found = [...groups(vector(of), grouping).values()]
    if (operator === 'topk' || operator === 'bottomk') {
      const count = scalar(parameter)
      const sign = operator === 'topk' ? -1 : 1
      const samples = found.flatMap((group) =>
        [...group.samples].sort((a, b) => sign * (a.value - b.value)).slice(0, Math.max(0, Math.floor(count))),
      )
      return { type: 'vector', samples }
    }
    const combine = aggregations[operator]
    if (!combine) throw new QueryError(`meshdojo does not model the aggregation "${operator}"`)
    return {
      type: 'vector',
      samples: found.map(({ labels, samples }) => ({ labels, value: combine(samples.map(({ value }) => value)) })),
    }
  }

  const binary = (node: Extract<Expression, { kind: 'binary' }>): Result => {
    const { operator, bool, matching } = node
    const [left, right] = [run(node.left), run(node.right)]
    const compare = comparisons[operator]
    const compute = arithmetic[operator]
    const pairKey = (labels: Labels): string =>
      keyOf(
        matching === undefined
          ? nameless(labels)
          : matching.on
            ? only(labels, matching.labels)
            : without(labels, [...matching.labels, '__name__']),
      )
    if (left.type === 'scalar' && right.type === 'scalar') {
      if (compute) return { type: 'scalar', value: compute(left.value, right.value) }
      if (compare && bool) return { type: 'scalar', value: Number(compare(left.value, right.value)) }
      throw new QueryError('parse error: comparisons between scalars must use BOOL modifier')
    }
    /** One pair of values: the result's value, or undefined where a comparison takes the sample out. */
    const pair = (a: number, b: number, kept: number): number | undefined => {
      if (compute) return compute(a, b)
      const holds = compare?.(a, b) ?? false
      return bool ? Number(holds) : holds ? kept : undefined
    }
    const keepsName = compare !== undefined && !bool
    if (left.type === 'scalar' || right.type === 'scalar') {
      const samples = (left.type === 'vector' ? left : right.type === 'vector' ? right : undefined)?.samples
      if (!samples || (!compute && !compare))
        throw new QueryError(`set operator "${operator}" not allowed in binary scalar expression`)
      return {
        type: 'vector',
        samples: samples.flatMap(({ labels, value }) => {
          const result = pair(
            left.type === 'scalar' ? left.value : value,
            right.type === 'scalar' ? right.value : value,
            value,
          )
          return result === undefined ? [] : { labels: keepsName ? labels : nameless(labels), value: result }
        }),
      }
    }
    if (left.type !== 'vector' || right.type !== 'vector')
      throw new QueryError('binary expression must contain only scalar and instant vector types')
    const rights = new Map<string, Sample>()
    for (const sample of right.samples) {
      const key = pairKey(sample.labels)
      if ((compute || compare) && rights.has(key))
        throw new QueryError(
          'found duplicate series for the match group on the right hand-side of the operation; many-to-many matching not allowed: matching labels must be unique on one side',
        )
      rights.set(key, sample)
    }
    const has = (sample: Sample): boolean => rights.has(pairKey(sample.labels))
    if (operator === 'and') return { type: 'vector', samples: left.samples.filter(has) }
    if (operator === 'unless') return { type: 'vector', samples: left.samples.filter((sample) => !has(sample)) }
    if (operator === 'or') {
      const lefts = new Set(left.samples.map(({ labels }) => pairKey(labels)))
      return {
        type: 'vector',
        samples: [...left.samples, ...right.samples.filter(({ labels }) => !lefts.has(pairKey(labels)))],
      }
    }
    if (!compute && !compare) throw new QueryError(`meshdojo does not model the operator "${operator}"`)
    const used = new Set<string>()
    return {
      type: 'vector',
      samples: left.samples.flatMap(({ labels, value }) => {
        const key = pairKey(labels)
        const other = rights.get(key)
        if (!other) return []
        if (used.has(key))
          throw new QueryError(
            'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
          )
        used.add(key)
        const result = pair(value, other.value, value)
        if (result === undefined) return []
        const kept = keepsName ? labels : nameless(labels)
        const shown =
          matching === undefined ? kept : matching.on ? only(kept, matching.labels) : without(kept, matching.labels)
        return { labels: shown, value: result }
      }),
    }
  }

  function run(node: Expression): Result {
    switch (node.kind) {
      case 'number':
        return { type: 'scalar', value: node.value }
      case 'string':
        return { type: 'string', value: node.value }
      case 'vector':
        return select(node)
      case 'matrix':
        return { type: 'matrix', series: range(node).series }
      case 'negative': {
        const result = run(node.of)
        if (result.type === 'scalar') return { type: 'scalar', value: -result.value }
        return {
          type: 'vector',
          samples: vector(node.of).map(({ labels, value }) => ({ labels: nameless(labels), value: -value })),
        }
      }
      case 'call':
        return call(node.name, node.args)
      case 'aggregate':
        return aggregate(node)
      case 'binary':
        return binary(node)
    }
  }
  return run(expression)
}
