/** Grades what the candidate left, task by task, so that no more clusters are there than before. */
import type { CatalogueItem } from '../content/load.ts'
import type { KeptExam } from './kept.ts'
import type { TaskLabs } from './labs.ts'
import { type ExamResults, scoreExam, type TaskOutcome } from './score.ts'

/** What cannot be graded (its cluster does not start) counts as missed and says why. Rejects only when aborted. */
export const gradeExam = async (
  kept: KeptExam,
  items: readonly CatalogueItem[],
  labs: TaskLabs,
  say: (says: string) => void,
  signal: AbortSignal,
): Promise<ExamResults> => {
  const outcomes: TaskOutcome[] = []
  for (const [index, { spent, work, heldBefore }] of kept.tasks.entries()) {
    signal.throwIfAborted()
    say(`Grading task ${index + 1} of ${kept.tasks.length}`)
    if (heldBefore === undefined) outcomes.push({ spent })
    else
      try {
        outcomes.push({ spent, heldBefore, report: await labs.grade(index, work, () => {}, signal) })
      } catch (error) {
        signal.throwIfAborted()
        outcomes.push({ spent, heldBefore, problem: (error as Error).message })
      }
    await labs.close(index)
  }
  const scenarios = new Map(items.map(({ scenario }) => [scenario.metadata.name, scenario]))
  const { plan, startedAt, endedAt = startedAt } = kept
  return scoreExam(plan, scenarios, outcomes, { startedAt, endedAt })
}
