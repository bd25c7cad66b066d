/** What the matrix shows beside its letters: what differs from the step's goal, and what has just changed. */
import type { ScenarioStep } from '../content/schema.ts'
import type { Matrix as Reach } from '../grading/matrix.ts'
import type { StepReport } from '../grading/report.ts'
import type { Matrix } from './types.ts'

/** The same request whichever way its URL is written; undefined for what is no URL. */
const canonical = (url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, pathname, search } = new URL(url)
  const host = hostname.replace(/\.svc(\.cluster\.local)?\.?$/, '')
  return `${protocol}//${host}:${port || (protocol === 'https:' ? '443' : '80')}${pathname}${search}`
}

/**
 * `wrong`: a check of this step asks the same of the same pair and fails. `changed`: another letter than `before`; while
 * no letter changes, the last change stays marked.
 */
export const markCells = (
  now: Reach,
  before: Matrix | undefined,
  step: ScenarioStep,
  report: StepReport | undefined,
): Matrix => {
  const failing = new Set(
    step.checks.flatMap(({ id, request }) => {
      const failed = report?.checks.find((check) => check.id === id)?.passed === false
      return request && failed && request.method === 'GET' ? [`${request.from} ${canonical(request.to)}`] : []
    }),
  )
  const letterBefore = (row: number, column: number) => before?.cells[row]?.[column]?.letter
  const anyChanged =
    before !== undefined &&
    now.cells.some((cells, row) => cells.some(({ letter }, column) => letter !== letterBefore(row, column)))
  return {
    sources: now.sources,
    targets: now.targets,
    cells: now.cells.map((cells, row) =>
      cells.map((cell, column) => ({
        ...cell,
        wrong: failing.has(`${now.sources[row]} ${canonical(now.urls[column] ?? '')}`),
        changed: anyChanged
          ? cell.letter !== letterBefore(row, column)
          : (before?.cells[row]?.[column]?.changed ?? false),
      })),
    ),
  }
}
