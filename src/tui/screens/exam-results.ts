/** The end of an exam: grading is under way, and then score, what was missed, and what teaches it. */
import type { ExamView } from '../../exam/types.ts'
import { examRegion, placesIn, shapeOf } from '../layout.ts'
import { resultDetail, resultRows, scoreLines } from '../lines/exam.ts'
import { shortPath } from '../lines/words.ts'
import type { PaneId, ScreenContext, ScreenModel } from '../model.ts'
import { selectedIn } from '../scroll.ts'
import { line, span, wrapText } from '../text.ts'
import { bodyRows, focusIn, innerWidth } from './frame.ts'

export type ResultsView = Extract<ExamView, { screen: 'exam-results' }>

const LIST = 'exam/results'
const ORDER: PaneId[] = ['tasks', 'result']

const selectionOf = ({ results: { tasks } }: ResultsView, { scroll }: Pick<ScreenContext['ui'], 'scroll'>) => {
  const start = Math.max(
    0,
    tasks.findIndex(({ points, weight }) => points < weight),
  )
  return { start, selected: selectedIn(scroll[LIST], { items: tasks.map((_, index) => index), start }) }
}

export const examResultsScreen = (view: ResultsView, context: ScreenContext): ScreenModel => {
  const { columns, rows, ui, theme, home } = context
  const { results } = view
  const shape = shapeOf(columns, rows)
  const focus = focusIn(ui, ORDER)
  const height = bodyRows(context, view)
  const { start, selected } = selectionOf(view, ui)
  const region = ui.zoomed
    ? { pane: focus, width: columns, height }
    : examRegion(columns, height, shape, {
        tasks: results.tasks.length + results.competencies.length + 4,
        others: ['result'],
        focus,
      })
  const panes: ScreenModel['panes'] = {}
  for (const place of placesIn(region)) {
    const width = innerWidth(place)
    if (place.pane === 'tasks') {
      const list = resultRows(results, selected, { width, focused: focus === 'tasks', ellipsis: theme.ellipsis })
      panes.tasks = { id: 'tasks', key: LIST, title: 'Score', start, head: scoreLines(results, width), ...list }
    } else
      panes.result = {
        id: 'result',
        key: `exam/result/${selected}`,
        title: `Task ${selected + 1}`,
        lines: resultDetail(
          results.tasks[selected],
          view.reports.map((path) => shortPath(path, home)),
          width,
        ),
      }
  }
  return {
    header: {
      left: line(span('meshdojo', 'strong'), '  exam results'),
      right: line(`seed ${results.seed}, ${results.minutes} min`),
    },
    panes,
    order: ORDER,
    strip: [],
    region,
    focus,
  }
}

type GradingView = Extract<ExamView, { screen: 'exam-grading' }>

export const examGradingScreen = (view: GradingView, context: ScreenContext): ScreenModel => {
  const region = { pane: 'page' as const, width: context.columns, height: bodyRows(context, view) }
  const width = innerWidth(region)
  const lines = [
    ...wrapText(view.says, width),
    ...wrapText(
      '\nEach task that you opened is graded as you left it. What you had made is safe: this may be interrupted.',
      width,
    ),
  ]
  return {
    header: { left: line(span('meshdojo', 'strong'), '  exam'), right: line('over') },
    panes: { page: { id: 'page', key: 'page/exam-grading', title: 'Grading', lines } },
    order: ['page'],
    strip: [],
    region,
    focus: 'page',
  }
}
