/** The View and the TUI's own state, as a screen. */
import type { View } from '../session/types.ts'
import { type Act, commandsFor, type KeyContext } from './keys.ts'
import type { PaneContext, PaneModel, ScreenContext, ScreenModel } from './model.ts'
import { examScreen } from './screens/exam.ts'
import { examGradingScreen, examResultsScreen } from './screens/exam-results.ts'
import { examTaskScreen } from './screens/exam-task.ts'
import { innerHeight, innerWidth } from './screens/frame.ts'
import { labScreen } from './screens/lab.ts'
import { documentPane, helpPane } from './screens/page.ts'
import { pickerScreen } from './screens/picker.ts'
import { waitingScreen } from './screens/waiting.ts'
import { selectedIn } from './scroll.ts'

/** Every screen by its view's name: a new one is a file in screens/, a row here, and its keys in keys/. */
const screens: {
  [Name in View['screen']]: (view: Extract<View, { screen: Name }>, context: ScreenContext) => ScreenModel
} = {
  picker: pickerScreen,
  opening: waitingScreen,
  failed: waitingScreen,
  lab: labScreen,
  exam: examScreen,
  'exam-task': examTaskScreen,
  'exam-grading': examGradingScreen,
  'exam-results': examResultsScreen,
}

const baseScreen = (view: View, context: ScreenContext): ScreenModel =>
  (screens[view.screen] as (view: View, context: ScreenContext) => ScreenModel)(view, context)

/** Help covers every screen in the same way; its content is the keymap, filtered by the screen behind it. */
const withHelp = (view: View, context: ScreenContext, behind: ScreenModel, act: Act): ScreenModel => {
  const keys: KeyContext = { view, ui: context.ui, screen: behind, act }
  const entries = commandsFor(keys).map(({ entry }) => entry)
  const selected = selectedIn(context.ui.scroll.help, { items: entries.map((_, index) => index), start: 0 })
  return covered(context, behind, (inner) => helpPane(view, entries, inner, selected))
}

/** One pane over all of the body. */
const covered = (context: ScreenContext, behind: ScreenModel, page: (inner: PaneContext) => PaneModel): ScreenModel => {
  const region = { pane: 'page' as const, width: context.columns, height: heightOf(behind) + behind.strip.length }
  const inner = { ...context, width: innerWidth(region), height: innerHeight(region), focused: true }
  return { ...behind, region, focus: 'page', order: ['page'], strip: [], panes: { page: page(inner) }, behind }
}

const heightOf = (screen: ScreenModel): number => {
  const sum = (region: ScreenModel['region']): number =>
    'pane' in region
      ? region.height
      : 'across' in region
        ? Math.max(...region.across.map(sum))
        : region.down.map(sum).reduce((a, b) => a + b, 0)
  return sum(screen.region)
}

export const screenFor = (view: View, context: ScreenContext, act: Act): ScreenModel => {
  const { page } = context.ui
  if (page?.kind !== 'help' && page?.kind !== 'document') return baseScreen(view, context)
  const behind = baseScreen(view, { ...context, ui: { ...context.ui, page: undefined } })
  if (page.kind === 'document') return covered(context, behind, (inner) => documentPane(page, inner))
  return withHelp(view, context, behind, act)
}
