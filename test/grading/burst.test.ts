/** Requests that are sent many times: how answers are counted, and that nothing else is under way meanwhile. */
import { expect, test } from 'vitest'
import type { RequestCheck, Scenario } from '../../src/content/schema.ts'
import { judgeBurst } from '../../src/grading/burst.ts'
import { parseCurl } from '../../src/grading/curl.ts'
import { grade } from '../../src/grading/grade.ts'
import { classify } from '../../src/grading/outcome.ts'
import type { Observation } from '../../src/grading/probe.ts'
import { clusterOf, httpAnswer, meshOf, shop } from './fixture.ts'

type Counts = NonNullable<Exclude<RequestCheck['expect'], string>['counts']>

const answer = (status: number, headers = '', body = ''): Observation => {
  const result = parseCurl(0, `HTTP/1.1 ${status} X\r\n${headers}\r\n${body}\n<<meshdojo>> ${status} 0.1`, '')
  return { ran: true, outcome: classify(result), result }
}
const reset: Observation = (() => {
  const result = parseCurl(56, '\n<<meshdojo>> 000 0.1', '')
  return { ran: true, outcome: classify(result), result }
})()
const of = (...parts: [number, Observation][]): Observation[] =>
  parts.flatMap(([count, each]) => Array.from({ length: count }, () => each))

const rows: [counts: Counts, observations: Observation[], passed: boolean, expected: string, seen: string][] = [
  [
    [{ status: 429, atLeast: 1 }],
    of([3, answer(200)], [1, answer(429)]),
    true,
    'of 4, at least 1 × 429',
    '3 × 200, 1 × 429',
  ],
  [[{ status: 429, atLeast: 1 }], of([4, answer(200)]), false, 'of 4, at least 1 × 429', '4 × 200'],
  [
    [{ status: 200, atMost: 2 }],
    of([3, answer(200)], [1, answer(429)]),
    false,
    'of 4, at most 2 × 200',
    '3 × 200, 1 × 429',
  ],
  [
    [{ status: [200, 204], atLeast: 4, atMost: 4 }],
    of([3, answer(200)], [1, answer(204)]),
    true,
    'of 4, 4 × 200 or 204',
    '3 × 200, 1 × 204',
  ],
  [
    [{ atLeast: 4 }],
    of([3, answer(200)], [1, reset]),
    false,
    'of 4, at least 4 × answers',
    '3 × 200, 1 × refused (connection reset)',
  ],
  [
    [{ status: 503, header: { 'X-Envoy-Overloaded': 'true' }, atLeast: 1 }],
    of([1, answer(503)]),
    false,
    'of 1, at least 1 × 503 with X-Envoy-Overloaded: true',
    '1 × 503',
  ],
  [
    [{ status: 503, header: { 'X-Envoy-Overloaded': 'true' }, atLeast: 1 }],
    of([1, answer(503, 'x-envoy-overloaded: true\r\n')]),
    true,
    'of 1, at least 1 × 503 with X-Envoy-Overloaded: true',
    '1 × 503',
  ],
  [
    [{ body: 'full', atMost: 0 }],
    of([1, answer(503, '', 'we are full')]),
    false,
    'of 1, no answers with "full"',
    '1 × 503',
  ],
  [
    [
      { status: 200, atLeast: 1 },
      { status: 429, atLeast: 1 },
    ],
    of([2, answer(200)]),
    false,
    'of 2, at least 1 × 200, at least 1 × 429',
    '2 × 200',
  ],
]

test.each(rows)('%j', (counts, observations, passed, expected, seen) => {
  const check: RequestCheck = {
    from: 'a/b',
    to: 'http://c/',
    method: 'GET',
    headers: {},
    times: observations.length,
    expect: { counts },
  }
  expect(judgeBurst(check, counts, observations)).toEqual({ passed, expected, seen })
})

test('a request that could not be sent leaves it undecided', () => {
  const check: RequestCheck = { from: 'a/b', to: 'http://c/', method: 'GET', headers: {}, times: 2, expect: {} }
  const finding = judgeBurst(check, [{ status: 200, atMost: 2 }], [answer(200), { ran: false, says: 'no curl' }])
  expect(finding).toMatchObject({ passed: false, undecided: true, because: 'no curl' })
})

test('single requests first, then one burst after the other', async () => {
  const running = new Map<string, number>()
  const met: string[][] = []
  const cluster = clusterOf(shop, () => [0, httpAnswer(200)])
  const exec = cluster.exec.bind(cluster)
  cluster.exec = async (target, argv, streams) => {
    const url = argv.at(-1)!
    running.set(url, (running.get(url) ?? 0) + 1)
    met.push([...running].filter(([, count]) => count > 0).map(([each]) => each))
    await Promise.resolve()
    const result = await exec(target, argv, streams)
    running.set(url, running.get(url)! - 1)
    return result
  }
  const request = (path: string, times?: number) => ({
    id: path,
    says: path,
    request: {
      from: 'a/web',
      to: `http://api.a/${path}`,
      method: 'GET',
      headers: {},
      ...(times === undefined
        ? { expect: 'ok' as const }
        : { times, parallel: 3, expect: { counts: [{ status: 200, atLeast: times }] } }),
    },
  })
  const checks = [request('burst', 6), request('single'), request('other', 4)]
  const scenario = {
    metadata: { name: 's' },
    spec: { steps: [{ id: 'one', checks, mistakes: [] }] },
  } as unknown as Scenario
  const report = await grade({ cluster, mesh: meshOf({}), scenario }, { bare: true })
  expect(report.steps[0]?.checks.map(({ id, seen, passed }) => [id, seen, passed])).toEqual([
    ['burst', '6 × 200', true],
    ['single', '200', true],
    ['other', '4 × 200', true],
  ])
  expect(met.every((urls) => urls.length === 1)).toBe(true)
  expect(cluster.ran.length).toBe(11)
})
