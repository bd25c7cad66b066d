/**
 * The same course line by line: numbered scenarios, one-letter commands, sentences instead of the map. For screen
 * readers, `TERM=dumb`, scripts, and whoever prefers it. Lines are only ever appended; nothing moves, nothing is coloured.
 */
import type { ExamView } from '../../exam/types.ts'
import type { LabView, Session, Terminal, View } from '../../session/types.ts'
import { listed } from '../lines/catalogue.ts'
import { solutionLines } from '../lines/hints.ts'
import { placeOf } from '../reducer.ts'
import type { TuiEnd } from '../run.tsx'
import { plainText } from '../text.ts'
import { type Answering, confirmed } from './answering.ts'
import { menu, runCommand } from './commands.ts'
import { examNews, runExamCommand } from './exam.ts'
import { readLines } from './read-lines.ts'
import {
  catalogueSentences,
  changedChecks,
  feedSince,
  hintSentences,
  passedSentences,
  printable,
  taskSentences,
} from './sentences.ts'
import { whenSettled } from './settled.ts'

export interface PlainOptions {
  session: Session
  terminal: Terminal
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WritableStream & { columns?: number }
}

/** Runs the course until the learner quits, the input ends or the session closes by itself. */
export const runPlain = async ({ session, terminal, stdin, stdout }: PlainOptions): Promise<TuiEnd> => {
  const width = Math.min(stdout.columns ?? 80, 100) - 1
  const print = (...lines: string[]) => void stdout.write(printable(lines, stdout.columns))
  const reader = readLines(stdin)
  let shown: View | undefined

  const show = () => {
    const view = session.view()
    for (const row of news(shown, view, width)) print(row)
    shown = view
  }
  const stop = session.subscribe(show)
  void session.closed.then(() => reader.close())
  show()
  try {
    for await (const input of reader) {
      // A script's lines are all there at once: each waits until the one before has had its effect.
      if (!stdin.isTTY) await whenSettled(session)
      const end = await answer({ session, terminal, reader, print, width }, session.view(), input)
      if (end) return end
    }
    if (!stdin.isTTY) await whenSettled(session)
    return 'quit'
  } finally {
    stop()
    reader.close()
    session.send({ type: 'QUIT' })
    await session.closed
  }
}

const isExam = (view: View): view is ExamView => view.screen.startsWith('exam')

const isQuit = (input: string): boolean => /^(q|quit|exit)$/.test(input)

/** What is new on the way from one view to the next, as lines to append. */
export const news = (before: View | undefined, view: View, width: number): string[] => {
  const notice = 'notice' in view && view.notice && view.notice !== (before as { notice?: string } | undefined)?.notice
  const lines = notice ? [view.notice ?? ''] : []
  const arrived = !before || placeOf(before) !== placeOf(view)
  if (view.screen === 'lab') return [...lines, ...labNews(before, view, arrived, width)]
  if (isExam(view)) return [...lines, ...examNews(before, view, arrived, width)]
  if (view.screen === 'picker') {
    return arrived
      ? [...lines, '', 'Scenarios', ...catalogueSentences(view), 'number: start or resume, E: exam, q: quit']
      : lines
  }
  const said = before && 'says' in before && !arrived ? before.says : undefined
  if (said === view.says) return lines
  return view.screen === 'opening' ? [...lines, view.says] : [...lines, view.says, view.next, 'r: try again, q: back']
}

/** Events that nothing else tells of, and that were not there before. */
const newEvents = (old: LabView, { feed, notice }: LabView): string[] =>
  feedSince(old.feed, feed)
    .filter(({ kind, says }) => ['apply', 'object', 'error'].includes(kind) && says !== notice)
    .map(({ says }) => says)

const labNews = (before: View | undefined, view: LabView, arrived: boolean, width: number): string[] => {
  const old = !arrived && before?.screen === 'lab' ? before : undefined
  const hints = old && view.hints.length > old.hints.length ? hintSentences(view, width) : []
  const solution =
    old && view.solution !== undefined && old.solution === undefined
      ? ['', ...solutionLines(view, width).map(plainText)]
      : []
  const passed = view.stepPassed && !(old?.stepPassed && old.finished === view.finished)
  return [
    ...(arrived ? ['', ...taskSentences(view, width), '', ...menu] : []),
    ...(old ? newEvents(old, view) : []),
    ...changedChecks(old, view),
    ...hints,
    ...solution,
    ...(passed ? passedSentences(view, width) : []),
  ]
}

/** What the line asks for; tells how it ends where it asks for that. */
const answer = async (to: Answering, view: View, input: string): Promise<TuiEnd | void> => {
  if (input === '') return
  if (view.screen === 'lab') return runCommand(to, view, input)
  if (view.screen === 'picker') return inPicker(to, view, input)
  if (view.screen === 'exam' || view.screen === 'exam-task') return runExamCommand(to, view, input)
  if (isQuit(input)) return view.screen === 'exam-grading' ? 'quit' : to.session.send({ type: 'LEAVE' })
  if (input === 'r' && view.screen !== 'exam-results') to.session.send({ type: 'RETRY' })
}

const inPicker = async (
  to: Answering,
  view: Extract<View, { screen: 'picker' }>,
  input: string,
): Promise<TuiEnd | void> => {
  if (isQuit(input)) return 'quit'
  if (input === 'E') return (await confirmed(to, EXAM)) ? 'exam' : undefined
  const entry = listed(view.catalogue, '')[Number(input) - 1]
  if (entry) to.session.send({ type: 'OPEN', scenario: entry.scenario.metadata.name })
  else to.print(`"${input}" is no number of the list`, ...catalogueSentences(view))
}

const EXAM = 'Take an exam now? 60 minutes, or what is left of the one you began.'
