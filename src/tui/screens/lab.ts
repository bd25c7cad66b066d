/** The lab: task, checks, traffic, events; and the page that may lie over a part of them. */
import type { LabView, Matrix } from '../../session/types.ts'
import {
  labRegion,
  type Needs,
  pageRegion,
  placesIn,
  readingRegion,
  type Shape,
  shapeOf,
  taskWidth,
} from '../layout.ts'
import { checkDetail, checkLines, countOf, firstOpen, type ListedCheck, listedChecks } from '../lines/checks.ts'
import { feedLines } from '../lines/feed.ts'
import {
  countWrong,
  legend,
  matrixSentences,
  matrixTable,
  type Pair,
  pairDetail,
  pairInShort,
  pairsOf,
} from '../lines/matrix.ts'
import { type Paths, taskText } from '../lines/task.ts'
import { clock, exportLine, shortPath } from '../lines/words.ts'
import type { PaneContext, PaneId, PaneModel, ScreenContext, ScreenModel } from '../model.ts'
import type { TrafficAs, UiState } from '../reducer.ts'
import { selectedIn } from '../scroll.ts'
import { fill, type Line, line, span, wrapText } from '../text.ts'
import { bodyRows, focusIn, innerHeight, innerWidth } from './frame.ts'
import { pagePane } from './page.ts'
import { wireLayout, wireOrder, wirePane } from './wire.ts'

const stepKey = (view: LabView): string => `${view.scenario.metadata.name}/${view.stepIndex}`

const checksKey = (view: LabView): string => `checks/${stepKey(view)}`
/** The three tables share what is selected; the sentences have an order of their own. */
const trafficKey = (view: LabView, ui: UiState): string =>
  `traffic/${view.scenario.metadata.name}/${ui.trafficAs === 'words' ? 'words' : 'table'}`

/** The selected check: the first that fails, until the learner chooses another. */
export const checkSelection = (
  view: LabView,
  ui: UiState,
): { checks: ListedCheck[]; selected: number; start: number } => {
  const checks = listedChecks(view)
  const start = firstOpen(checks)
  return { checks, start, selected: selectedIn(ui.scroll[checksKey(view)], { items: checks.map((_, i) => i), start }) }
}

/** The selected pair of the traffic map: the first wrong one, until the learner chooses another. */
export const pairSelection = (view: LabView, ui: UiState): { pairs: Pair[]; selected: number; start: number } => {
  if (!view.matrix) return { pairs: [], selected: 0, start: 0 }
  const pairs = ui.trafficAs === 'words' ? matrixSentences(view.matrix, 0, 80).pairs : pairsOf(view.matrix)
  const wrong = pairs.findIndex(({ cell }) => cell.wrong)
  const start = Math.max(0, wrong >= 0 ? wrong : pairs.findIndex(({ cell }) => cell.letter !== '.'))
  return {
    pairs,
    start,
    selected: selectedIn(ui.scroll[trafficKey(view, ui)], { items: pairs.map((_, i) => i), start }),
  }
}

const checksPane = (view: LabView, { width, ui, focused }: PaneContext): PaneModel => {
  const { checks, selected, start } = checkSelection(view, ui)
  const { passed, all } = countOf(view)
  const when = view.grading ? 'checking' : view.gradedAt ? `at ${clock(view.gradedAt)}` : 'not checked yet'
  return {
    id: 'checks',
    key: checksKey(view),
    title: 'Checks',
    note: [`${passed}/${all}`, when],
    ...checkLines(checks, selected, focused, width),
    foot: checkDetail(checks[selected], width),
    start,
  }
}

/** The selected pair in words and the letters' meaning, as far as `room` rows go. */
const trafficFoot = (
  matrix: Matrix,
  pair: Pair | undefined,
  { width, room, focused, as }: { width: number; room: number; focused: boolean; as: TrafficAs },
): Line[] => {
  const says = pairDetail(pair, width)
  const letters = legend(matrix, width, as)
  const named = pair ? [pairInShort(pair)] : []
  if (room >= says.length + letters.length) return [...says, ...letters]
  if (room >= named.length + letters.length) return [...named, ...letters]
  return focused ? named : letters
}

const trafficTitles: Record<TrafficAs, string> = {
  now: 'Traffic',
  both: 'Traffic now/goal',
  goal: 'Traffic goal',
  words: 'Traffic in words',
}

const trafficPane = (view: LabView, { width, height, ui, focused }: PaneContext): PaneModel => {
  const { matrix } = view
  const base = { id: 'traffic' as const, key: trafficKey(view, ui), title: trafficTitles[ui.trafficAs] }
  if (!matrix) return { ...base, lines: wrapText('The map appears when the cluster is up.', width) }
  const { pairs, selected, start } = pairSelection(view, ui)
  const wrong = countWrong(matrix)
  const note = [
    ...(wrong > 0 ? [`${wrong} not the goal`] : []),
    ...(matrix.pending > 0 ? [`probing ${matrix.pending}`] : []),
  ]
  if (ui.trafficAs === 'words') return { ...base, note, start, ...matrixSentences(matrix, selected, width) }
  const as = ui.trafficAs
  const table = matrixTable(matrix, selected, width, as)
  const room = height - table.head.length - table.lines.length
  const foot = trafficFoot(matrix, pairs[selected], { width, room, focused, as })
  return { ...base, note, start, ...table, keep: table.lines.length, stride: Math.max(1, matrix.targets.length), foot }
}

const eventsPane = (view: LabView, { width }: PaneContext): PaneModel => {
  const lines = feedLines(view.feed, width)
  return { id: 'events', key: 'events', title: 'Events', lines: lines.length > 0 ? lines : [line('nothing yet')] }
}

const taskPane = (view: LabView, inner: PaneContext, paths: Paths): PaneModel => {
  const { key, ...text } = taskText(view, inner, paths)
  const note = [`step ${view.stepIndex + 1}/${view.scenario.spec.steps.length}`]
  return { id: 'task', key: `task/${key}`, note, ...text }
}

const paneFor = (id: PaneId, view: LabView, context: PaneContext, paths: Paths): PaneModel | undefined => {
  if (id === 'task') return taskPane(view, context, paths)
  if (id === 'checks') return checksPane(view, context)
  if (id === 'traffic') return trafficPane(view, context)
  return id === 'events' ? eventsPane(view, context) : undefined
}

const rowsOf = (pane: PaneModel): number => (pane.head?.length ?? 0) + pane.lines.length + (pane.foot?.length ?? 0) + 2

const needsOf = (view: LabView, context: ScreenContext): Needs => {
  const { ui } = context
  const width = innerWidth({
    width: context.columns - taskWidth(context.columns, shapeOf(context.columns, context.rows)),
  })
  const inner = { width, height: 99, theme: context.theme, ui: context.ui, focused: false }
  const table =
    view.matrix && ui.trafficAs !== 'words'
      ? view.matrix.sources.length + 1 + legend(view.matrix, width, ui.trafficAs).length
      : 6
  return {
    checks: rowsOf(checksPane(view, inner)),
    traffic: rowsOf(trafficPane(view, inner)),
    trafficAtLeast: table + 2,
  }
}

/** The line for other terminals, where it fits on one row. Elsewhere it stands in the task pane. */
const exportStrip = (view: LabView, { columns, rows, theme, home }: ScreenContext): Line[] => {
  const text = exportLine(shortPath(view.kubeconfig, home))
  if (shapeOf(columns, rows) === 'single' || text.length > columns) return []
  return [fill(line(span(text, 'code')), columns, theme.ellipsis)]
}

/**
 * Where the task pane is narrow, whoever goes there reads over the whole width, the checks below; so does everybody after a
 * pass, until traffic or events are asked for.
 */
const isReading = (view: LabView, { focusChosen }: UiState, focus: PaneId, shape: Shape): boolean =>
  shape === 'medium' && (view.stepPassed ? focus === 'task' || focus === 'checks' : focus === 'task' && focusChosen)

const ORDER: PaneId[] = ['task', 'checks', 'traffic', 'events']

export const labScreen = (view: LabView, context: ScreenContext): ScreenModel => {
  const { columns, ui, theme, home } = context
  const shape = shapeOf(columns, context.rows)
  const strip = exportStrip(view, context)
  const height = bodyRows(context, view) - strip.length
  // Where one pane is all there is room for, the task comes first.
  const inPane = shape === 'single' && !ui.focusChosen ? 'task' : focusIn(ui, ORDER)
  const wire = ui.page?.kind === 'wire' ? wireLayout(context, height, shape) : undefined
  const focus: PaneId = wire ? wire.focus : ui.page ? 'page' : inPane
  const needs = needsOf(view, context)
  const region = wire
    ? wire.region
    : ui.page
      ? pageRegion(columns, height, shape, needs, ui.page.kind !== 'help')
      : ui.zoomed
        ? { pane: focus, width: columns, height }
        : isReading(view, ui, focus, shape)
          ? readingRegion(columns, height, needs)
          : labRegion(columns, height, shape, needs, focus)
  const paths = { home, exported: strip.length > 0, ellipsis: theme.ellipsis }
  const panes: ScreenModel['panes'] = {}
  for (const place of placesIn(region)) {
    const inner = { width: innerWidth(place), height: innerHeight(place), theme, ui, focused: place.pane === focus }
    panes[place.pane] =
      ui.page?.kind === 'wire'
        ? wirePane(place.pane, view, ui.page, inner)
        : place.pane === 'page'
          ? pagePane(view, inner)
          : paneFor(place.pane, view, inner, paths)
  }
  const { passed, all } = countOf(view)
  return {
    header: {
      left: line(span('meshdojo', 'strong'), `  ${view.scenario.metadata.title}`),
      right: line(`step ${view.stepIndex + 1}/${view.scenario.spec.steps.length}  ${passed}/${all} checks`),
    },
    panes,
    order: wire ? wireOrder : ui.page ? ['page'] : ORDER,
    strip,
    region,
    focus,
  }
}
