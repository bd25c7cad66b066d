/** What the map shows beside its letters: the goal, what differs from it, and what has just changed. */
import type { ScenarioStep } from '../content/schema.ts'
import type { StepReport } from '../grading/report.ts'
import { pairChecks, pairKey } from './goals.ts'
import type { Matrix, MatrixCell } from './types.ts'

/** The map before it is marked. */
export interface Unmarked {
  sources: string[]
  targets: string[]
  urls: string[]
  cells: Omit<MatrixCell, 'wrong' | 'changed' | 'goal'>[][]
  /** Pairs that are still to be probed. */
  pending: number
}

/**
 * `wrong`: a check asks the same of the same pair and fails. `changed`: another letter than in `before`, the map as it was
 * when something changed last. `steps` and `reports`: up to the current step.
 */
export const markCells = (
  now: Unmarked,
  before: Matrix | undefined,
  steps: readonly ScenarioStep[],
  reports: readonly StepReport[],
): Matrix => {
  const checks = pairChecks(steps)
  const failed = (step: string, check: string): boolean => {
    const result = reports.find(({ id }) => id === step)?.checks.find(({ id }) => id === check)
    return result?.passed === false && result.undecided !== true
  }
  return {
    sources: now.sources,
    targets: now.targets,
    pending: now.pending,
    cells: now.cells.map((cells, row) =>
      cells.map((cell, column): MatrixCell => {
        const about = checks.get(pairKey(now.sources[row]!, now.urls[column]!) ?? '')
        const letterBefore = before?.cells[row]?.[column]?.letter
        return {
          ...cell,
          ...(about?.goal && cell.letter !== '.' ? { goal: about.goal } : {}),
          wrong: about !== undefined && failed(about.step, about.check),
          changed: letterBefore !== undefined && cell.letter !== letterBefore,
        }
      }),
    ),
  }
}
