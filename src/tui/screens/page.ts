/** The pages over the body: keys and commands, hints, the solution, why a check or a pair of the map is as it is. */
import type { LabView, View } from '../../session/types.ts'
import { MAX_TEXT } from '../layout.ts'
import { listedChecks } from '../lines/checks.ts'
import { checkExplained, pairExplained } from '../lines/explain.ts'
import { type HelpEntry, helpLines } from '../lines/help.ts'
import { hintLines, solutionLines } from '../lines/hints.ts'
import { markdown } from '../lines/markdown.ts'
import { pairsOf } from '../lines/matrix.ts'
import type { PaneContext, PaneModel } from '../model.ts'
import type { Page } from '../reducer.ts'
import { clean, line, span, wrapText } from '../text.ts'

const ID = 'page' as const

const explainCheck = (view: LabView, page: Extract<Page, { kind: 'explain-check' }>, width: number): PaneModel => {
  const check = listedChecks(view).find((one) => one.step === page.step && one.id === page.check)
  return {
    id: ID,
    key: `page/check/${page.step}/${page.check}`,
    title: 'Why this check is as it is',
    lines: check ? checkExplained(view, check, width) : wrapText('This check holds again.', width),
  }
}

const explainCell = (view: LabView, page: Extract<Page, { kind: 'explain-cell' }>, width: number): PaneModel => {
  const pair = view.matrix && pairsOf(view.matrix).find(({ row, column }) => row === page.row && column === page.column)
  return {
    id: ID,
    key: `page/cell/${page.row}/${page.column}`,
    title: 'Why this traffic goes as it goes',
    lines: pair ? pairExplained(pair, width) : wrapText('This pair is not in the map any more.', width),
  }
}

const hints = (view: LabView, _page: Page, width: number): PaneModel => {
  const all = view.hints.length + view.hintsLeft
  const note = [`${view.hints.length} of ${all} shown`]
  return { id: ID, key: 'page/hints', title: 'Hints', note, lines: hintLines(view, width) }
}

const solution = (view: LabView, _page: Page, width: number): PaneModel => ({
  id: ID,
  key: 'page/solution',
  title: 'Solution',
  lines: solutionLines(view, width),
})

/** The pages that lie over a lab: a new one is a kind in the reducer and a row here. Help needs the keymap, see `helpPane`. */
const pages: {
  [Kind in Exclude<Page['kind'], 'help' | 'document' | 'wire'>]: (
    view: LabView,
    page: Extract<Page, { kind: Kind }>,
    width: number,
  ) => PaneModel
} = {
  hints,
  solution,
  'explain-check': explainCheck,
  'explain-cell': explainCell,
}

/** The page that is open over a lab. */
export const pagePane = (view: LabView, { ui: { page }, width }: PaneContext): PaneModel | undefined => {
  if (!page || page.kind === 'help' || page.kind === 'document' || page.kind === 'wire') return undefined
  return (pages[page.kind] as (view: LabView, page: Page, width: number) => PaneModel)(view, page, width)
}

/** Markdown over whatever screen. */
export const documentPane = (
  { title, text }: Extract<Page, { kind: 'document' }>,
  { width, theme }: PaneContext,
): PaneModel => ({
  id: ID,
  key: `page/document/${title}`,
  title,
  lines: markdown(clean(text, theme.ascii), Math.min(width, MAX_TEXT)),
})

/** Keys and commands: searchable, and `enter` runs the selected one. */
export const helpPane = (view: View, entries: HelpEntry[], { ui, width }: PaneContext, selected: number): PaneModel => {
  const typing = ui.typing === 'search'
  const search =
    typing || ui.search !== ''
      ? [line(span(': ', 'strong'), span(ui.search, 'code'), typing ? span('_', 'selected') : '')]
      : []
  return {
    id: ID,
    key: 'help',
    title: ui.page?.kind === 'help' ? ui.page.title : 'Keys',
    note: ['enter runs the selected one'],
    head: search,
    ...helpLines(entries, selected, width, view.screen === 'lab' && ui.search === ''),
  }
}
