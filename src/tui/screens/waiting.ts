/** The short screens before a lab: it opens, or it could not be opened and what to do about it. */
import type { View } from '../../session/types.ts'
import { markdown } from '../lines/markdown.ts'
import type { PaneModel, ScreenContext, ScreenModel } from '../model.ts'
import { blank, line, span, wrapText } from '../text.ts'
import { bodyRows, innerWidth } from './frame.ts'

export type WaitingView = Extract<View, { screen: 'opening' | 'failed' }>

const pane = (view: WaitingView, width: number): PaneModel => {
  const title = line(span(view.scenario.metadata.title, 'strong'))
  const base = { id: 'page' as const, key: `page/${view.screen}` }
  if (view.screen === 'opening') {
    const step = view.scenario.spec.steps[view.stepIndex]
    const heading = view.stepIndex === 0 ? 'The first task' : `Step ${view.stepIndex + 1}: ${step?.title}`
    const first = step ? [blank, line(span(heading, 'strong')), ...markdown(step.task, width)] : []
    return { ...base, title: 'Opening', lines: [title, blank, ...wrapText(view.says, width), ...first] }
  }
  return {
    ...base,
    title: 'This did not work',
    lines: [
      title,
      blank,
      ...wrapText(view.says, width),
      blank,
      line(span('Next', 'strong')),
      ...wrapText(view.next, width),
    ],
  }
}

export const waitingScreen = (view: WaitingView, context: ScreenContext): ScreenModel => {
  const region = { pane: 'page' as const, width: context.columns, height: bodyRows(context, view) }
  return {
    header: { left: line(span('meshdojo', 'strong'), `  ${view.scenario.metadata.title}`), right: line(view.screen) },
    panes: { page: pane(view, innerWidth(region)) },
    order: ['page'],
    strip: [],
    region,
    focus: 'page',
  }
}
