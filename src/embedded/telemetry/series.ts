/** The counters and histograms of one proxy, and their page in Prometheus' text format as Envoy writes it. */
import type { Sample } from '../../meshes/traffic.ts'

/** Upper bounds of Envoy's histogram buckets (envoy/source/common/stats/histogram_impl.cc). */
const buckets = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
]

interface Series {
  name: string
  labels: string
  kind: Sample['kind']
  value: number
  /** Of histograms: the upper bounds of the buckets. */
  bounds: readonly number[]
  /** Of histograms: how many observations were at most the bucket's bound. */
  counts: number[]
  observations: number
}

export interface SeriesSet {
  add(sample: Pick<Sample, 'name' | 'kind' | 'value' | 'labels' | 'bounds'>): void
  /** Sets a gauge. */
  set(name: string, labels: Record<string, string>, value: number): void
  /** Adds to one of the proxy's own statistics. */
  count(name: string, value: number): void
  /** Those statistics, by name. */
  stats(): [name: string, value: number][]
  /** The page: each metric with its type, sorted by name. */
  text(): string
}

const quoted = (value: string): string =>
  !/[\\\n"]/.test(value) ? value : value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

/** `a="1",b="2"`, in the order given. */
export const formatLabels = (labels: Readonly<Record<string, string>>): string => {
  let text = ''
  for (const name of Object.keys(labels)) text += `${text === '' ? '' : ','}${name}="${quoted(labels[name]!)}"`
  return text
}

const line = (name: string, labels: string, value: number): string =>
  labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`

const histogramLines = ({ name, labels, bounds, counts, observations, value }: Series): string => {
  const bucket = (bound: string, count: number): string =>
    line(`${name}_bucket`, `${labels === '' ? '' : `${labels},`}le="${bound}"`, count)
  return [
    ...bounds.map((bound, index) => bucket(String(bound), counts[index] ?? 0)),
    bucket('+Inf', observations),
    line(`${name}_sum`, labels, value),
    line(`${name}_count`, labels, observations),
  ].join('')
}

export const createSeries = (): SeriesSet => {
  const all = new Map<string, Series>()
  const gauges = new Map<string, { name: string; labels: string; value: number }>()
  const counts = new Map<string, number>()
  /** What a proxy counts for one exchange has the same labels. */
  let last: { labels: Readonly<Record<string, string>>; text: string } | undefined
  return {
    count: (name, value) => void counts.set(name, (counts.get(name) ?? 0) + value),
    stats: () => [...counts].sort(([a], [b]) => (a < b ? -1 : 1)),
    add({ name, kind, value, labels, bounds = buckets }) {
      if (last?.labels !== labels) last = { labels, text: formatLabels(labels) }
      const { text } = last
      const key = `${name}{${text}}`
      let series = all.get(key)
      if (!series) {
        series = { name, labels: text, kind, value: 0, bounds, counts: bounds.map(() => 0), observations: 0 }
        all.set(key, series)
      }
      series.value += value
      series.observations++
      for (const [index, bound] of series.bounds.entries()) if (value <= bound) series.counts[index]!++
    },
    set(name, labels, value) {
      const text = formatLabels(labels)
      gauges.set(`${name}{${text}}`, { name, labels: text, value })
    },
    text() {
      const byName = new Map<string, { type: string; lines: string[] }>()
      const put = (name: string, type: string, text: string): void => {
        const known = byName.get(name)
        if (known) known.lines.push(text)
        else byName.set(name, { type, lines: [text] })
      }
      for (const series of all.values())
        put(
          series.name,
          series.kind,
          series.kind === 'histogram' ? histogramLines(series) : line(series.name, series.labels, series.value),
        )
      for (const { name, labels, value } of gauges.values()) put(name, 'gauge', line(name, labels, value))
      return [...byName]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { type, lines }]) => `# TYPE ${name} ${type}\n${lines.join('')}`)
        .join('')
    },
  }
}
