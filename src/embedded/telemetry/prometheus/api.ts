/**
 * Prometheus' HTTP API over the scraped samples. Upstream: prometheus/prometheus web/api/v1/api.go and the documentation
 * "HTTP API". Not modelled: targets, rules, alerts, remote read and write, the web page.
 */
import { evaluate, type Result } from './evaluate.ts'
import type { Labels, SampleStore } from './store.ts'
import { type Expression, parseQuery, QueryError, readDuration } from './syntax.ts'

export interface Answer {
  status: number
  body: unknown
}

const success = (data: unknown): Answer => ({ status: 200, body: { status: 'success', data } })
const failure = (errorType: string, error: string, status = 400): Answer => ({
  status,
  body: { status: 'error', errorType, error },
})

const shown = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value)

/** Seconds since the epoch, or RFC 3339; in milliseconds. */
const readTime = (text: string): number | undefined => {
  const time = /^-?\d+(\.\d+)?(e\d+)?$/i.test(text) ? Number(text) * 1000 : Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

const render = (result: Result, at: number): unknown => {
  const point = (value: number | string) => [at / 1000, typeof value === 'number' ? shown(value) : value]
  switch (result.type) {
    case 'vector':
      return {
        resultType: 'vector',
        result: result.samples.map(({ labels, value }) => ({ metric: labels, value: point(value) })),
      }
    case 'matrix':
      return {
        resultType: 'matrix',
        result: result.series.map(({ labels, values }) => ({
          metric: labels,
          values: values.map(({ t, v }) => [t / 1000, shown(v)]),
        })),
      }
    default:
      return { resultType: result.type, result: point(result.value) }
  }
}

const mostSteps = 11_000

export const createApi = (store: SampleStore, now: () => number) => {
  const bad = (name: string, why: string): Answer => failure('bad_data', `invalid parameter "${name}": ${why}`)
  const cannotParse = (text: string): string => `cannot parse ${JSON.stringify(text)} to a valid timestamp`

  const query = (params: URLSearchParams): Answer => {
    const asked = params.get('time')
    const at = asked === null ? now() : readTime(asked)
    if (at === undefined) return bad('time', cannotParse(asked ?? ''))
    return success(render(evaluate(parseQuery(params.get('query') ?? ''), store, at), at))
  }

  const steps = (expression: Expression, start: number, end: number, step: number): unknown => {
    const series = new Map<string, { metric: Labels; values: [number, string][] }>()
    for (let at = start; at <= end; at += step) {
      const result = evaluate(expression, store, at)
      if (result.type !== 'vector' && result.type !== 'scalar')
        throw new QueryError(
          `invalid expression type "${result.type === 'matrix' ? 'range vector' : 'string'}" for range query, must be Scalar or instant Vector`,
        )
      const samples = result.type === 'scalar' ? [{ labels: {}, value: result.value }] : result.samples
      for (const { labels, value } of samples) {
        const key = JSON.stringify(labels)
        const found = series.get(key) ?? { metric: labels, values: [] }
        found.values.push([at / 1000, shown(value)])
        series.set(key, found)
      }
    }
    return { resultType: 'matrix', result: [...series.values()] }
  }
  const queryRange = (params: URLSearchParams): Answer => {
    const [start, end] = ['start', 'end'].map((name) => readTime(params.get(name) ?? ''))
    if (start === undefined) return bad('start', cannotParse(params.get('start') ?? ''))
    if (end === undefined) return bad('end', cannotParse(params.get('end') ?? ''))
    if (end < start) return bad('end', 'end timestamp must not be before start time')
    const step = readDuration(params.get('step') ?? '')
    if (step === undefined)
      return bad('step', `cannot parse ${JSON.stringify(params.get('step') ?? '')} to a valid duration`)
    if (step <= 0)
      return bad('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer')
    if ((end - start) / step > mostSteps)
      return failure(
        'bad_data',
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      )
    return success(steps(parseQuery(params.get('query') ?? ''), start, end, step))
  }

  /** The label sets of the series that `match[]` asks for; all of them without. */
  const matched = (params: URLSearchParams): Labels[] => {
    const selectors = params.getAll('match[]')
    if (selectors.length === 0) return store.select([]).map(({ labels }) => labels)
    const found = selectors.flatMap((selector) => {
      const expression = parseQuery(selector)
      if (expression.kind !== 'vector') throw new QueryError(`${selector} is no series selector`)
      return store.select(expression.matchers)
    })
    return [...new Set(found)].map(({ labels }) => labels)
  }
  const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort()

  /** @param path without query; undefined: not a path of the API that is modelled */
  return (path: string, params: URLSearchParams): Answer => {
    const label = /^\/api\/v1\/label\/([^/]+)\/values$/.exec(path)?.[1]
    try {
      if (path === '/api/v1/query') return query(params)
      if (path === '/api/v1/query_range') return queryRange(params)
      if (path === '/api/v1/series')
        return params.has('match[]') ? success(matched(params)) : failure('bad_data', 'no match[] parameter provided')
      if (path === '/api/v1/labels') return success(sorted(matched(params).flatMap((labels) => Object.keys(labels))))
      if (label !== undefined) return success(sorted(matched(params).flatMap((labels) => labels[label] ?? [])))
    } catch (error) {
      if (error instanceof QueryError) return bad('query', error.message)
      throw error
    }
    return failure(
      'not_found',
      `meshdojo's Prometheus has no ${path}: it answers /api/v1/query, query_range, series, labels and label/<name>/values`,
      404,
    )
  }
}
