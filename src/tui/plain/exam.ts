/** An exam line by line: its tasks as a numbered list, one task at a time, and the results in sentences. */
import { competencyName } from '../../content/competencies.ts'
import type { ExamView, TaskLab } from '../../exam/types.ts'
import type { View } from '../../session/types.ts'
import { countdown, examFoot, type RunningView, resultDetail } from '../lines/exam.ts'
import { feedLines } from '../lines/feed.ts'
import { markdown } from '../lines/markdown.ts'
import { exportLine } from '../lines/words.ts'
import { plainText } from '../text.ts'
import { type Answering, confirmed, editFile, type Numbered, openShell, parsed } from './answering.ts'
import { feedSince, numbered } from './sentences.ts'

type Task = Extract<ExamView, { screen: 'exam-task' }>

export interface ExamCommand extends Numbered {
  word: string
  /** For the menu. */
  says: string
  /** On this screen alone; on both when absent. */
  on?: RunningView['screen']
  run(to: Answering, view: RunningView, number?: number): Promise<'quit' | void> | 'quit' | void
}

/** The task that a number names, else the one that is open or was last. Says so where there is none. */
const taskAt = ({ print }: Answering, { tasks, current }: RunningView, number?: number): number | undefined => {
  const index = number === undefined ? current : number - 1
  if (tasks[index]) return index
  print(`there is no task ${index + 1}`)
  return undefined
}

const openTask = (to: Answering, view: RunningView, number?: number): void => {
  const task = taskAt(to, view, number)
  if (task !== undefined) to.session.send({ type: 'OPEN_TASK', task })
}

const mark =
  (type: 'FLAG' | 'DONE') =>
  (to: Answering, view: RunningView, number?: number): void => {
    const task = taskAt(to, view, number)
    if (task === undefined) return
    to.session.send({ type, task })
    const { title, flagged, done } = view.tasks[task]!
    const now = type === 'FLAG' ? !flagged : !done
    to.print(`${task + 1}. ${title}: ${now ? '' : 'no longer '}${type === 'FLAG' ? 'flagged' : 'done'}`)
  }

/** Runs with the open task's cluster; says what it is at where there is none yet. */
const withLab =
  (run: (to: Answering, lab: Extract<TaskLab, { state: 'open' }>, view: Task) => Promise<void> | void) =>
  (to: Answering, view: RunningView): Promise<void> | void => {
    if (view.screen !== 'exam-task') return
    if (view.lab.state === 'open') return run(to, view.lab, view)
    to.print(...labSentences(view.lab))
  }

const notes = async (to: Answering, view: RunningView): Promise<void> => {
  await editFile(to, view.notes.path, { type: 'NOTED' })
  to.print('your notes are kept')
}

const leave = async (to: Answering, view: RunningView): Promise<'quit' | void> => {
  if (view.screen === 'exam-task') to.session.send({ type: 'LEAVE' })
  else if (await confirmed(to, 'Leave? The clock goes on; "meshdojo exam" comes back to the exam.')) return 'quit'
}

const finish = async (to: Answering): Promise<void> => {
  if (await confirmed(to, 'Finish the exam and have it graded? There is no way back into it.'))
    to.session.send({ type: 'FINISH' })
}

export const examCommands: readonly ExamCommand[] = [
  { word: 'o', says: 'open the task that was open last', numbered: 'opens that task', run: openTask },
  { word: 't', says: 'the tasks, or the task', run: ({ print, width }, view) => print(...examSentences(view, width)) },
  { word: 'c', says: 'the clock', run: ({ print }, { left }) => print(`${countdown(left)} left`) },
  {
    word: 'e',
    says: 'edit the file, saving applies it',
    on: 'exam-task',
    run: withLab((to, { file }) => editFile(to, file.path, { type: 'EDITED' })),
  },
  {
    word: '!',
    says: 'shell',
    on: 'exam-task',
    run: withLab((to, { kubeconfig }, { current }) => openShell(to, kubeconfig, `exam task ${current + 1}`)),
  },
  {
    word: 'k',
    says: 'KUBECONFIG line',
    on: 'exam-task',
    run: withLab(({ print }, { kubeconfig }) => print(exportLine(kubeconfig))),
  },
  {
    word: 'l',
    says: 'log of events',
    on: 'exam-task',
    run: withLab(({ print, width }, { feed }) => print(...feedLines(feed.slice(-20), width).map(plainText))),
  },
  { word: 'n', says: 'next task', on: 'exam-task', run: (to, view) => openTask(to, view, view.current + 2) },
  { word: 'p', says: 'previous task', on: 'exam-task', run: (to, view) => openTask(to, view, view.current) },
  { word: 'f', says: 'flag the task, or take the flag away', numbered: 'flags that task', run: mark('FLAG') },
  { word: 'd', says: 'say that the task is done, or take it back', numbered: 'marks that task', run: mark('DONE') },
  {
    word: 'r',
    says: 'try again to get the cluster',
    on: 'exam-task',
    run: ({ session }) => session.send({ type: 'RETRY' }),
  },
  { word: 'N', says: 'your notes, in the editor', run: notes },
  { word: 'F', says: 'finish, and have it graded', run: finish },
  { word: 'q', says: 'back', run: leave },
  { word: '?', says: 'this list', run: ({ print }, view) => print(...menuOf(view)) },
]

const on = ({ screen }: RunningView): ExamCommand[] =>
  examCommands.filter((command) => command.on === undefined || command.on === screen)

const menuOf = (view: RunningView): string[] =>
  on(view).map(({ word, says, numbered: also }) => `  ${word}  ${says}${also ? `; ${word} and a number ${also}` : ''}`)

/** Runs what was typed; a number alone opens that task. Anything else prints the menu. */
export const runExamCommand = async (to: Answering, view: RunningView, input: string): Promise<'quit' | void> => {
  if (/^\d+$/.test(input)) return openTask(to, view, Number(input))
  const { command, number } = parsed(on(view), input)
  if (!command) return to.print(`"${input}" is none of these:`, ...menuOf(view))
  return command.run(to, view, number)
}

const labSentences = (lab: TaskLab): string[] =>
  lab.state === 'open'
    ? [`File: ${lab.file.path}`, `For another terminal: ${exportLine(lab.kubeconfig)}`]
    : lab.state === 'failed'
      ? [lab.says, lab.next]
      : [lab.says]

const examSentences = (view: RunningView, width: number): string[] => {
  if (view.screen === 'exam-task') {
    const { title, task, weight } = view.tasks[view.current]!
    const head = `Task ${view.current + 1} of ${view.tasks.length}: ${title}, ${weight} of 100 points`
    return [head, '', ...markdown(task, width).map(plainText), '', ...labSentences(view.lab)]
  }
  const rows = view.tasks.map(({ title, weight, opened, flagged, done }, index) => {
    const marks = [done ? 'done' : opened ? 'opened' : 'not opened', ...(flagged ? ['flagged'] : [])]
    return `${index + 1}. ${title}: ${weight} of 100 points, ${marks.join(', ')}`
  })
  return [
    `Exam: ${countdown(view.left)} left of ${countdown(view.total)}`,
    ...rows,
    ...examFoot(view.tasks, width).map(plainText),
  ]
}

const resultSentences = (
  { results, reports }: Extract<ExamView, { screen: 'exam-results' }>,
  width: number,
): string[] => [
  '',
  `${results.score} of 100, ${results.passed ? 'passed' : 'not passed'}; the pass mark is ${results.passMark}`,
  ...results.competencies.map(({ name, points, weight }) => `${competencyName(name)}: ${points} of ${weight} points`),
  ...numbered(results.tasks.map((task) => resultDetail(task, [], width).map(plainText))),
  ...reports.map((path) => `Report: ${path}`),
  'q: end',
]

/** What happened in the open task's cluster since the view before. */
const taskNews = (old: Task, view: Task): string[] => {
  if (view.lab.state !== 'open') return old.lab.state === view.lab.state ? [] : labSentences(view.lab)
  const before = old.lab.state === 'open' ? old.lab.feed : []
  return [
    ...(old.lab.state === 'open' ? [] : labSentences(view.lab)),
    ...feedSince(before, view.lab.feed).map(({ says }) => says),
  ]
}

/** What is new on the way to `view`, as lines to append; `arrived`: it is another screen, or another task. */
export const examNews = (before: View | undefined, view: ExamView, arrived: boolean, width: number): string[] => {
  if (view.screen === 'exam-results') return arrived ? resultSentences(view, width) : []
  if (view.screen === 'exam-grading')
    return before?.screen === 'exam-grading' && before.says === view.says ? [] : [view.says]
  if (arrived)
    return ['', ...examSentences(view, width), ...(before?.screen === view.screen ? [] : ['', ...menuOf(view)])]
  return view.screen === 'exam-task' && before?.screen === 'exam-task' ? taskNews(before, view) : []
}
