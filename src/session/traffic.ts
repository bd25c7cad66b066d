/**
 * The traffic map of an opened lab. Every grading makes one from what the engine says, at no cost; then the pairs are
 * probed, and what a probe saw stands in for the prediction. A pair is probed again when the engine says something else of
 * it, or when the learner asks: a map that probed everything after every change would fill the logs that learners read.
 */
import type { Lab, Scenario, ScenarioStep } from '../content/schema.ts'
import { type MatrixCell as Cell, matrix, observePair } from '../grading/matrix.ts'
import { createLimit } from '../grading/pool.ts'
import type { StepReport } from '../grading/report.ts'
import type { ClusterWorld } from '../grading/world.ts'
import type { Cluster } from '../kube/api.ts'
import { markCells, type Unmarked } from './marks.ts'
import type { Matrix } from './types.ts'

export interface Traffic {
  /** The map after a grading of the steps up to `upTo`. */
  graded(world: ClusterWorld, upTo: ScenarioStep, reports: readonly StepReport[]): Matrix
  /** Probes what is to be probed, and tells the map as it fills. Ends early when `signal` aborts. */
  observe(signal: AbortSignal, onSeen: (matrix: Matrix) => void): Promise<void>
  /** Trusts no probe any more. `unpredicted`: only where the engine could say nothing, so that any change may matter. */
  forget(which: 'all' | 'unpredicted'): void
}

interface Seen {
  /** What the engine said when the pair was probed. */
  prediction: string
  predictedLetter: Cell['letter']
  cell: Cell
}

/** Probes at the same time: few, because somebody may be working in the same pods. */
const atOnce = 4
/** Between two tellings. Milliseconds. */
const between = 250

const fingerprint = ({ letter, says, steps }: Cell): string => [letter, says, ...steps].join('\n')

/** What is shown of a pair, from what is predicted and what was seen when the same was predicted. */
const shownCell = (predicted: Cell, seen: Cell | undefined): Unmarked['cells'][number][number] => {
  if (seen === undefined || predicted.letter === '.') return { ...predicted, observed: false }
  // The probe could not run: the prediction is all there is.
  if (seen.letter === '?') return { ...predicted, observed: false, disagrees: seen.says }
  const disagrees = predicted.letter !== '?' && predicted.letter !== seen.letter
  return { ...seen, observed: true, ...(disagrees ? { disagrees: `the engine expected: ${predicted.says}` } : {}) }
}

export const createTraffic = (cluster: Cluster, lab: Lab, scenario: Scenario): Traffic => {
  const seen = new Map<string, Seen>()
  let now: { world: ClusterWorld; predicted: ReturnType<typeof matrix>; mark: (map: Unmarked) => Matrix } | undefined
  let shown: Matrix | undefined
  let before: Matrix | undefined

  const keyOf = (row: number, column: number): string => `${now?.predicted.sources[row]} ${now?.predicted.urls[column]}`
  const valid = (cell: Cell, row: number, column: number): Cell | undefined => {
    const known = seen.get(keyOf(row, column))
    return known?.prediction === fingerprint(cell) ? known.cell : undefined
  }
  const pairs = () =>
    (now?.predicted.cells ?? []).flatMap((cells, row) =>
      cells.flatMap((cell, column) => (cell.letter === '.' || valid(cell, row, column) ? [] : [{ row, column, cell }])),
    )
  const draw = (): Matrix => {
    const { predicted, mark } = now!
    const cells = predicted.cells.map((row, at) => row.map((cell, column) => shownCell(cell, valid(cell, at, column))))
    return mark({ ...predicted, cells, pending: pairs().length })
  }
  const differs = (a: Matrix, b: Matrix): boolean =>
    a.cells.some((cells, row) => cells.some(({ letter }, column) => letter !== b.cells[row]?.[column]?.letter))

  return {
    graded: (world, upTo, reports) => {
      const all = scenario.spec.steps
      const steps = all.slice(0, all.indexOf(upTo) + 1)
      now = { world, predicted: matrix(world, lab), mark: (map) => markCells(map, before, steps, reports) }
      const drawn = draw()
      // While nothing changes, the last change stays marked.
      if (shown && differs(drawn, shown)) before = shown
      shown = draw()
      return shown
    },
    observe: async (signal, onSeen) => {
      const round = now
      if (!round) return
      const gate = createLimit(atOnce)
      let told = performance.now()
      const tell = (): void => {
        told = performance.now()
        shown = draw()
        onSeen(shown)
      }
      const todo = pairs()
      await Promise.all(
        todo.map(({ row, column, cell }) =>
          gate(async () => {
            if (signal.aborted || now !== round) return
            const { sources, targets, urls } = round.predicted
            const pair = { from: sources[row]!, name: targets[column]!, url: urls[column]! }
            const saw = await observePair(cluster, round.world, pair, signal)
            if (signal.aborted || now !== round) return
            seen.set(keyOf(row, column), { prediction: fingerprint(cell), predictedLetter: cell.letter, cell: saw })
            if (performance.now() - told > between) tell()
          }),
        ),
      )
      if (todo.length > 0 && !signal.aborted && now === round) tell()
    },
    forget: (which) => {
      for (const [key, { predictedLetter }] of seen) if (which === 'all' || predictedLetter === '?') seen.delete(key)
    },
  }
}
