/** The samples that the simulated Prometheus has scraped: series by their labels, each a list of times and values. */

/** A label set; `__name__` is the metric's name. */
export type Labels = Readonly<Record<string, string>>

export interface Point {
  /** Milliseconds since the epoch. */
  t: number
  /** Undefined: the series ended here (a stale marker). */
  v: number | undefined
}

export interface Series {
  labels: Labels
  points: Point[]
}

export interface Matcher {
  label: string
  matches: (value: string) => boolean
}

export interface SampleStore {
  append(labels: Labels, t: number, v: number): void
  /** Ends the series of a target that are not among these keys. Returns nothing. */
  endOthers(target: string, seen: ReadonlySet<string>, t: number): void
  select(matchers: readonly Matcher[]): Series[]
  readonly size: number
}

/** Long enough for an exercise; a real one keeps 15 days. */
const retention = 2 * 3600_000

/** One text for the same labels in any order. */
export const keyOf = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))

export const createStore = (): SampleStore => {
  const all = new Map<string, Series>()
  return {
    append(labels, t, v) {
      const key = keyOf(labels)
      let series = all.get(key)
      if (!series) {
        series = { labels, points: [] }
        all.set(key, series)
      }
      series.points.push({ t, v })
      const old = series.points.findIndex((point) => point.t > t - retention)
      if (old > 60) series.points.splice(0, old)
    },
    endOthers(target, seen, t) {
      for (const [key, { labels, points }] of all) {
        if (labels.instance !== target || seen.has(key)) continue
        const last = points.at(-1)
        if (last === undefined || last.t < t - retention) all.delete(key)
        else if (last.v !== undefined) points.push({ t, v: undefined })
      }
    },
    select: (matchers) =>
      [...all.values()].filter(({ labels }) => matchers.every(({ label, matches }) => matches(labels[label] ?? ''))),
    get size() {
      return all.size
    },
  }
}
