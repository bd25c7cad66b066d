/**
 * What proxies' pages say of requests, as linkerd-viz would work it out of them (linkerd2 viz/metrics-api/{stat_summary,
 * authz,metrics}.go: responses by classification, quantiles of their latency).
 * Not as upstream: numbers count from each proxy's start, and rates are taken over that time, not over a window.
 */
import type { Pod } from '../../kube/kinds.ts'

export type Labels = Record<string, string>

export interface Series {
  name: string
  labels: Labels
  value: number
}

export const labelsIn = (line: string): Labels =>
  Object.fromEntries(
    [...line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name ?? '', value ?? '']),
  )

/** The series of a page whose names begin with one of these. */
export const seriesIn = (page: string, names: readonly string[]): Series[] =>
  page.split('\n').flatMap((line) => {
    const at = line.indexOf('{')
    const name = at < 0 ? '' : line.slice(0, at)
    if (!names.includes(name)) return []
    const end = line.lastIndexOf('}')
    return [{ name, labels: labelsIn(line.slice(at, end)), value: Number(line.slice(end + 1)) }]
  })

export interface Numbers {
  success: number
  failure: number
  /** Refused by a policy. */
  denied: number
  /** Requests up to that many milliseconds, cumulative. */
  buckets: Map<number, number>
}

export const noNumbers = (): Numbers => ({ success: 0, failure: 0, denied: 0, buckets: new Map() })

export const inboundNames = ['response_total', 'response_latency_ms_bucket', 'inbound_http_authz_deny_total']

/** Counts one series of an inbound proxy in. */
export const add = (numbers: Numbers, { name, labels, value }: Series): void => {
  if (name === 'inbound_http_authz_deny_total') numbers.denied += value
  if (name === 'response_total') numbers[labels.classification === 'failure' ? 'failure' : 'success'] += value
  if (name === 'response_latency_ms_bucket') {
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    numbers.buckets.set(bound, (numbers.buckets.get(bound) ?? 0) + value)
  }
}

/** Milliseconds, as Prometheus' histogram_quantile: linear within a bucket, the last finite bound beyond. */
export const quantile = ({ buckets }: Numbers, share: number): number => {
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const rank = (sorted.at(-1)?.[1] ?? 0) * share
  if (rank === 0) return 0
  let [below, before] = [0, 0]
  for (const [bound, count] of sorted) {
    if (count >= rank)
      return Number.isFinite(bound) ? below + ((bound - below) * (rank - before)) / (count - before) : below
    below = bound
    before = count
  }
  return below
}

/** Seconds that the oldest of the pods has run. @param now milliseconds */
export const secondsUp = (pods: readonly Pod[], now: number): number => {
  const starts = pods.map(({ status }) => Date.parse((status?.startTime as string | undefined) ?? ''))
  const first = Math.min(...starts.filter(Number.isFinite))
  return Number.isFinite(first) ? Math.max(1, (now - first) / 1000) : 1
}

export const rate = (count: number, seconds: number): string => `${(count / seconds).toFixed(1)}rps`

/** SUCCESS, RPS and the three latencies. */
export const requestCells = (numbers: Numbers, seconds: number): string[] => {
  const { success, failure } = numbers
  const all = success + failure
  return [
    `${(all === 0 ? 0 : (success / all) * 100).toFixed(2)}%`,
    rate(all, seconds),
    ...[0.5, 0.95, 0.99].map((share) => `${Math.round(quantile(numbers, share))}ms`),
  ]
}
