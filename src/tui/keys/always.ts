/** Keys that every screen has: moving about, help, and the ways out. */
import type { View } from '../../session/types.ts'
import { canStop } from '../hand-over.ts'
import { placesIn } from '../layout.ts'
import { extentOf, type PaneId, type PaneModel } from '../model.ts'
import type { UiState } from '../reducer.ts'
import { innerHeight } from '../screens/frame.ts'
import type { Move } from '../scroll.ts'
import type { ThemeOptions } from '../theme.ts'
import { anywhere, type Binding, inLab, type KeyContext } from './binding.ts'

const focused = ({ screen }: KeyContext): PaneModel | undefined => screen.panes[screen.focus]

const moves = (by: Move, keys: string[], label: string, says: string, on: Binding['on'] = anywhere): Binding => ({
  keys,
  label,
  says,
  short: says,
  group: 'Moving',
  on,
  run: (context) => {
    const pane = focused(context)
    const place = placesIn(context.screen.region).find((one) => one.pane === context.screen.focus)
    if (!pane || !place) return
    context.act.dispatch({ type: 'move', key: pane.key, by, extent: extentOf(pane, innerHeight(place)) })
  },
})

const focusStep =
  (by: 1 | -1) =>
  ({ screen, act }: KeyContext) => {
    const { order } = screen
    const index = order.indexOf(screen.focus)
    act.dispatch({ type: 'focus', pane: order[(index + by + order.length) % order.length]! })
  }

const focusNumber = (number: number): Binding => ({
  keys: [String(number)],
  label: String(number),
  short: '',
  says: `go to pane ${number}`,
  group: 'Moving',
  on: ({ screen }) => screen.order.length >= number && screen.order.length > 1,
  run: ({ screen, act }) => act.dispatch({ type: 'focus', pane: screen.order[number - 1] as PaneId }),
})

/** Found by name only: nobody needs it twice. */
const look = (what: keyof ThemeOptions, label: string, says: string): Binding => ({
  keys: [],
  label,
  short: label.slice(1),
  says,
  group: 'Look',
  on: anywhere,
  run: ({ act }) => act.look(what),
})

const back = ({ view, ui, act }: KeyContext) => {
  if (ui.page) act.dispatch({ type: 'close' })
  else if (view.screen === 'picker') act.dispatch({ type: 'ask', question: 'quit' })
  else if (view.screen === 'lab' && !view.finished) act.dispatch({ type: 'ask', question: 'leave' })
  else if (view.screen === 'exam') act.dispatch({ type: 'ask', question: 'leave-exam' })
  else if (view.screen === 'exam-grading') act.quit()
  else act.send({ type: 'LEAVE' })
}

/** The list of scenarios is on the screen, and not all of it. */
const isFiltered = (ui: UiState, view: View): boolean => view.screen === 'picker' && !ui.page && ui.filter !== ''

export const alwaysKeys: Binding[] = [
  moves('down', ['j', 'down'], 'j down', 'down'),
  moves('up', ['k', 'up'], 'k up', 'up'),
  moves('left', ['left'], 'left', 'left, in the traffic map', inLab),
  moves('right', ['right'], 'right', 'right, in the traffic map', inLab),
  moves('top', ['g', 'home'], 'g home', 'top'),
  moves('bottom', ['G', 'end'], 'G end', 'bottom'),
  moves('pagedown', [' ', 'pagedown'], 'space', 'page down'),
  moves('pageup', ['b', 'pageup'], 'b', 'page up'),
  {
    keys: ['tab'],
    label: 'tab',
    short: 'pane',
    says: 'next pane; shift-tab goes back',
    group: 'Moving',
    priority: ({ screen }) => ('pane' in screen.region ? 92 : 60),
    on: ({ screen }) => screen.order.length > 1,
    run: focusStep(1),
  },
  {
    keys: ['shift-tab'],
    label: 'shift-tab',
    short: 'pane',
    says: 'previous pane',
    group: 'Moving',
    on: ({ screen }) => screen.order.length > 1,
    run: focusStep(-1),
  },
  ...[1, 2, 3, 4].map(focusNumber),
  {
    keys: ['z'],
    label: 'z',
    short: ({ ui }) => (ui.zoomed ? 'unzoom' : 'zoom'),
    says: 'this pane over the whole window; again to undo',
    group: 'Moving',
    priority: ({ ui }) => (ui.zoomed ? 78 : 50),
    on: ({ screen }) => screen.order.length > 1,
    run: ({ act }) => act.dispatch({ type: 'zoom' }),
  },
  {
    keys: [':'],
    label: ':',
    short: 'commands',
    says: 'all commands, by name',
    group: 'Always',
    priority: ({ ui }) => (ui.page?.kind === 'help' ? 0 : 45),
    on: anywhere,
    run: ({ act }) => act.dispatch({ type: 'open', page: { kind: 'help', title: 'Commands' }, typing: 'search' }),
  },
  {
    keys: ['esc'],
    label: 'esc',
    short: ({ ui, view }) => (isFiltered(ui, view) ? 'all scenarios' : 'close'),
    says: 'close what is on top; never quits',
    group: 'Always',
    // In the list of keys, ? closes, and says so.
    priority: ({ ui, view }) => (isFiltered(ui, view) ? 85 : ui.page && ui.page.kind !== 'help' ? 65 : 0),
    on: anywhere,
    run: ({ act }) => act.dispatch({ type: 'close' }),
  },
  ...(canStop
    ? [
        {
          keys: ['ctrl-z'],
          label: 'ctrl-z',
          short: '',
          says: 'suspend; fg returns',
          group: 'Always',
          on: anywhere,
          run: ({ act }: KeyContext) => act.stop(),
        },
      ]
    : []),
  {
    keys: ['ctrl-l'],
    label: 'ctrl-l',
    short: '',
    says: 'draw the screen again',
    group: 'Always',
    on: anywhere,
    run: ({ act }) => act.redraw(),
  },
  {
    keys: ['ctrl-c'],
    label: 'ctrl-c',
    short: '',
    says: 'twice: quit at once; progress is kept',
    group: 'Always',
    on: anywhere,
    run: ({ act }) => act.dispatch({ type: 'arm' }),
  },
  look('ascii', ':charset', 'ASCII instead of lines, or lines again (charset ascii)'),
  look('colour', ':colour', 'no colour, or colour again; bold and inverse stay'),
  look('light', ':light', 'colours for a light background, or for a dark one again'),
  {
    keys: ['?'],
    label: '?',
    short: ({ ui }) => (ui.page?.kind === 'help' ? 'close' : 'help'),
    says: 'this list',
    group: 'Always',
    on: anywhere,
    run: ({ ui, act }) =>
      act.dispatch(
        ui.page?.kind === 'help' ? { type: 'close' } : { type: 'open', page: { kind: 'help', title: 'Keys' } },
      ),
  },
  {
    keys: ['q'],
    label: 'q',
    short: ({ view, ui }) => (view.screen === 'picker' && !ui.page ? 'quit' : 'back'),
    says: 'back; asks first where there is something to lose',
    group: 'Always',
    on: anywhere,
    run: back,
  },
]
