/** What a graded exam comes to. The shape of `ExamResults` is the contract of `meshdojo exam --json`. */
import { beyondLast, competenciesOf } from '../content/competencies.ts'
import type { Scenario } from '../content/schema.ts'
import type { CheckResult, StepReport } from '../grading/report.ts'
import type { ExamPlan } from './compose.ts'

/** Points of 100 that pass, as in the CKS. */
export const passMark = 67

export interface TaskResult {
  scenario: string
  scenarioTitle: string
  step: string
  title: string
  cks: string[]
  weight: number
  /** With one decimal, at most `weight`. */
  points: number
  opened: boolean
  /** Milliseconds that the task was on the screen. */
  spent: number
  /** Empty when the task was never opened, or could not be graded (see `problem`). */
  checks: (CheckResult & { heldBefore: boolean })[]
  /** Why the task could not be graded. */
  problem?: string
}

export interface CompetencyResult {
  /** A CKS competency, or `beyond` for tasks that train none. */
  name: string
  points: number
  weight: number
}

export interface ExamResults {
  seed: number
  minutes: number
  /** Milliseconds since the epoch. */
  startedAt: number
  endedAt: number
  passMark: number
  score: number
  passed: boolean
  tasks: TaskResult[]
  competencies: CompetencyResult[]
}

/** How a task was left. */
export interface TaskOutcome {
  spent: number
  /** Checks that passed before the candidate had done anything; undefined when the task was never opened. */
  heldBefore?: readonly string[]
  report?: StepReport
  problem?: string
}

const tenth = (points: number): number => Math.round(points * 10) / 10

/**
 * A task's points. Checks that failed at the start are to be won, and each is worth the same; checks that held at the
 * start are to be kept, and losing some takes the same share of what was won. So doing nothing is worth nothing, and one
 * more passing check never lowers the score.
 */
export const pointsOf = (
  weight: number,
  checks: readonly Pick<CheckResult, 'id' | 'passed'>[],
  heldBefore: readonly string[],
): number => {
  const held = checks.filter(({ id }) => heldBefore.includes(id))
  const open = checks.filter(({ id }) => !heldBefore.includes(id))
  if (open.length === 0) return 0
  const share = (some: typeof checks): number => some.filter(({ passed }) => passed).length / some.length
  return tenth(weight * share(open) * (held.length === 0 ? 1 : share(held)))
}

const byCompetency = (tasks: readonly TaskResult[]): CompetencyResult[] => {
  const sums = new Map<string, CompetencyResult>()
  for (const { cks, points, weight } of tasks)
    for (const name of competenciesOf(cks)) {
      const sum = sums.get(name) ?? { name, points: 0, weight: 0 }
      sums.set(name, { name, points: tenth(sum.points + points), weight: sum.weight + weight })
    }
  return [...sums.values()].toSorted(beyondLast)
}

/** The results of an exam; `outcomes` in the order of the plan's tasks. Tasks whose scenario is gone count as missed. */
export const scoreExam = (
  { seed, minutes, tasks }: ExamPlan,
  scenarios: ReadonlyMap<string, Scenario>,
  outcomes: readonly TaskOutcome[],
  { startedAt, endedAt }: Pick<ExamResults, 'startedAt' | 'endedAt'>,
): ExamResults => {
  const results = tasks.map(({ scenario: name, step: id, weight }, index): TaskResult => {
    const scenario = scenarios.get(name)
    const { spent, heldBefore, report, problem } = outcomes[index]!
    const checks = (report?.checks ?? []).map((check) => ({
      ...check,
      heldBefore: heldBefore?.includes(check.id) ?? false,
    }))
    return {
      scenario: name,
      scenarioTitle: scenario?.metadata.title ?? name,
      step: id,
      title: scenario?.spec.steps.find((step) => step.id === id)?.title ?? id,
      cks: scenario?.metadata.cks ?? [],
      weight,
      points: pointsOf(weight, checks, heldBefore ?? []),
      opened: heldBefore !== undefined,
      spent,
      checks,
      ...(problem === undefined ? {} : { problem }),
    }
  })
  const score = tenth(results.reduce((sum, { points }) => sum + points, 0))
  return {
    seed,
    minutes,
    startedAt,
    endedAt,
    passMark,
    score,
    passed: score >= passMark,
    tasks: results,
    competencies: byCompetency(results),
  }
}
