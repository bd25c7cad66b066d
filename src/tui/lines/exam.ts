/** An exam as lines: its tasks with what the candidate says of them, its clock, and what grading found. */
import { competencyName } from '../../content/competencies.ts'
import type { CompetencyResult, ExamResults, TaskResult } from '../../exam/score.ts'
import type { ExamTask, ExamView } from '../../exam/types.ts'
import { blank, fill, type Line, line, type Span, span, widthOf, wrap, wrapText } from '../text.ts'
import { markOf } from './checks.ts'
import { plural, spent, two } from './words.ts'

/** `1:12:09`; rounded up, so that 0:00:00 means that the time is over. */
export const countdown = (milliseconds: number): string => {
  const seconds = Math.ceil(milliseconds / 1000)
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** `[####----]`: how much of a whole. */
export const bar = (part: number, whole: number, width: number): string => {
  const full = whole > 0 ? Math.round((part / whole) * width) : 0
  return `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`
}

/** The clock in the header; the bar where there is room. */
export const clockLine = ({ left, total }: { left: number; total: number }, columns: number): Line =>
  line(
    'left ',
    span(countdown(left), 'strong'),
    ` of ${countdown(total)}`,
    columns >= 80 ? `  ${bar(total - left, total, 12)}` : '',
  )

/** In the candidate's words, the most telling one; the mark alone where there is no room. */
const stateOf = ({ done, opened }: ExamTask, roomy: boolean): Span => {
  const [mark, word, role] = done
    ? (['[ok]', 'done', 'ok'] as const)
    : opened
      ? (['[..]', 'opened', 'changed'] as const)
      : (['[  ]', 'new', 'text'] as const)
  return span(roomy ? `${mark} ${word.padEnd(6)}` : mark, role)
}

const NUMBER = 3

export interface TaskRows {
  lines: Line[]
  items: number[]
}

const selectable = (rows: Line[]): TaskRows => ({ lines: rows, items: rows.map((_, index) => index) })

export const examTaskRows = (
  tasks: readonly ExamTask[],
  selected: number,
  { width, focused, ellipsis }: { width: number; focused: boolean; ellipsis: string },
): TaskRows =>
  selectable(
    tasks.map((task, index) => {
      const here = index === selected
      const flag = task.flagged ? span('flag', 'notice') : '    '
      const facts = line(`${String(task.weight).padStart(5)}%  `, stateOf(task, width >= 50), ' ', flag)
      const room = Math.max(8, width - 2 - NUMBER - 1 - (width >= 50 ? 24 : 17))
      return line(
        span(here ? '> ' : '  ', 'selected'),
        `${String(index + 1).padStart(NUMBER - 1)}  `,
        ...fill(line(span(task.title, here && focused ? 'selected' : 'text')), room, ellipsis),
        ...facts,
      )
    }),
  )

/** How the candidate stands by their own count, and what the rules are. */
export const examFoot = (tasks: readonly ExamTask[], width: number): Line[] => {
  const count = (is: (task: ExamTask) => boolean): number => tasks.filter(is).length
  const marks = tasks.filter(({ done }) => done).reduce((sum, { weight }) => sum + weight, 0)
  const counts = `${plural(tasks.length, 'task')}, ${count((task) => task.done)} done (${marks}% of the marks by your own count), ${count((task) => task.flagged)} flagged, ${count((task) => !task.opened)} not opened.`
  return [
    blank,
    ...wrapText(counts, width),
    ...wrapText('No hints and no checks until you finish. The clock runs on when you leave.', width),
  ]
}

const pointsOf = ({ points, weight }: { points: number; weight: number }): string => `${points}/${weight}`

/** Why points were lost, in a few words. */
const lostWords = (task: TaskResult): string => {
  if (!task.opened) return 'never opened'
  if (task.problem) return 'could not be graded'
  const missed = task.checks.filter(({ passed }) => !passed)
  if (missed.length === 0) return ''
  const broken = missed.filter(({ heldBefore }) => heldBefore).length
  return `${plural(missed.length, 'check')} missed${broken > 0 ? `, ${broken} held before` : ''}`
}

export const resultRows = (
  { tasks }: ExamResults,
  selected: number,
  { width, focused, ellipsis }: { width: number; focused: boolean; ellipsis: string },
): TaskRows =>
  selectable(
    tasks.map((task, index) => {
      const here = index === selected
      const full = task.points === task.weight
      const lost = width >= 74 ? lostWords(task).padEnd(28) : ''
      const room = Math.max(8, width - 2 - NUMBER - 1 - 17 - lost.length)
      return line(
        span(here ? '> ' : '  ', 'selected'),
        `${String(index + 1).padStart(NUMBER - 1)}  `,
        markOf(full ? 'ok' : 'fail'),
        ' ',
        ...fill(line(span(task.title, here && focused ? 'selected' : 'text')), room, ellipsis),
        ` ${pointsOf(task).padStart(8)}`,
        lost ? ` ${lost}` : '',
      )
    }),
  )

const competencyLine = (competency: CompetencyResult, width: number): Line =>
  line(
    ...fill(line(`  ${competencyName(competency.name)}`), Math.min(34, Math.max(10, width - 24))),
    ` ${pointsOf(competency).padStart(8)}  `,
    width >= 60 ? bar(competency.points, competency.weight, 12) : '',
  )

/** The verdict, by competency. */
export const scoreLines = (results: ExamResults, width: number): Line[] => {
  const verdict = line(
    span(`${results.score} of 100`, 'strong'),
    '   ',
    results.passed ? span('PASSED', 'ok') : span('NOT PASSED', 'fail'),
    `   pass mark ${results.passMark}`,
    `   ${spent(results.endedAt - results.startedAt)}`,
  )
  const drawn = line(...verdict, `   ${bar(results.score, 100, 18)}`)
  return [
    ...wrap(widthOf(drawn) <= width ? drawn : verdict, width),
    ...results.competencies.map((competency) => competencyLine(competency, width)),
    blank,
  ]
}

/** One task after grading: each check with expected and seen, and where it is taught. */
export const resultDetail = (task: TaskResult | undefined, reports: readonly string[], width: number): Line[] => {
  if (!task) return []
  const checks = task.checks.flatMap((check) => [
    ...wrap(line(markOf(check.passed ? 'ok' : 'fail'), ' ', check.says), width, 7),
    ...(check.passed
      ? []
      : [
          ...wrap(line('       want ', span(check.expected, 'strong'), '  got ', span(check.seen, 'strong')), width, 7),
          ...(check.heldBefore ? wrap(line('       it held before you began'), width, 7) : []),
          ...(check.because ? wrap(line(`       ${check.because}`), width, 7) : []),
          ...(check.feedback ? wrap(line(`       ${check.feedback}`), width, 7) : []),
        ]),
  ])
  const says = task.problem ?? (task.opened ? undefined : 'This task was never opened.')
  const lost = task.points < task.weight
  return [
    ...wrap(line(span(task.title, 'strong')), width),
    ...wrapText(`${pointsOf(task)} points, ${spent(task.spent)} on the screen`, width),
    blank,
    ...(says ? wrapText(says, width) : []),
    ...(says && checks.length > 0 ? [blank] : []),
    ...checks,
    ...(lost
      ? [
          blank,
          ...wrap(
            line(
              'Taught by ',
              span(task.scenarioTitle, 'strong'),
              ': ',
              span(`meshdojo start ${task.scenario}`, 'code'),
            ),
            width,
            2,
          ),
        ]
      : []),
    ...(reports.length > 0
      ? [
          blank,
          line(span('Reports', 'strong')),
          ...reports.flatMap((path) => wrap(line('  ', span(path, 'code')), width, 2)),
        ]
      : []),
  ]
}

export type RunningView = Extract<ExamView, { screen: 'exam' | 'exam-task' }>
