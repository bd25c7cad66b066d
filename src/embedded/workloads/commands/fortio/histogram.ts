/** Fortio's histogram of times and its text form. Upstream: fortio/fortio stats/stats.go (1.6x). */

/** Upper ends of the buckets, in thousandths of the unit. */
const ends = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 120, 140, 160,
  180, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 2000, 3000, 4000, 5000, 7500, 10_000, 20_000,
  30_000, 40_000, 50_000, 75_000, 100_000,
].map((thousandths) => thousandths / 1000)

/** Go's `%.Ng`. */
export const general = (value: number, digits: number): string => String(Number(value.toPrecision(digits)))

interface Counter {
  count: number
  average: number
  deviation: number
  least: number
  most: number
  sum: number
}

const summarise = (values: readonly number[]): Counter => {
  const count = values.length
  const sum = values.reduce((total, value) => total + value, 0)
  const average = count === 0 ? 0 : sum / count
  const squares = values.reduce((total, value) => total + (value - average) ** 2, 0)
  return {
    count,
    average,
    deviation: count === 0 ? 0 : Math.sqrt(squares / count),
    least: Math.min(...values),
    most: Math.max(...values),
    sum,
  }
}

/** `NAME : count 20 avg 0.0056 +/- 0.003 min 0.0004 max 0.014 sum 0.11` */
export const counterLine = (name: string, values: readonly number[]): string => {
  const { count, average, deviation, least, most, sum } = summarise(values)
  const range = count === 0 ? 'min 0 max 0' : `min ${general(least, 9)} max ${general(most, 9)}`
  return `${name} : count ${count} avg ${general(average, 8)} +/- ${general(deviation, 4)} ${range} sum ${general(sum, 9)}\n`
}

interface Bucket {
  low: number
  high: number
  count: number
  /** Percent of all values up to its end. */
  percent: number
}

const bucketsOf = (values: readonly number[]): Bucket[] => {
  const { count, least, most } = summarise(values)
  const found: Bucket[] = []
  let before = 0
  let low = 0
  for (const end of [...ends, Number.POSITIVE_INFINITY]) {
    const inside = values.filter((value) => value > low && value <= end).length
    before += inside
    if (inside > 0)
      found.push({
        low: found.length === 0 ? least : low,
        high: before === count ? most : end,
        count: inside,
        percent: (100 * before) / count,
      })
    low = end
  }
  return found
}

/** The value below which that share of all lies: straight lines inside buckets. */
const percentile = (buckets: readonly Bucket[], target: number): number => {
  let before = 0
  for (const { low, high, percent } of buckets) {
    if (target <= percent) return low + ((target - before) / (percent - before)) * (high - low)
    before = percent
  }
  return buckets.at(-1)?.high ?? 0
}

const targets = [50, 75, 90, 99, 99.9]

/** The whole block: counter, ranges, percentiles. Values in seconds. */
export const histogramText = (name: string, values: readonly number[]): string => {
  if (values.length === 0) return `${name} : no data\n`
  const buckets = bucketsOf(values)
  const range = ({ low, high, count, percent }: Bucket, index: number): string =>
    `${index === 0 ? '>=' : '>'} ${general(low, 6)} <= ${general(high, 6)} , ${general((low + high) / 2, 6)} , ${percent.toFixed(2)}, ${count}\n`
  const aims = targets.map((target) => `# target ${target}% ${general(percentile(buckets, target), 6)}\n`)
  return `${counterLine(name, values)}# range, mid point, percentile, count\n${buckets.map(range).join('')}${aims.join('')}`
}
