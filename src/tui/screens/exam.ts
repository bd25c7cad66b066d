/** The exam's list of tasks, with the selected one's text and the candidate's notes beside it. */
import type { ExamView } from '../../exam/types.ts'
import { examRegion, type Placed, placesIn, shapeOf } from '../layout.ts'
import { clockLine, examFoot, examTaskRows } from '../lines/exam.ts'
import { markdown } from '../lines/markdown.ts'
import type { PaneId, PaneModel, ScreenContext, ScreenModel } from '../model.ts'
import { selectedIn } from '../scroll.ts'
import { line, span, wrapText } from '../text.ts'
import { bodyRows, focusIn, innerWidth } from './frame.ts'

export type OverviewView = Extract<ExamView, { screen: 'exam' }>

const LIST = 'exam/tasks'
const ORDER: PaneId[] = ['tasks', 'task', 'notes']

/** The task that `enter` opens: the one that was open last, until the candidate moves. */
export const examSelection = (view: OverviewView, { scroll }: Pick<ScreenContext['ui'], 'scroll'>): number =>
  selectedIn(scroll[LIST], { items: view.tasks.map((_, index) => index), start: view.current })

const paneFor = (
  id: PaneId,
  view: OverviewView,
  context: ScreenContext,
  place: Placed,
  focused: boolean,
): PaneModel => {
  const width = innerWidth(place)
  const { ellipsis } = context.theme
  const selected = examSelection(view, context.ui)
  if (id === 'tasks') {
    const rows = examTaskRows(view.tasks, selected, { width, focused, ellipsis })
    const foot = examFoot(view.tasks, width)
    return { id, key: LIST, title: 'Tasks', note: ['weight, and what you say'], start: view.current, foot, ...rows }
  }
  if (id === 'notes') {
    const text = view.notes.text || 'N opens your notes in the editor. Nobody grades them.'
    return { id, key: 'exam/notes', title: 'Notes', lines: wrapText(text, width) }
  }
  const task = view.tasks[selected]!
  return {
    id: 'task',
    key: `exam/task/${selected}`,
    title: `Task ${selected + 1}: ${task.title}`,
    note: [`${task.weight}%`, task.lab],
    lines: markdown(task.task, width),
  }
}

export const examScreen = (view: OverviewView, context: ScreenContext): ScreenModel => {
  const { columns, rows, ui } = context
  const focus = focusIn(ui, ORDER)
  const height = bodyRows(context, view)
  const region = ui.zoomed
    ? { pane: focus, width: columns, height }
    : examRegion(columns, height, shapeOf(columns, rows), {
        tasks: view.tasks.length + 6,
        others: ['task', 'notes'],
        focus,
      })
  const panes: ScreenModel['panes'] = {}
  for (const place of placesIn(region))
    panes[place.pane] = paneFor(place.pane, view, context, place, place.pane === focus)
  return {
    header: { left: line(span('meshdojo', 'strong'), '  exam'), right: clockLine(view, columns) },
    panes,
    order: ORDER,
    strip: [],
    region,
    focus,
  }
}
