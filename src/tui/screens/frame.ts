/** What all screens share: how much room the frame leaves, which pane has the keys, messages. */
import type { View } from '../../session/types.ts'
import type { Placed } from '../layout.ts'
import type { PaneId, ScreenContext } from '../model.ts'
import type { UiState } from '../reducer.ts'
import { cut, type Line, span, widthOf, wrapText } from '../text.ts'

/** A border and a blank at each side. */
export const innerWidth = (place: { width: number }): number => Math.max(1, place.width - 4)
export const innerHeight = (place: { height: number }): number => Math.max(1, place.height - 2)

export const focusIn = <Id extends PaneId>(ui: UiState, order: readonly Id[]): Id =>
  order.find((pane) => pane === ui.focus) ?? order[0]!

const questions: Record<NonNullable<UiState['question']>, string> = {
  leave: 'Leave the lab? Your progress is kept, the cluster goes away.',
  quit: 'Quit meshdojo?',
  solution: 'Show the solution? The step then counts as solved with help.',
  finish: 'Finish the exam and have it graded? There is no way back into it.',
  exam: 'Take an exam now? 60 minutes, or what is left of the one you began.',
  'leave-exam': 'Leave? The clock goes on; "meshdojo exam" comes back to the exam.',
  'reset-lab': 'Start the whole lab anew, at its first step? Your changes to the cluster are lost.',
  reset: 'Put the lab back to how this step began? Your changes to the cluster are lost.',
}

const questionText = (ui: UiState, view: View): string | undefined => {
  if (ui.question === 'quit' && 'unsaved' in view && view.unsaved)
    return 'Quit? What could not be saved is tried once more, then it is lost.'
  return ui.question && questions[ui.question]
}

const answers: Line = [span(' y yes  n no  ', 'notice'), span(' ')]

/** The footer while a question is open: its answers, and the question where it fits beside them. */
export const questionLine = (ui: UiState, view: View, columns: number): Line | undefined => {
  const text = questionText(ui, view)
  if (text === undefined) return undefined
  return isLong(text, columns) ? answers : [...answers, span(text, 'strong')]
}

/** A question that does not fit beside its answers stands above them: its end says what is lost. */
const isLong = (text: string, columns: number): boolean => widthOf(answers) + text.length > columns

/** The file that `e` opens, where there is one. */
const fileOf = (view: View) =>
  view.screen === 'lab'
    ? view.file
    : view.screen === 'exam-task' && view.lab.state === 'open'
      ? view.lab.file
      : undefined

/** What stays in sight until it is mended: a file that was refused, above all else. */
const noticeOf = (view: View): string | undefined => {
  const lastApply = fileOf(view)?.lastApply
  if (lastApply && !lastApply.ok) return `not applied: ${lastApply.says}`
  return 'notice' in view ? view.notice : undefined
}

const MAX_MESSAGE_ROWS = 4

/** A message, or a long question, between body and footer, over the whole width so that it can be read and copied. Empty most of the time. */
export const messageRows = (
  { ui, columns, theme: { ellipsis } }: Pick<ScreenContext, 'ui' | 'columns' | 'theme'>,
  view: View,
): Line[] => {
  if (ui.question) {
    const text = questionText(ui, view)!
    return isLong(text, columns) ? wrapText(text, columns, 'notice').map((row) => noticeRow(row, columns)) : []
  }
  // What was just said must not hide that a file was refused meanwhile.
  const rows = [ui.message, noticeOf(view)].flatMap((text) => (text ? wrapText(text, columns, 'notice') : []))
  const shown = rows.slice(0, MAX_MESSAGE_ROWS)
  if (rows.length > shown.length)
    shown[MAX_MESSAGE_ROWS - 1] = cut([...shown.at(-1)!, span(ellipsis, 'notice')], columns)
  return shown.map((row) => noticeRow(row, columns))
}

const noticeRow = (row: Line, columns: number): Line => [...row, span(' '.repeat(columns - widthOf(row)), 'notice')]

/** Rows between header and footer. */
export const bodyRows = (context: ScreenContext, view: View): number =>
  Math.max(1, context.rows - 2 - messageRows(context, view).length)

export type { Placed }
