/** The report of an exam: score, what was missed, and which scenario teaches it. */
import { competencyName } from '../content/competencies.ts'
import type { ExamResults, TaskResult } from '../exam/score.ts'
import { type Block, heading, items, table, text, toHtml, toMarkdown } from './document.ts'
import { duration, moment } from './words.ts'

const points = ({ points: got, weight }: { points: number; weight: number }): string => `${got} of ${weight}`

const missedIn = (task: TaskResult): Block[] => {
  const missed = task.checks.filter(({ passed }) => !passed)
  if (task.points === task.weight) return []
  const state = task.problem ? `It could not be graded: ${task.problem}.` : task.opened ? '' : 'It was never opened.'
  return [
    heading(3, `${task.title}: ${points(task)}`),
    ...(state ? [text(state)] : []),
    ...items(
      missed.map((check) =>
        [
          `${check.says}: expected ${check.expected}, seen ${check.seen}.`,
          check.heldBefore ? 'It held at the start.' : '',
          check.because ?? '',
          check.feedback ?? '',
        ]
          .filter(Boolean)
          .join(' '),
      ),
    ),
    text(`Taught by ${task.scenarioTitle}: meshdojo start ${task.scenario}`),
  ]
}

const examDocument = (results: ExamResults): Block[] => {
  const { seed, minutes, startedAt, endedAt, score, passMark, passed, tasks, competencies } = results
  const missed = tasks.flatMap(missedIn)
  return [
    heading(1, `Exam: ${score} of 100, ${passed ? 'passed' : 'not passed'}`),
    text(
      `Started ${moment(startedAt)}, took ${duration(endedAt - startedAt)} of ${minutes} minutes. The pass mark is ${passMark}.`,
      `meshdojo exam --seed ${seed} --minutes ${minutes} makes the same exam again from the same scenarios.`,
    ),
    heading(2, 'Tasks'),
    ...table(
      ['#', 'Task', 'Points', 'Checks', 'Time', 'Scenario'],
      tasks.map((task, index) => [
        String(index + 1),
        task.title,
        points(task),
        task.opened ? `${task.checks.filter((check) => check.passed).length}/${task.checks.length}` : 'not opened',
        duration(task.spent),
        task.scenario,
      ]),
    ),
    heading(2, 'Competencies'),
    ...table(
      ['Competency', 'Points', 'Share'],
      competencies.map((one) => [
        competencyName(one.name),
        points(one),
        `${Math.round((one.points / one.weight) * 100)} %`,
      ]),
    ),
    ...(missed.length ? [heading(2, 'What was missed'), ...missed] : []),
  ]
}

/** The files that an exam leaves, by name. */
export const examReports = (results: ExamResults): { name: string; text: string }[] => {
  const document = examDocument(results)
  return [
    { name: 'report.html', text: toHtml(document) },
    { name: 'report.md', text: toMarkdown(document) },
    { name: 'report.json', text: `${JSON.stringify(results, null, 2)}\n` },
  ]
}
