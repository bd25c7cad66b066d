/**
 * The `metric` check: the sum of a series over the sidecars of a workload, on any cluster. A sidecar that cannot be asked
 * leaves the check undecided, never guessed. Not modelled: rates (ask Prometheus in the cluster for those).
 */
import type { Pod } from '../kube/kinds.ts'
import { findWorkloadPods } from '../meshes/network.ts'
import { compileCondition } from './cel.ts'
import { type Bench, type Finding, type Of, undecided } from './finding.ts'
import { keyOf } from './marks.ts'
import { readPage } from './page.ts'
import { compilePattern } from './pattern.ts'
import { mapLimited } from './pool.ts'

type Operator = '=' | '!=' | '=~' | '!~'

export interface Selector {
  name: string
  labels: { name: string; operator: Operator; value: string }[]
}

/** Reads `istio_requests_total{response_code=~"4..",reporter!="source"}`; undefined when it is something else. */
export const parseSelector = (text: string): Selector | undefined => {
  const parts = /^\s*([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*$/.exec(text)
  if (parts === null) return undefined
  const label = /\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y
  const labels: Selector['labels'] = []
  const inside = parts[2] ?? ''
  while (label.lastIndex < inside.length) {
    const found = label.exec(inside)
    if (found === null) return undefined
    labels.push({ name: found[1]!, operator: found[2] as Operator, value: found[3]!.replace(/\\(.)/g, '$1') })
  }
  return { name: parts[1]!, labels }
}

interface Sample {
  labels: ReadonlyMap<string, string>
  value: number
}

/** The samples of one metric on a page in Prometheus' text format. */
export const samplesOf = (page: string, name: string): Sample[] =>
  page.split('\n').flatMap((line) => {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)/.exec(line)
    if (parts?.[1] !== name) return []
    const labels = [...(parts[2] ?? '').matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)]
    return { labels: new Map(labels.map((label) => [label[1]!, label[2]!])), value: Number(parts[3]) }
  })

type Test = (sample: Sample) => boolean

/** One test for each label of the selector. Throws RE2's words for a bad expression. */
export const testsOf = async ({ labels }: Selector): Promise<Test[]> =>
  Promise.all(
    labels.map(async ({ name, operator, value }): Promise<Test> => {
      const isNegative = operator.startsWith('!')
      if (!operator.endsWith('~')) return (sample) => ((sample.labels.get(name) ?? '') === value) !== isNegative
      const pattern = await compilePattern(`^(?:${value})$`)
      return (sample) => pattern.test(sample.labels.get(name) ?? '') !== isNegative
    }),
  )

/** Adds up the samples that the selector picks. */
export const sumOf = async (page: string, selector: Selector): Promise<{ value: number; series: number }> => {
  const tests = await testsOf(selector)
  const picked = samplesOf(page, selector.name).filter((sample) => tests.every((test) => test(sample)))
  return { value: picked.reduce((sum, { value }) => sum + value, 0), series: picked.length }
}

/** What the sidecars counted instead: the labels that no series has as the selector wants them. */
const whyNone = async (page: string, selector: Selector): Promise<string> => {
  const there = samplesOf(page, selector.name)
  if (there.length === 0)
    return `no ${selector.name} has been counted there: no traffic came, or a Telemetry switches the metric off`
  const tests = await testsOf(selector)
  const missed = selector.labels.filter((_, index) => !there.some((sample) => tests[index]!(sample)))
  const values = (name: string): string =>
    [...new Set(there.map(({ labels }) => labels.get(name) ?? '(absent)'))].slice(0, 5).join(', ')
  return missed.length > 0
    ? missed.map(({ name }) => `${name} is ${values(name)}`).join('; ')
    : 'each label is there, on different series'
}

/** What of the sum was there before this grading. A counter that is lower now began anew, and all of it is new. */
const sumBefore = async (
  pages: readonly string[],
  pods: readonly Pod[],
  selector: Selector,
  { marks }: Bench,
): Promise<number> => {
  const each = pods.map(async (pod, index) => {
    const { value } = await sumOf(marks.pages.get(keyOf(pod)) ?? '', selector)
    const now = await sumOf(pages[index]!, selector)
    return now.value < value ? 0 : value
  })
  return (await Promise.all(each)).reduce((sum, value) => sum + value, 0)
}

/** Asks every sidecar of the workload and judges the sum, or with `fresh` what came to it since the first request. */
export const judgeMetric = async (check: Of<'metric'>, bench: Bench): Promise<Finding> => {
  const expected = `${check.fresh ? 'new ' : ''}${check.series} of ${check.from} where ${check.where}`
  const selector = parseSelector(check.series)
  if (selector === undefined) return undecided(expected, `${check.series} is not a series selector that is modelled`)
  const pods = findWorkloadPods(bench.world.network, check.from)
  if (pods.length === 0) return undecided(expected, `${check.from} has no pod`)
  const meshed = pods.filter((pod) => bench.world.mesh?.isMeshed(pod) ?? true)
  if (meshed.length === 0) return undecided(expected, `${check.from} has no sidecar, so nobody counts`)
  const pages = await mapLimited(meshed, 4, (pod) => readPage(bench, pod))
  const silent = pages.find((page) => typeof page !== 'string')
  if (silent !== undefined && typeof silent !== 'string') return undecided(expected, silent.says)
  const page = pages.join('\n')
  const { value: all, series } = await sumOf(page, selector)
  const before = check.fresh ? await sumBefore(pages as string[], meshed, selector, bench) : 0
  const value = all - before
  const condition = await compileCondition(check.where, 'value')
  const passed = condition.holds(value)
  const seen = check.fresh ? `${value} more than before` : `${value} in ${series} series`
  return passed || series > 0
    ? { passed, expected, seen }
    : { passed, expected, seen, because: await whyNone(page, selector) }
}
