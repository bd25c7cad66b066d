import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/grading/finding.ts'
import { judgeLog } from '../../src/grading/log.ts'
import { judgeMetric, parseSelector, sumOf } from '../../src/grading/metric.ts'
import { worldOf } from '../../src/grading/world.ts'
import { createClient } from '../../src/kube/client.ts'
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
const benchOf = (stats: string | number, log = '') => {
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
  return { cluster, client: createClient(cluster), world, probe: never, burst: never }
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
