/** One task of an exam: its text, its file and its cluster, and nothing that would help. */
import type { ExamView, TaskLab } from '../../exam/types.ts'
import { placesIn, shapeOf } from '../layout.ts'
import { clockLine } from '../lines/exam.ts'
import { feedLines } from '../lines/feed.ts'
import { markdown } from '../lines/markdown.ts'
import { clock, exportLine, pathEnd, shortPath } from '../lines/words.ts'
import type { PaneId, PaneModel, ScreenContext, ScreenModel } from '../model.ts'
import { blank, fill, type Line, line, span, wrap, wrapText } from '../text.ts'
import { bodyRows, focusIn, innerWidth } from './frame.ts'

export type ExamTaskView = Extract<ExamView, { screen: 'exam-task' }>

const ORDER: PaneId[] = ['task', 'events']

const fileState = ({ lastApply }: Extract<TaskLab, { state: 'open' }>['file']): Line => {
  if (!lastApply) return line('not edited yet; saving applies it')
  return lastApply.ok
    ? line(`${clock(lastApply.at)} ${lastApply.says}`)
    : line(span('not applied ', 'fail'), `${clock(lastApply.at)}, see below`)
}

/** Where the task's cluster is at. `exported`: the line for other terminals is on the screen already. */
const labLines = (lab: TaskLab, width: number, { home, theme }: ScreenContext, exported: boolean): Line[] => {
  if (lab.state === 'opening') return [blank, ...wrap(line(span('cluster ', 'strong'), lab.says), width, 2)]
  if (lab.state === 'failed')
    return [blank, ...wrap(line(span('no cluster ', 'fail'), lab.says), width, 2), ...wrapText(lab.next, width)]
  const path = pathEnd(shortPath(lab.file.path, home), width, theme.ellipsis)
  return [
    blank,
    ...wrap(line(span('e', 'key'), ' ', span(path, 'code')), width, 2),
    ...wrap(line('  ', ...fileState(lab.file)), width, 2),
    ...(exported
      ? wrap(line(span('!', 'key'), ' shell, or the line below'), width, 2)
      : wrap(
          line(span('!', 'key'), ' shell, or ', span(exportLine(shortPath(lab.kubeconfig, home)), 'code')),
          width,
          2,
        )),
  ]
}

const stripOf = (lab: TaskLab, { columns, rows, theme, home }: ScreenContext): Line[] => {
  if (lab.state !== 'open') return []
  const text = exportLine(shortPath(lab.kubeconfig, home))
  if (shapeOf(columns, rows) === 'single' || text.length > columns) return []
  return [fill(line(span(text, 'code')), columns, theme.ellipsis)]
}

export const examTaskScreen = (view: ExamTaskView, context: ScreenContext): ScreenModel => {
  const { columns, rows, ui } = context
  const strip = stripOf(view.lab, context)
  const height = bodyRows(context, view) - strip.length
  const focus = focusIn(ui, ORDER)
  const task = view.tasks[view.current]!
  const single = ui.zoomed || shapeOf(columns, rows) === 'single'
  const events = Math.max(4, Math.min(10, Math.floor(height * 0.25)))
  const region = single
    ? { pane: focus, width: columns, height }
    : {
        down: [
          { pane: 'task' as const, width: columns, height: height - events },
          { pane: 'events' as const, width: columns, height: events },
        ],
      }
  const panes: ScreenModel['panes'] = {}
  for (const place of placesIn(region)) {
    const width = innerWidth(place)
    const feed = view.lab.state === 'open' ? feedLines(view.lab.feed, width) : []
    const events: PaneModel = {
      id: 'events',
      key: `exam/events/${view.current}`,
      title: 'Events',
      lines: feed.length > 0 ? feed : [line('nothing yet')],
    }
    const text: PaneModel = {
      id: 'task',
      key: `exam/task/${view.current}`,
      title: task.title,
      note: [`${task.weight}%`, ...(task.flagged ? ['flag'] : []), ...(task.done ? ['done'] : []), task.lab],
      lines: markdown(task.task, Math.min(width, 100)),
      foot: labLines(view.lab, width, context, strip.length > 0),
    }
    panes[place.pane] = place.pane === 'events' ? events : text
  }
  return {
    header: {
      left: line(span('meshdojo', 'strong'), `  exam  task ${view.current + 1}/${view.tasks.length}`),
      right: clockLine(view, columns),
    },
    panes,
    order: ORDER,
    strip,
    region,
    focus,
  }
}
