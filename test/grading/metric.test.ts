import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/grading/finding.ts'
import { judgeLog } from '../../src/grading/log.ts'
import { keyOf, type Marks, takeMarks } from '../../src/grading/marks.ts'
import { judgeMetric, parseSelector, sumOf } from '../../src/grading/metric.ts'
import { worldOf } from '../../src/grading/world.ts'
import { createClient } from '../../src/kube/client.ts'
import type { Pod } from '../../src/kube/kinds.ts'
import { clusterOf, meshOf, shop } from './fixture.ts'

const page = `# TYPE istio_requests_total counter
istio_requests_total{response_code="403",reporter="destination",path="/a}b,c"} 3
istio_requests_total{response_code="403",reporter="source"} 4
istio_requests_total{response_code="200",reporter="destination"} 5e1
istio_requests_total_created{response_code="403"} 99
up 1
`
describe('the sum of a series', () => {
  test.each([
    ['istio_requests_total', 57, 3],
    ['istio_requests_total{response_code="403"}', 7, 2],
    ['istio_requests_total{response_code="403",reporter!="source"}', 3, 1],
    ['istio_requests_total{ response_code = "404" }', 0, 0],
    ['istio_requests_total{absent=""}', 57, 3],
    ['istio_requests_total{response_code=~"4.."}', 7, 2],
    ['istio_requests_total{response_code!~"4..|5.."}', 50, 1],
    ['istio_requests_total{response_code=~"4"}', 0, 0],
    ['up', 1, 1],
  ])('%s', async (selector, value, series) =>
    expect(await sumOf(page, parseSelector(selector)!)).toEqual({ value, series }),
  )
})

test.each(['rate(a[5m])', 'a{b~"c"}', 'a{b="c"', ''])('%j is not modelled', (text) =>
  expect(parseSelector(text)).toBeUndefined(),
)

/** A cluster whose sidecars have that metrics page (or exit code) and that log. */
const benchOf = (stats: string | number, log = '', marks: Marks = { lines: new Map(), pages: new Map() }) => {
  const cluster = clusterOf(shop, () => [0, ''])
  cluster.exec = async (_target, argv, streams) => {
    expect(argv).toEqual(['pilot-agent', 'request', 'GET', 'stats/prometheus'])
    if (typeof stats === 'number') return { exitCode: stats }
    streams.stdout(new TextEncoder().encode(stats))
    return { exitCode: 0 }
  }
  const { fetch } = cluster
  cluster.fetch = async (request) => (request.url.includes('/log?') ? new Response(log) : fetch(request))
  const world = worldOf(shop, meshOf({}))
  const never = () => Promise.reject(new Error('not asked'))
  return { cluster, client: createClient(cluster), world, probe: never, burst: never, marks }
}

describe('the metric check', () => {
  const check = (series: string, where = 'value > 0') => ({ from: 'a/web', series, where })
  test.each<[string, string | number, Partial<Finding>]>([
    ['istio_requests_total{response_code="403"}', page, { passed: true, seen: '7 in 2 series' }],
    [
      'istio_requests_total{response_code="404"}',
      page,
      { passed: false, seen: '0 in 0 series', because: 'response_code is 403, 200' },
    ],
    [
      'istio_requests_total{response_code="200",reporter="source"}',
      page,
      { passed: false, because: 'each label is there, on different series' },
    ],
    [
      'istio_tcp_sent_bytes_total',
      page,
      {
        passed: false,
        because:
          'no istio_tcp_sent_bytes_total has been counted there: no traffic came, or a Telemetry switches the metric off',
      },
    ],
    ['up', 1, { passed: false, undecided: true }],
    ['rate(up[5m])', page, { passed: false, undecided: true }],
  ])('%s of %j', async (series, stats, expected) => {
    expect(await judgeMetric(check(series), benchOf(stats))).toMatchObject(expected)
  })
})

describe('the log check', () => {
  const check = { from: 'a/web', container: 'istio-proxy', matches: ' 403 ' }
  const agent = '2026-11-24T00:00:00.000000Z\tinfo\tEnvoy proxy is ready\n'
  test.each<[string, string, Partial<Finding>]>([
    ['a line', `${agent}[2026-11-24T00:00:00.000Z] "GET / HTTP/1.1" 403 - x\n`, { passed: true }],
    [
      'no access log',
      agent,
      { passed: false, because: expect.stringContaining('has written no access log: nothing turns it on') },
    ],
    [
      'another line',
      `${agent}[2026-11-24T00:00:00.000Z] "GET / HTTP/1.1" 200 - x\n`,
      { passed: false, seen: 'no such line among 1', because: expect.stringContaining('200 - x') },
    ],
  ])('%s', async (_title, log, expected) => {
    expect(await judgeLog(check, benchOf('', log))).toMatchObject(expected)
  })
})

/** Marks as they are when the pod's log had that many lines, and its page was that one. */
const marksOf = (lines: number, stats = ''): Marks => {
  const key = (container?: string) =>
    keyOf(shop.find(({ metadata }) => metadata.name === 'web-abc-1') as Pod, container)
  return { lines: new Map([[key('istio-proxy'), lines]]), pages: new Map([[key(), stats]]) }
}

describe('checks that are fresh look at what came since', () => {
  const line = (status: number) => `[2026-11-24T00:00:00.000Z] "GET / HTTP/1.1" ${status} - x\n`
  const log = { from: 'a/web', container: 'istio-proxy', matches: ' 403 ', fresh: true }
  test.each<[string, string, number, boolean, Partial<Finding>]>([
    [
      'a line that was there',
      line(403),
      1,
      false,
      { passed: false, because: expect.stringContaining('no access log') },
    ],
    ['one more', line(403) + line(403), 1, false, { passed: true }],
    [
      'none, and none is wanted',
      line(403) + line(200),
      1,
      true,
      { passed: true, seen: 'no such line among 1 new ones' },
    ],
    ['one, and none is wanted', line(200) + line(403), 1, true, { passed: false, seen: line(403).trim() }],
    ['a log that began anew', line(403), 7, false, { passed: true }],
  ])('%s', async (_title, text, lines, absent, expected) => {
    expect(await judgeLog({ ...log, absent }, benchOf('', text, marksOf(lines)))).toMatchObject(expected)
  })

  const metric = { from: 'a/web', series: 'requests{code="403"}', where: 'value > 0', fresh: true }
  const stats = (count: number) => `requests{code="403"} ${count}\n`
  test.each<[string, number, number, Partial<Finding>]>([
    ['no more', 3, 3, { passed: false, seen: '0 more than before' }],
    ['two more', 5, 3, { passed: true, seen: '2 more than before' }],
    ['a counter that began anew', 2, 3, { passed: true, seen: '2 more than before' }],
  ])('%s', async (_title, now, then, expected) => {
    expect(await judgeMetric(metric, benchOf(stats(now), '', marksOf(0, stats(then))))).toMatchObject(expected)
  })

  test('marks are taken of fresh checks alone', async () => {
    const bench = benchOf(stats(3), line(403))
    const checks = [
      { id: 'a', says: 'a', log },
      { id: 'b', says: 'b', metric },
    ]
    expect(await takeMarks(checks, bench)).toEqual(marksOf(1, stats(3)))
    const stale = checks.map(({ log, metric, ...rest }) => ({
      ...rest,
      ...(log && { log: { ...log, fresh: false } }),
      ...(metric && { metric: { ...metric, fresh: false } }),
    }))
    expect(await takeMarks(stale, bench)).toEqual({ lines: new Map(), pages: new Map() })
  })
})
