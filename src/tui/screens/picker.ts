/** The scenarios, and one of them in words. */
import type { CatalogueEntry, View } from '../../session/types.ts'
import { type Placed, pickerRegion, placesIn, shapeOf } from '../layout.ts'
import { aboutLines, catalogueLines, listed } from '../lines/catalogue.ts'
import { plural } from '../lines/words.ts'
import type { PaneModel, ScreenContext, ScreenModel } from '../model.ts'
import { selectedIn } from '../scroll.ts'
import { line, span } from '../text.ts'
import { bodyRows, focusIn, innerWidth } from './frame.ts'

export type PickerView = Extract<View, { screen: 'picker' }>

const LIST = 'scenarios'

/** The entries on the screen, and the one that `enter` opens. */
export const pickerSelection = (
  view: PickerView,
  { filter, scroll }: Pick<ScreenContext['ui'], 'filter' | 'scroll'>,
): { entries: CatalogueEntry[]; selected: number; entry?: CatalogueEntry; start: number } => {
  const entries = listed(view.catalogue, filter)
  const resume = entries.findIndex((entry) => entry.scenario.metadata.name === view.resume)
  const open = entries.findIndex((entry) => entry.progress.state !== 'done')
  const start = Math.max(0, resume >= 0 ? resume : open)
  const selected = selectedIn(scroll[LIST], { items: entries.map((_, index) => index), start })
  return { entries, selected, entry: entries[selected], start }
}

const listPane = (view: PickerView, { ui, theme }: ScreenContext, place: Placed, focused: boolean): PaneModel => {
  const { entries, selected, start } = pickerSelection(view, ui)
  const width = innerWidth(place)
  const typing = ui.typing === 'filter'
  const filter =
    typing || ui.filter !== ''
      ? [line(span('filter: ', 'strong'), span(ui.filter, 'code'), typing ? span('_', 'selected') : '')]
      : []
  return {
    id: 'scenarios',
    key: LIST,
    title: 'Scenarios',
    note: filter.length > 0 ? [`${entries.length} of ${view.catalogue.length}`] : [],
    head: filter,
    ...catalogueLines(entries, selected, { focused, width, ellipsis: theme.ellipsis }),
    start,
  }
}

export const pickerScreen = (view: PickerView, context: ScreenContext): ScreenModel => {
  const { columns, ui } = context
  const shape = shapeOf(columns, context.rows)
  const order = ['scenarios', 'about'] as const
  const focus = focusIn(ui, order)
  const height = bodyRows(context, view)
  const region = ui.zoomed ? { pane: focus, width: columns, height } : pickerRegion(columns, height, shape, focus)
  const { entry } = pickerSelection(view, ui)
  const panes: ScreenModel['panes'] = {}
  for (const place of placesIn(region)) {
    panes[place.pane] =
      place.pane === 'scenarios'
        ? listPane(view, context, place, focus === 'scenarios')
        : {
            id: 'about',
            key: `about/${entry?.scenario.metadata.name ?? ''}`,
            title: 'About',
            lines: aboutLines(entry, innerWidth(place)),
          }
  }
  const done = view.catalogue.filter((one) => one.progress.state === 'done').length
  return {
    header: {
      left: line(span('meshdojo', 'strong'), columns < 70 ? '' : '  service-mesh security, by doing'),
      right: line(`${done} of ${plural(view.catalogue.length, 'scenario')} done`),
    },
    panes,
    order: [...order],
    strip: [],
    region,
    focus,
  }
}
