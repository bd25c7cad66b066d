/** The report of a course: each scenario that was begun, step by step, and what it comes to per CKS competency. */
import { beyondLast, competenciesOf, competencyName } from '../content/competencies.ts'
import type { Scenario } from '../content/schema.ts'
import type { Kept } from '../session/progress.ts'
import type { StepRecord } from '../session/record.ts'
import { type Block, heading, items, table, text } from './document.ts'
import { duration, moment } from './words.ts'

/** The shape of `meshdojo report --format json`. Times are milliseconds, moments milliseconds since the epoch. */
export interface CourseReport {
  madeAt: number
  scenarios: ScenarioReport[]
  competencies: CompetencyReport[]
}

export interface ScenarioReport {
  name: string
  title: string
  mesh: string
  cks: string[]
  state: 'started' | 'done'
  startedAt?: number
  finishedAt?: number
  spent: number
  hints: number
  solutions: number
  steps: CourseStep[]
}

/** Without the fields of `StepRecord` where nobody has worked on the step, or an older version kept none. */
export interface CourseStep extends Partial<StepRecord> {
  id: string
  title: string
  passed: boolean
}

export interface CompetencyReport {
  /** A CKS competency, or `beyond` for scenarios that train none. */
  name: string
  /** Scenarios that train it: all, those that are done, and those of which no solution was looked at. */
  scenarios: number
  done: number
  alone: number
  spent: number
}

const scenarioReport = ({ metadata, spec }: Scenario, { progress, steps }: Kept): ScenarioReport => {
  const { name, title, mesh, cks } = metadata
  const { startedAt, finishedAt, spent, hintsUsed, solutionsSeen, passed } = progress
  return {
    name,
    title,
    mesh,
    cks,
    state: progress.state === 'done' ? 'done' : 'started',
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    spent,
    hints: hintsUsed,
    solutions: solutionsSeen.length,
    steps: spec.steps.map((step) => ({
      id: step.id,
      title: step.title,
      passed: progress.state === 'done' || passed.includes(step.id),
      ...steps?.[step.id],
      ...(solutionsSeen.includes(step.id) ? { solutionSeen: true } : {}),
    })),
  }
}

const competencyReports = (scenarios: readonly Scenario[], begun: readonly ScenarioReport[]): CompetencyReport[] => {
  const names = new Set(scenarios.flatMap(({ metadata }) => competenciesOf(metadata.cks)))
  const reports = [...names].map((name) => {
    const mine = begun.filter(({ cks }) => competenciesOf(cks).includes(name))
    const done = mine.filter(({ state }) => state === 'done')
    return {
      name,
      scenarios: scenarios.filter(({ metadata }) => competenciesOf(metadata.cks).includes(name)).length,
      done: done.length,
      alone: done.filter(({ solutions }) => solutions === 0).length,
      spent: mine.reduce((sum, { spent }) => sum + spent, 0),
    }
  })
  return reports.toSorted(beyondLast)
}

/** `scenarios` in the order of the report; those that were never begun count only for the competencies. */
export const courseReport = (
  scenarios: readonly Scenario[],
  kept: ReadonlyMap<string, Kept>,
  madeAt: number,
): CourseReport => {
  const begun = scenarios.flatMap((scenario) => {
    const mine = kept.get(scenario.metadata.name)
    return mine && mine.progress.state !== 'new' ? [scenarioReport(scenario, mine)] : []
  })
  return { madeAt, scenarios: begun, competencies: competencyReports(scenarios, begun) }
}

const number = (count: number | undefined): string => (count === undefined ? '' : String(count))

const evidenceBlocks = ({ title, evidence }: CourseStep): Block[] =>
  evidence
    ? [
        heading(3, title),
        text(
          `Passed ${moment(evidence.at)}.`,
          evidence.objects.length
            ? `In the cluster: ${evidence.objects.map(({ change, name }) => `${name} ${change}`).join(', ')}.`
            : 'No object was changed.',
        ),
        ...table(
          ['Check', 'Expected', 'Seen'],
          evidence.checks.map(({ says, expected, seen }) => [says, expected, seen]),
        ),
      ]
    : []

const scenarioBlocks = (report: ScenarioReport): Block[] => {
  const { title, name, mesh, state, startedAt, finishedAt, spent, steps } = report
  const begun = startedAt === undefined ? '' : `Begun ${moment(startedAt)}.`
  const passed = steps.filter((step) => step.passed).length
  return [
    heading(2, title),
    text(
      ...[
        `Scenario ${name} (${mesh}): ${state === 'done' ? 'done' : `${passed} of ${steps.length} steps passed`}, ${duration(spent)} of work.`,
        begun,
        finishedAt === undefined ? '' : `Finished ${moment(finishedAt)}.`,
      ].filter(Boolean),
    ),
    ...table(
      ['Step', 'Passed', 'Time', 'Tries', 'Hints', 'Solution'],
      steps.map((step) => [
        step.title,
        step.passed ? 'yes' : 'no',
        step.spent === undefined ? '' : duration(step.spent),
        number(step.tries),
        number(step.hints),
        step.solutionSeen ? 'looked at' : '',
      ]),
    ),
    ...steps.flatMap(evidenceBlocks),
  ]
}

/** The report as blocks: an overview, the competencies, and each scenario with the evidence of its steps. */
export const courseDocument = ({ madeAt, scenarios, competencies }: CourseReport): Block[] => {
  const done = scenarios.filter(({ state }) => state === 'done').length
  const spent = scenarios.reduce((sum, one) => sum + one.spent, 0)
  return [
    heading(1, 'Course report'),
    text(
      `Made ${moment(madeAt)}.`,
      scenarios.length
        ? `Scenarios begun: ${scenarios.length}, done: ${done}, after ${duration(spent)} of work.`
        : 'No scenario has been begun yet.',
    ),
    ...items(scenarios.length ? [] : ['meshdojo start NAME begins one; meshdojo list has the names']),
    heading(2, 'Competencies'),
    ...table(
      ['Competency', 'Scenarios done', 'Without a solution', 'Time'],
      competencies.map(({ name, scenarios: all, done: some, alone, spent: time }) => [
        competencyName(name),
        `${some} of ${all}`,
        String(alone),
        duration(time),
      ]),
    ),
    ...scenarios.flatMap(scenarioBlocks),
  ]
}
