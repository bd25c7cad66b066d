import { describe, expect, test } from 'vitest'
import { parseSelector, sumOf } from '../../src/grading/metric.ts'

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
    ['up', 1, 1],
  ])('%s', (selector, value, series) => expect(sumOf(page, parseSelector(selector)!)).toEqual({ value, series }))
})

test.each(['a{b=~"c"}', 'rate(a[5m])', 'a{b="c"', ''])('%j is not modelled', (text) =>
  expect(parseSelector(text)).toBeUndefined(),
)
