/** The functions of PromQL that are modelled, over numbers and over ranges of points. Upstream: prometheus/prometheus promql/functions.go. */

export interface Value {
  t: number
  v: number
}

/** Over the points of one range; undefined: no result for the series. `start` and `end` bound the range. */
export type OverRange = (points: readonly Value[], start: number, end: number) => number | undefined

/** What was counted, resets of the counter included. */
const counted = (points: readonly Value[]): number =>
  points.reduce((sum, { v }, index) => {
    const before = points[index - 1]?.v ?? v
    return sum + (v < before ? v : v - before)
  }, 0)

/** Stretches what was seen between the first and the last point to the range (promql/functions.go, extrapolatedRate). */
const extrapolated =
  (isCounter: boolean, isRate: boolean): OverRange =>
  (points, start, end) => {
    const [first, last] = [points[0], points.at(-1)]
    if (first === undefined || last === undefined || points.length < 2) return undefined
    const result = isCounter ? counted(points) : last.v - first.v
    const sampled = (last.t - first.t) / 1000
    const average = sampled / (points.length - 1)
    let toStart = (first.t - start) / 1000
    let toEnd = (end - last.t) / 1000
    const threshold = average * 1.1
    if (toStart >= threshold) toStart = average / 2
    if (isCounter && result > 0 && first.v >= 0) toStart = Math.min(toStart, sampled * (first.v / result))
    if (toEnd >= threshold) toEnd = average / 2
    const factor = (sampled + toStart + toEnd) / sampled
    return (result * factor) / (isRate ? (end - start) / 1000 : 1)
  }

const instant =
  (isRate: boolean): OverRange =>
  (points) => {
    const [before, last] = [points.at(-2), points.at(-1)]
    if (before === undefined || last === undefined || last.t === before.t) return undefined
    if (!isRate) return last.v - before.v
    return (last.v < before.v ? last.v : last.v - before.v) / ((last.t - before.t) / 1000)
  }

const values = (points: readonly Value[]): number[] => points.map(({ v }) => v)
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

export const overRange: Readonly<Record<string, OverRange>> = {
  rate: extrapolated(true, true),
  increase: extrapolated(true, false),
  delta: extrapolated(false, false),
  irate: instant(true),
  idelta: instant(false),
  sum_over_time: (points) => sum(values(points)),
  avg_over_time: (points) => sum(values(points)) / points.length,
  min_over_time: (points) => Math.min(...values(points)),
  max_over_time: (points) => Math.max(...values(points)),
  count_over_time: (points) => points.length,
  last_over_time: (points) => points.at(-1)?.v,
  present_over_time: () => 1,
  changes: (points) => points.filter(({ v }, index) => index > 0 && v !== points[index - 1]!.v).length,
  resets: (points) => points.filter(({ v }, index) => index > 0 && v < points[index - 1]!.v).length,
}

/** Functions that change each value of a vector; further arguments are numbers. */
export const perValue: Readonly<Record<string, (value: number, ...more: number[]) => number>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  exp: Math.exp,
  ln: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  sqrt: Math.sqrt,
  sgn: Math.sign,
  round: (value, to = 1) => Math.floor(value / to + 0.5) * to,
  clamp: (value, least = -Infinity, most = Infinity) => Math.max(least, Math.min(most, value)),
  clamp_min: (value, least = -Infinity) => Math.max(least, value),
  clamp_max: (value, most = Infinity) => Math.min(most, value),
}

/** The quantile of a classic histogram (promql/quantile.go, BucketQuantile). Buckets: upper bound and cumulative count. */
export const bucketQuantile = (quantile: number, unsorted: readonly { bound: number; count: number }[]): number => {
  const buckets = [...unsorted].sort((a, b) => a.bound - b.bound)
  const last = buckets.at(-1)
  if (Number.isNaN(quantile) || last === undefined || last.bound !== Infinity || buckets.length < 2) return Number.NaN
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  if (last.count === 0) return Number.NaN
  const rank = quantile * last.count
  const index = buckets.slice(0, -1).findIndex(({ count }) => count >= rank)
  if (index < 0) return buckets.at(-2)!.bound
  const { bound, count } = buckets[index]!
  if (index === 0 && bound <= 0) return bound
  const below = buckets[index - 1]
  const start = below?.bound ?? 0
  const inside = count - (below?.count ?? 0)
  return start + (bound - start) * ((rank - (below?.count ?? 0)) / inside)
}
