/** PromQL over a few series: what Prometheus' documentation and its promql/testdata say about each construct. */
import { describe, expect, test } from 'vitest'
import { createApi } from '../../../src/embedded/telemetry/prometheus/api.ts'
import { readExposition } from '../../../src/embedded/telemetry/prometheus/exposition.ts'
import { createStore } from '../../../src/embedded/telemetry/prometheus/store.ts'

const start = Date.UTC(2026, 10, 24)
const minute = 60_000

/** Series of one point a minute, `load 1m` of prometheus/prometheus promql/testdata. */
const load = (...series: [labels: Record<string, string>, values: (number | undefined)[]][]) => {
  const store = createStore()
  for (const [labels, values] of series)
    for (const [index, value] of values.entries())
      if (value !== undefined) store.append(labels, start + index * minute, value)
  return store
}

const requests = (code: string, app: string, values: number[]) =>
  [{ __name__: 'req', code, app }, values] as [Record<string, string>, number[]]
const store = load(
  requests('200', 'a', [0, 60, 120, 180]),
  requests('403', 'a', [0, 0, 30, 60]),
  requests('200', 'b', [5, 5, 0, 6]),
  [{ __name__: 'limit', app: 'a' }, [100, 100, 100, 100]],
  ...[
    ['0.1', 50],
    ['0.5', 80],
    ['+Inf', 100],
  ].map(
    ([le, count]) =>
      [{ __name__: 'h_bucket', le: String(le) }, [0, 0, 0, Number(count)]] as [Record<string, string>, number[]],
  ),
)
const ask = createApi(store, () => start + 3 * minute)

interface Found {
  metric: Record<string, string>
  value: [number, string]
}
const query = (text: string): unknown => {
  const { body } = ask('/api/v1/query', new URLSearchParams({ query: text }))
  const { data, error } = body as { data?: { resultType: string; result: Found[] & [number, string] }; error?: string }
  if (!data) return error
  if (data.resultType === 'scalar') return data.result[1]
  return Object.fromEntries(
    data.result.map(({ metric, value }) => [
      Object.entries(metric)
        .map(([name, is]) => `${name}=${is}`)
        .join(' '),
      Number(value[1]),
    ]),
  )
}

describe('queries', () => {
  test.each<[string, unknown]>([
    [
      'req',
      { '__name__=req code=200 app=a': 180, '__name__=req code=403 app=a': 60, '__name__=req code=200 app=b': 6 },
    ],
    ['req{code="403"}', { '__name__=req code=403 app=a': 60 }],
    ['req{code!="200"}', { '__name__=req code=403 app=a': 60 }],
    ['req{code=~"4.."}', { '__name__=req code=403 app=a': 60 }],
    ['req{code!~"2..|4.."}', {}],
    ['req{code=~"4"}', {}],
    ['{__name__=~"li.*"}', { '__name__=limit app=a': 100 }],
    [
      'req{missing=""}',
      { '__name__=req code=200 app=a': 180, '__name__=req code=403 app=a': 60, '__name__=req code=200 app=b': 6 },
    ],
    ['sum(req)', { '': 246 }],
    ['sum by (app) (req)', { 'app=a': 240, 'app=b': 6 }],
    ['sum without (code) (req)', { 'app=a': 240, 'app=b': 6 }],
    ['count(req)', { '': 3 }],
    ['avg(req{app="a"})', { '': 120 }],
    ['min(req)', { '': 6 }],
    ['max by (code) (req)', { 'code=200': 180, 'code=403': 60 }],
    ['topk(1, req)', { '__name__=req code=200 app=a': 180 }],
    ['bottomk(1, req)', { '__name__=req code=200 app=b': 6 }],
    [
      'req offset 2m',
      { '__name__=req code=200 app=a': 60, '__name__=req code=403 app=a': 0, '__name__=req code=200 app=b': 5 },
    ],
    ['req > 50', { '__name__=req code=200 app=a': 180, '__name__=req code=403 app=a': 60 }],
    ['req > bool 50', { 'code=200 app=a': 1, 'code=403 app=a': 1, 'code=200 app=b': 0 }],
    ['2 * req{code="403"} + 1', { 'code=403 app=a': 121 }],
    ['sum by (app) (req) / on (app) limit', { 'app=a': 2.4 }],
    ['sum by (app) (req) / limit', { 'app=a': 2.4 }],
    ['req{app="b"} or limit', { '__name__=req code=200 app=b': 6, '__name__=limit app=a': 100 }],
    ['req and on (app) limit', { '__name__=req code=200 app=a': 180, '__name__=req code=403 app=a': 60 }],
    ['req unless on (app) limit', { '__name__=req code=200 app=b': 6 }],
    ['1 + 2 * 3', '7'],
    ['-req{code="403"}', { 'code=403 app=a': -60 }],
    // Three points in (0s, 3m]: 180 - 60 = 120 over two minutes, stretched to three (extrapolatedRate).
    ['increase(req{code="200",app="a"}[3m])', { 'code=200 app=a': 180 }],
    ['rate(req{code="200",app="a"}[3m])', { 'code=200 app=a': 1 }],
    // A counter that fell from 5 to 0 was reset: 6 more since.
    ['resets(req{app="b"}[4m])', { 'code=200 app=b': 1 }],
    ['irate(req{app="b"}[4m])', { 'code=200 app=b': 0.1 }],
    ['max_over_time(req{app="b"}[4m])', { 'code=200 app=b': 6 }],
    ['absent(nothing)', { '': 1 }],
    ['histogram_quantile(0.5, h_bucket)', { '': 0.1 }],
    ['histogram_quantile(0.8, h_bucket)', { '': 0.5 }],
    ['scalar(limit) - 1', '99'],
  ])('%s', (text, expected) => {
    expect(query(text)).toEqual(expected)
  })

  test.each<[string, string]>([
    [
      'rate(req)',
      'invalid parameter "query": parse error: expected type range vector in call to function "rate", got instant vector',
    ],
    ['sum(req', 'invalid parameter "query": 1:8: parse error: unexpected end of input'],
    ['req{code=}', 'invalid parameter "query": 1:10: parse error: unexpected "}"'],
    ['', 'invalid parameter "query": unknown position: parse error: no expression found in input'],
    ['nonsense(req)', 'invalid parameter "query": 1:1: parse error: unknown function with name "nonsense"'],
    [
      'quantile_over_time(0.5, req[5m])',
      'invalid parameter "query": meshdojo does not model the function "quantile_over_time"',
    ],
    ['quantile(0.9, req)', 'invalid parameter "query": meshdojo does not model the aggregation "quantile"'],
    [
      'req * on (app) group_left limit',
      'invalid parameter "query": 1:7: meshdojo does not model group_left and group_right',
    ],
    ['max_over_time(rate(req[1m])[5m:1m])', 'invalid parameter "query": 1:15: meshdojo does not model subqueries'],
    ['req{code=~"("}', 'invalid parameter "query": 1:5: parse error: error parsing regexp: '],
    ['req + on (code) req', 'found duplicate series'],
    ['1 > 2', 'comparisons between scalars must use BOOL modifier'],
  ])('refuses %s', (text, says) => {
    const { status, body } = ask('/api/v1/query', new URLSearchParams({ query: text }))
    expect(status).toBe(400)
    expect(body).toMatchObject({ status: 'error', errorType: 'bad_data' })
    expect((body as { error: string }).error).toContain(says)
  })
})

describe('the API', () => {
  test('a range has a point for each step', () => {
    const params = new URLSearchParams({
      query: 'req{code="403"}',
      start: String(start / 1000),
      end: String((start + 3 * minute) / 1000),
      step: '90',
    })
    expect(ask('/api/v1/query_range', params).body).toEqual({
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: { __name__: 'req', code: '403', app: 'a' },
            values: [
              [start / 1000, '0'],
              [start / 1000 + 90, '0'],
              [start / 1000 + 180, '60'],
            ],
          },
        ],
      },
    })
  })

  test('labels, their values, series', () => {
    expect(ask('/api/v1/labels', new URLSearchParams()).body).toEqual({
      status: 'success',
      data: ['__name__', 'app', 'code', 'le'],
    })
    expect(ask('/api/v1/label/code/values', new URLSearchParams()).body).toEqual({
      status: 'success',
      data: ['200', '403'],
    })
    expect(ask('/api/v1/series', new URLSearchParams({ 'match[]': 'limit' })).body).toEqual({
      status: 'success',
      data: [{ __name__: 'limit', app: 'a' }],
    })
    expect(ask('/api/v1/series', new URLSearchParams()).body).toMatchObject({ error: 'no match[] parameter provided' })
  })

  test('wrong times and steps are named', () => {
    const asked = (params: Record<string, string>) =>
      (
        ask('/api/v1/query_range', new URLSearchParams({ query: 'req', start: '0', end: '10', step: '1', ...params }))
          .body as { error: string }
      ).error
    expect(asked({ start: 'x' })).toBe('invalid parameter "start": cannot parse "x" to a valid timestamp')
    expect(asked({ end: '-1' })).toBe('invalid parameter "end": end timestamp must not be before start time')
    expect(asked({ step: '0' })).toMatch(/zero or negative query resolution step widths/)
    expect(asked({ end: '20000' })).toMatch(/exceeded maximum resolution of 11,000 points/)
  })

  test('what is not there says what is', () => {
    expect(ask('/api/v1/targets', new URLSearchParams())).toMatchObject({
      status: 404,
      body: { errorType: 'not_found' },
    })
  })
})

test('a series counts for five minutes, or until it has ended', () => {
  const own = load([{ __name__: 'x', instance: 'i' }, [1]])
  const at = (time: number) =>
    (
      createApi(own, () => time)('/api/v1/query', new URLSearchParams({ query: 'x' })).body as {
        data: { result: unknown[] }
      }
    ).data.result.length
  expect([at(start + 5 * minute - 1), at(start + 5 * minute)]).toEqual([1, 0])
  own.endOthers('i', new Set(), start + minute)
  expect([at(start + minute - 1), at(start + minute)]).toEqual([1, 0])
})

test('pages are read with their escapes, and what is no sample is left out', () => {
  expect(readExposition('# TYPE a counter\na{b="c\\"d\\\\",e="f"} 1\n\nb +Inf\nbroken{ 2\n')).toEqual([
    { labels: { __name__: 'a', b: 'c"d\\', e: 'f' }, value: 1 },
    { labels: { __name__: 'b' }, value: Infinity },
  ])
})
