/**
 * The same course line by line: numbered scenarios, one-letter commands, sentences instead of the map. For screen
 * readers, `TERM=dumb` and whoever prefers it. Lines are only ever appended; nothing moves, nothing is coloured.
 */
import type { LabView, Session, Terminal, View } from '../session/types.ts'
import { listed } from './lines/catalogue.ts'
import { listedChecks } from './lines/checks.ts'
import {
  catalogueSentences,
  changedChecks,
  checkSentences,
  hintSentences,
  passedSentences,
  printable,
  taskSentences,
  trafficSentences,
} from './lines/sentences.ts'
import { exportLine } from './lines/words.ts'
import { type LineReader, readLines } from './read-lines.ts'
import { placeOf } from './reducer.ts'
import type { TuiEnd } from './run.tsx'

export interface PlainOptions {
  session: Session
  terminal: Terminal
  stdin: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream & { columns?: number }
}

const MENU = [
  't task, c checks, m traffic, e edit the file, ! shell, k the KUBECONFIG line,',
  'h hint, s solution, r check now, n next step, x reset the step, q back, ? this list',
]

/** Runs the course until the learner quits, the input ends or the session closes by itself. */
export const runPlain = async ({ session, terminal, stdin, stdout }: PlainOptions): Promise<TuiEnd> => {
  const width = Math.min(stdout.columns ?? 80, 100) - 1
  const print = (...lines: string[]) => stdout.write(printable(lines))
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
      const view = session.view()
      if (view.screen === 'picker' && /^(q|quit|exit)$/.test(input)) return 'quit'
      await answer({ session, terminal, reader, print, width }, view, input)
    }
    return 'quit'
  } finally {
    stop()
    reader.close()
    session.send({ type: 'QUIT' })
    await session.closed
  }
}

/** What is new on the way from one view to the next, as lines to append. */
export const news = (before: View | undefined, view: View, width: number): string[] => {
  const notice = 'notice' in view && view.notice && view.notice !== (before as { notice?: string } | undefined)?.notice
  const lines = notice ? [view.notice ?? ''] : []
  const arrived = !before || placeOf(before) !== placeOf(view)
  if (view.screen === 'lab') return [...lines, ...labNews(before, view, arrived, width)]
  if (view.screen === 'picker') {
    return arrived
      ? [...lines, '', 'Scenarios', ...catalogueSentences(view), 'number: start or resume, q: quit']
      : lines
  }
  const said = before && 'says' in before && !arrived ? before.says : undefined
  if (said === view.says) return lines
  return view.screen === 'opening' ? [...lines, view.says] : [...lines, view.says, view.next, 'r: try again, q: back']
}

const labNews = (before: View | undefined, view: LabView, arrived: boolean, width: number): string[] => {
  const old = !arrived && before?.screen === 'lab' ? before : undefined
  const hints = old && view.hints.length > old.hints.length ? hintSentences(view, width) : []
  const solution =
    old && view.solution !== undefined && old.solution === undefined ? ['', ...view.solution.split('\n')] : []
  const passed = view.stepPassed && !(old?.stepPassed && old.finished === view.finished)
  return [
    ...(arrived ? ['', ...taskSentences(view, width), '', ...MENU] : []),
    ...changedChecks(old, view),
    ...hints,
    ...solution,
    ...(passed ? passedSentences(view, width) : []),
  ]
}

interface Answering {
  session: Session
  terminal: Terminal
  reader: LineReader
  print: (...lines: string[]) => void
  width: number
}

const answer = async (to: Answering, view: View, input: string): Promise<void> => {
  if (input === '') return
  if (view.screen === 'lab') return inLab(to, view, input)
  if (view.screen === 'picker') return inPicker(to, view, input)
  if (/^(q|quit|exit)$/.test(input)) return to.session.send({ type: 'LEAVE' })
  if (view.screen === 'failed' && input === 'r') to.session.send({ type: 'RETRY' })
}

const inPicker = ({ session, print }: Answering, view: Extract<View, { screen: 'picker' }>, input: string): void => {
  const entry = listed(view.catalogue, '')[Number(input) - 1]
  if (entry) session.send({ type: 'OPEN', scenario: entry.scenario.metadata.name })
  else print(`"${input}" is no number of the list`, ...catalogueSentences(view))
}

const inLab = async (
  { session, terminal, reader, print, width }: Answering,
  view: LabView,
  input: string,
): Promise<void> => {
  const confirmed = async (question: string): Promise<boolean> => {
    print(`${question} y or n`)
    return /^y(es)?$/i.test((await reader.next()) ?? '')
  }
  switch (input) {
    case 't':
      return print(...taskSentences(view, width))
    case 'c':
      return print(...listedChecks(view).flatMap(checkSentences))
    case 'm':
      return print(...trafficSentences(view))
    case 'k':
      return print(exportLine(view.kubeconfig))
    case 'e': {
      if (!view.file) return print('this step has no file: use a shell')
      const { path } = view.file
      const { says } = await reader.lend(() => terminal.edit(path))
      if (says) print(says)
      return session.send({ type: 'EDITED' })
    }
    case '!': {
      const { says } = await reader.lend(() => terminal.shell(view.kubeconfig, view.scenario.metadata.name))
      return says ? print(says) : undefined
    }
    case 'h':
      return view.hintsLeft > 0 ? session.send({ type: 'HINT' }) : print(...hintSentences(view, width))
    case 's':
      if (view.solution !== undefined) return print(view.solution)
      return (await confirmed('Show the solution?')) ? session.send({ type: 'SOLUTION' }) : undefined
    case 'r':
      return session.send({ type: 'CHECK' })
    case 'n':
      return view.stepPassed && !view.finished ? session.send({ type: 'NEXT' }) : print('this step has not passed yet')
    case 'x':
      return (await confirmed('Put the lab back to how this step began?'))
        ? session.send({ type: 'RESET_STEP' })
        : undefined
    case 'q':
      if (view.finished) return session.send({ type: 'LEAVE' })
      return (await confirmed('Leave the lab? Progress is kept.')) ? session.send({ type: 'LEAVE' }) : undefined
    default:
      return print(...MENU)
  }
}
