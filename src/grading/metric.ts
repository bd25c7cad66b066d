/**
 * The `metric` check: the sum of a series at a workload's proxy (`:15020/stats/prometheus`), read by curl in the same
 * pod. A proxy that cannot be asked, or has no such series, leaves the check undecided or at zero, never guessed.
 * Not modelled: other meshes' metric ports, regular-expression matchers, rates.
 */
import { compileCondition } from './cel.ts'
import { type Bench, type Finding, type Of, undecided } from './finding.ts'

interface Selector {
  name: string
  labels: { name: string; operator: '=' | '!='; value: string }[]
}

/** Reads `istio_requests_total{response_code="403",reporter!="source"}`; undefined when it is something else. */
export const parseSelector = (text: string): Selector | undefined => {
  const parts = /^\s*([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*$/.exec(text)
  if (parts === null) return undefined
  const label = /\s*([a-zA-Z_]\w*)\s*(!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y
  const labels: Selector['labels'] = []
  const inside = parts[2] ?? ''
  while (label.lastIndex < inside.length) {
    const found = label.exec(inside)
    if (found === null) return undefined
    labels.push({ name: found[1]!, operator: found[2] === '=' ? '=' : '!=', value: found[3]! })
  }
  return { name: parts[1]!, labels }
}

/** Adds up the samples that the selector picks from a page in Prometheus' text format. */
export const sumOf = (page: string, selector: Selector): { value: number; series: number } => {
  let value = 0
  let series = 0
  for (const line of page.split('\n')) {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)/.exec(line)
    if (parts?.[1] !== selector.name) continue
    const labels = new Map(
      [...(parts[2] ?? '').matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map((label) => [label[1]!, label[2]!]),
    )
    const fits = selector.labels.every(
      (each) => ((labels.get(each.name) ?? '') === each.value) === (each.operator === '='),
    )
    if (!fits) continue
    series++
    value += Number(parts[3])
  }
  return { value, series }
}

/** Scrapes the proxy of the workload's first ready pod and judges the sum. */
export const judgeMetric = async (check: Of<'metric'>, bench: Bench): Promise<Finding> => {
  const expected = `${check.series} where ${check.where}`
  const selector = parseSelector(check.series)
  if (selector === undefined) return undecided(expected, `${check.series} is not a series selector that is modelled`)
  const page = await bench.probe({
    from: check.from,
    url: 'http://localhost:15020/stats/prometheus',
    method: 'GET',
    headers: {},
  })
  if (!page.ran) return undecided(expected, page.says)
  if (page.outcome.kind !== 'ok')
    return undecided(expected, `the metrics of ${check.from}'s proxy: ${page.outcome.says}`)
  const { value, series } = sumOf(page.result.body, selector)
  const condition = await compileCondition(check.where, 'value')
  return { passed: condition.holds(value), expected, seen: `${value} in ${series} series` }
}
