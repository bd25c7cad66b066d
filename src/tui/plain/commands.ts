/** The words of a lab in plain mode, as records: the menu and docs/keys.md are made from them. */
import type { LabView, Session, TapView } from '../../session/types.ts'
import { listedChecks } from '../lines/checks.ts'
import { checkExplained, pairExplained } from '../lines/explain.ts'
import { feedLines } from '../lines/feed.ts'
import { solutionLines } from '../lines/hints.ts'
import { mtlsText, plaintextText } from '../lines/wire.ts'
import { exportLine } from '../lines/words.ts'
import { plainText } from '../text.ts'
import { type Answering, confirmed, editFile, type Numbered, openShell, parsed } from './answering.ts'
import {
  checkSentences,
  hintSentences,
  numbered,
  passedSentences,
  taskSentences,
  trafficPairs,
  trafficSentences,
} from './sentences.ts'

export interface PlainCommand extends Numbered {
  word: string
  /** For the menu. */
  says: string
  run(to: Answering, view: LabView, number?: number): Promise<void> | void
}

const checks = ({ print, width }: Answering, view: LabView, number?: number): void => {
  const listed = listedChecks(view)
  const check = number === undefined ? undefined : listed[number - 1]
  if (check) print(...checkExplained(view, check, width).map(plainText))
  else if (number === undefined) print(...numbered(listed.map(checkSentences)))
  else print(`there is no check ${number}`)
}

const traffic = ({ print, width }: Answering, view: LabView, number?: number): void => {
  const pair = number === undefined ? undefined : trafficPairs(view)[number - 1]
  if (pair) print(...pairExplained(pair, width).map(plainText))
  else if (number === undefined) print(...trafficSentences(view))
  else print(`there is no line ${number}`)
}

const wire = async ({ session, print, width }: Answering, view: LabView, number?: number): Promise<void> => {
  const pair = number === undefined ? undefined : trafficPairs(view)[number - 1]
  if (!pair) return print('which line of the map? m lists them')
  const { from, to } = pair
  session.send({ type: 'TAP', from, to })
  const seen = await captured(session, from, to)
  if (!seen) return
  const sides = [plaintextText(seen, width), mtlsText(seen, width)]
  print(...sides.flatMap(({ title, note, lines }) => ['', `${title} (${note.join(', ')})`, ...lines.map(plainText)]))
}

/** What came of it; undefined when the session ends first. */
const captured = (session: Session, from: string, to: string): Promise<TapView | undefined> =>
  new Promise((resolve) => {
    const look = (): void => {
      const view = session.view()
      const tap = view.screen === 'lab' ? view.tap : undefined
      if (view.screen === 'lab' && (tap?.from !== from || tap.to !== to || tap.state === 'sending')) return
      stop()
      resolve(tap)
    }
    const stop = session.subscribe(look)
    void session.closed.then(look)
    queueMicrotask(look)
  })

const edit = async (to: Answering, { file }: LabView): Promise<void> => {
  if (!file) return to.print('this step has no file: use a shell')
  await editFile(to, file.path, { type: 'EDITED' })
}

const shell = (to: Answering, { kubeconfig, scenario }: LabView): Promise<void> =>
  openShell(to, kubeconfig, scenario.metadata.name)

const solution = async (to: Answering, view: LabView): Promise<void> => {
  if (view.solution !== undefined) to.print(...solutionLines(view, to.width).map(plainText))
  else if (await confirmed(to, 'Show the solution? The step then counts as solved with help.'))
    to.session.send({ type: 'SOLUTION' })
}

const resetStep = async (to: Answering): Promise<void> => {
  if (await confirmed(to, 'Put the lab back to how this step began?')) to.session.send({ type: 'RESET_STEP' })
}

const resetLab = async (to: Answering): Promise<void> => {
  if (await confirmed(to, 'Start the whole lab anew, at its first step?')) to.session.send({ type: 'RESET_LAB' })
}

const back = async (to: Answering, view: LabView): Promise<void> => {
  if (view.finished || (await confirmed(to, 'Leave the lab? Progress is kept.'))) to.session.send({ type: 'LEAVE' })
}

export const labCommands: readonly PlainCommand[] = [
  { word: 't', says: 'task', run: ({ print, width }, view) => print(...taskSentences(view, width)) },
  { word: 'c', says: 'checks', numbered: 'explains that check', run: checks },
  { word: 'm', says: 'traffic', numbered: 'explains that line', run: traffic },
  { word: 'w', says: 'wire', numbered: 'sends the request of that line of the map and shows its bytes', run: wire },
  {
    word: 'l',
    says: 'log of events',
    run: ({ print, width }, { feed }) => print(...feedLines(feed.slice(-20), width).map(plainText)),
  },
  { word: 'e', says: 'edit the file, saving applies it', run: edit },
  { word: '!', says: 'shell', run: shell },
  { word: 'k', says: 'KUBECONFIG line', run: ({ print }, view) => print(exportLine(view.kubeconfig)) },
  {
    word: 'h',
    says: 'hint',
    run: ({ session, print, width }, view) =>
      view.hintsLeft > 0 ? session.send({ type: 'HINT' }) : print(...hintSentences(view, width)),
  },
  { word: 's', says: 'solution', run: solution },
  { word: 'r', says: 'check now', run: ({ session }) => session.send({ type: 'CHECK' }) },
  {
    word: 'n',
    says: 'next step, once this one has passed',
    run: ({ session, print, width }, view) => {
      if (view.finished) print(...passedSentences(view, width))
      else if (view.stepPassed) session.send({ type: 'NEXT' })
      else print('this step has not passed yet')
    },
  },
  { word: 'x', says: 'reset the step', run: resetStep },
  { word: 'X', says: 'reset the lab', run: resetLab },
  { word: 'q', says: 'back', run: back },
  { word: '?', says: 'this list', run: ({ print }) => print(...menu) },
]

/** One line per command. */
export const menu: readonly string[] = labCommands.map(
  ({ word, says, numbered: also }) => `  ${word}  ${says}${also ? `; ${word} and a number ${also}` : ''}`,
)

/** Runs what was typed: a word, perhaps with a number. Anything else prints the menu. */
export const runCommand = async (to: Answering, view: LabView, input: string): Promise<void> => {
  const { command, number } = parsed(labCommands, input)
  if (!command) return to.print(`"${input}" is none of these:`, ...menu)
  await command.run(to, view, number)
}
