/** Which tasks an exam has: pure, so that a seed makes the same exam again. */
import type { Scenario } from '../content/schema.ts'
import { randomFrom, shuffled } from './random.ts'

/** One task of an exam: a step of a scenario, with what the steps before it came to as its ground. */
export interface PlannedTask {
  scenario: string
  step: string
  /** Points of 100. */
  weight: number
}

export interface ExamPlan {
  seed: number
  minutes: number
  tasks: PlannedTask[]
}

const hardness: Record<Scenario['metadata']['difficulty'], number> = { easy: 2, medium: 3, hard: 4 }

/** Scenarios that show the program around are no exam questions. */
const isExamined = ({ metadata }: Scenario): boolean => !metadata.tags.includes('tour')

/** A scenario's minutes, shared by its steps. */
const minutesOf = ({ metadata, spec }: Scenario): number => metadata.minutes / spec.steps.length

/**
 * Whole numbers in proportion to `shares` that sum to `total`, none below 1: the largest remainders get what rounding
 * down left over. `total` is at least the number of shares.
 */
export const apportion = (shares: readonly number[], total: number): number[] => {
  const sum = shares.reduce((a, b) => a + b, 0)
  const room = total - shares.length
  const exact = shares.map((share) => (share / sum) * room)
  const whole = exact.map(Math.floor)
  const rest = room - whole.reduce((a, b) => a + b, 0)
  const byRemainder = exact.map((share, index) => ({ index, over: share - whole[index]! }))
  byRemainder.sort((a, b) => b.over - a.over || a.index - b.index)
  for (const { index } of byRemainder.slice(0, rest)) whole[index]!++
  return whole.map((points) => points + 1)
}

/** Dealt in rounds, one step of each scenario a round, so that an exam covers as many scenarios as fit. */
const deal = (scenarios: readonly Scenario[], random: () => number): { scenario: Scenario; step: string }[] => {
  const hands = shuffled(scenarios, random).map((scenario) => ({
    scenario,
    steps: shuffled(scenario.spec.steps, random),
  }))
  const longest = Math.max(0, ...hands.map(({ steps }) => steps.length))
  return Array.from({ length: longest }, (_, round) =>
    hands.flatMap(({ scenario, steps }) => (steps[round] ? [{ scenario, step: steps[round].id }] : [])),
  ).flat()
}

const MAX_TASKS = 20

/**
 * The exam of a seed: tasks until the minutes are full (at least one, at most 20), weighted by difficulty; weights sum
 * to 100. The same scenarios, seed and minutes give the same exam. Without scenarios there are no tasks.
 */
export const composeExam = (scenarios: readonly Scenario[], { seed, minutes }: Omit<ExamPlan, 'tasks'>): ExamPlan => {
  const pool = scenarios.filter(isExamined).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const chosen: ReturnType<typeof deal> = []
  let planned = 0
  // A long task that does not fit makes room for shorter ones, but only of scenarios that are not in the exam yet.
  let isFull = false
  for (const task of deal(pool, randomFrom(seed))) {
    const needs = minutesOf(task.scenario)
    const fits = chosen.length === 0 || planned + needs <= minutes
    if (chosen.length === MAX_TASKS || (isFull && chosen.some(({ scenario }) => scenario === task.scenario))) break
    isFull ||= !fits
    if (!fits) continue
    chosen.push(task)
    planned += needs
  }
  const weights = apportion(
    chosen.map(({ scenario }) => hardness[scenario.metadata.difficulty]),
    100,
  )
  const tasks = chosen.map(({ scenario, step }, index) => ({
    scenario: scenario.metadata.name,
    step,
    weight: weights[index]!,
  }))
  return { seed, minutes, tasks }
}
