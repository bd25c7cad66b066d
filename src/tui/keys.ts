/**
 * Every key of the program, as records. Lookup, footer, help and palette all read this one table, so that what is shown
 * is what works. The first record whose key matches and whose `when` holds is the one that runs.
 *
 * Kept free: Ctrl-A and Ctrl-B (tmux, screen), Ctrl-S and Ctrl-Q (flow control), Alt, function keys, and characters that
 * need AltGr on some keyboards.
 */
import type { LabView, UserEvent, View } from '../session/types.ts'
import { canStop } from './hand-over.ts'
import { placesIn } from './layout.ts'
import type { HelpEntry } from './lines/help.ts'
import { extentOf, type PaneId, type PaneModel, type ScreenModel, selectedItem } from './model.ts'
import type { Action, UiState } from './reducer.ts'
import { innerHeight } from './screens/frame.ts'
import { checkSelection, pairSelection } from './screens/lab.ts'
import { pickerSelection } from './screens/picker.ts'
import type { Move } from './scroll.ts'

/** What a key can set in motion. */
export interface Act {
  dispatch(action: Action): void
  send(event: UserEvent): void
  edit(): void
  shell(): void
  /** Suspends the program, as Ctrl-Z does elsewhere. */
  stop(): void
  redraw(): void
  copy(text: string): void
  quit(how?: 'interrupted'): void
}

export interface KeyContext {
  view: View
  ui: UiState
  screen: ScreenModel
  act: Act
}

export interface Binding {
  keys: string[]
  /** As it is shown: `j k`. */
  label: string
  /** One or two words for the footer. */
  short: string | ((context: KeyContext) => string)
  /** For help and palette. */
  says: string
  group: string
  /** Place in the footer, highest first; not there at 0 or without one. */
  priority?: number | ((context: KeyContext) => number)
  /** On this screen at all; help lists it then. */
  on: (context: KeyContext) => boolean
  /** Does something right now. */
  when?: (context: KeyContext) => boolean
  run: (context: KeyContext) => void
}

const anywhere = () => true
const inLab = ({ view }: KeyContext) => view.screen === 'lab'
const inPicker = ({ view }: KeyContext) => view.screen === 'picker'
const onPage =
  (...kinds: string[]) =>
  ({ ui }: KeyContext) =>
    ui.page !== undefined && kinds.includes(ui.page.kind)
const noPage = ({ ui }: KeyContext) => ui.page === undefined
const labOf = ({ view }: KeyContext): LabView | undefined => (view.screen === 'lab' ? view : undefined)

const focused = ({ screen }: KeyContext): PaneModel | undefined => screen.panes[screen.focus]

const moves = (by: Move, keys: string[], label: string, says: string): Binding => ({
  keys,
  label,
  says,
  short: says,
  group: 'Moving',
  on: anywhere,
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

/** The line for other terminals; the path as it is, not shortened. */
export const exportLine = (view: LabView): string => `export KUBECONFIG=${view.kubeconfig}`

const explain = (context: KeyContext) => {
  const view = labOf(context)
  if (!view) return
  if (context.screen.focus === 'traffic') {
    const { pairs, selected } = pairSelection(view, context.ui)
    const pair = pairs[selected]
    if (pair) context.act.dispatch({ type: 'open', page: { kind: 'explain-cell', row: pair.row, column: pair.column } })
    return
  }
  const { checks, selected } = checkSelection(view, context.ui)
  const check = checks[selected]
  if (check) context.act.dispatch({ type: 'open', page: { kind: 'explain-check', step: check.step, check: check.id } })
}

const hint = ({ view, ui, act }: KeyContext) => {
  if (view.screen !== 'lab') return
  // Opening the page again shows what is there; only the key on the page, or the first time, asks for more.
  if (view.hintsLeft > 0 && (ui.page?.kind === 'hints' || view.hints.length === 0)) act.send({ type: 'HINT' })
  if (ui.page?.kind !== 'hints') act.dispatch({ type: 'open', page: { kind: 'hints' } })
}

const solution = ({ view, act }: KeyContext) => {
  if (view.screen !== 'lab') return
  if (view.solution === undefined) act.dispatch({ type: 'ask', question: 'solution' })
  else act.dispatch({ type: 'open', page: { kind: 'solution' } })
}

const back = ({ view, ui, act }: KeyContext) => {
  if (ui.page) act.dispatch({ type: 'close' })
  else if (view.screen === 'picker') act.dispatch({ type: 'ask', question: 'quit' })
  else if (view.screen === 'lab' && !view.finished) act.dispatch({ type: 'ask', question: 'leave' })
  else act.send({ type: 'LEAVE' })
}

const startOrResume = ({ view, ui }: KeyContext): string => {
  if (view.screen !== 'picker') return ''
  const state = pickerSelection(view, ui).entry?.progress.state
  return state === 'started' ? 'resume' : state === 'done' ? 'again' : 'start'
}

const lab: Binding[] = [
  {
    keys: ['n'],
    label: 'n',
    short: ({ view }) =>
      view.screen === 'lab' && view.stepIndex + 1 < view.scenario.spec.steps.length ? 'next step' : 'finish',
    says: 'next step, once this one has passed',
    group: 'Lab',
    priority: 100,
    on: inLab,
    when: (context) => labOf(context)?.stepPassed === true && !labOf(context)?.finished,
    run: ({ act }) => act.send({ type: 'NEXT' }),
  },
  {
    keys: ['e'],
    label: 'e',
    short: 'edit',
    says: "edit the step's file in $VISUAL or $EDITOR; saving applies it",
    group: 'Lab',
    priority: 90,
    on: inLab,
    when: (context) => labOf(context)?.file !== undefined,
    run: ({ act }) => act.edit(),
  },
  {
    keys: ['!'],
    label: '!',
    short: 'shell',
    says: 'shell here with KUBECONFIG set; exit or ctrl-d returns',
    group: 'Lab',
    priority: 85,
    on: inLab,
    run: ({ act }) => act.shell(),
  },
  {
    keys: ['h'],
    label: 'h',
    short: ({ ui }) => (ui.page?.kind === 'hints' ? 'next hint' : 'hint'),
    says: 'hints; on that page, the next one',
    group: 'Lab',
    priority: ({ ui }) => (ui.page?.kind === 'hints' ? 95 : 80),
    on: inLab,
    when: (context) => {
      const view = labOf(context)
      return (
        view !== undefined &&
        (context.ui.page?.kind === 'hints' ? view.hintsLeft > 0 : view.hints.length + view.hintsLeft > 0)
      )
    },
    run: hint,
  },
  {
    keys: ['enter'],
    label: 'enter',
    short: 'why',
    says: 'why the selected check or pair of the map is as it is',
    group: 'Lab',
    priority: 70,
    on: inLab,
    when: (context) => noPage(context) && ['checks', 'traffic'].includes(context.screen.focus),
    run: explain,
  },
  {
    keys: ['s'],
    label: 's',
    short: 'solution',
    says: 'show a solution (asks first)',
    group: 'Lab',
    priority: ({ ui, view }) => (ui.page?.kind === 'hints' && view.screen === 'lab' && view.hintsLeft === 0 ? 94 : 40),
    on: inLab,
    run: solution,
  },
  {
    keys: ['r'],
    label: 'r',
    short: 'check',
    says: 'check now; it also happens by itself after each change',
    group: 'Lab',
    priority: 55,
    on: inLab,
    run: ({ act }) => act.send({ type: 'CHECK' }),
  },
  {
    keys: ['v'],
    label: 'v',
    short: 'view',
    says: 'traffic as a table or as sentences',
    group: 'Lab',
    priority: ({ screen }) => (screen.focus === 'traffic' ? 75 : 30),
    on: inLab,
    when: (context) => noPage(context) && labOf(context)?.matrix !== undefined,
    run: ({ act }) => act.dispatch({ type: 'traffic' }),
  },
  {
    keys: ['x'],
    label: 'x',
    short: 'reset',
    says: 'put the lab back to how this step began (asks first)',
    group: 'Lab',
    priority: 25,
    on: inLab,
    run: ({ act }) => act.dispatch({ type: 'ask', question: 'reset' }),
  },
  {
    keys: ['c'],
    label: 'c',
    short: 'copy',
    says: 'copy the export KUBECONFIG line for another terminal',
    group: 'Lab',
    priority: 20,
    on: inLab,
    run: ({ view, act }) => view.screen === 'lab' && act.copy(exportLine(view)),
  },
]

const picker: Binding[] = [
  {
    keys: ['enter'],
    label: 'enter',
    short: startOrResume,
    says: 'start or resume the selected scenario',
    group: 'Scenarios',
    priority: 100,
    on: inPicker,
    when: (context) => noPage(context) && startOrResume(context) !== '',
    run: ({ view, ui, act }) => {
      if (view.screen !== 'picker') return
      const { entry } = pickerSelection(view, ui)
      if (entry) act.send({ type: 'OPEN', scenario: entry.scenario.metadata.name })
    },
  },
  {
    keys: ['/'],
    label: '/',
    short: 'filter',
    says: 'filter by title, mesh, level, tag or CKS area',
    group: 'Scenarios',
    priority: 80,
    on: inPicker,
    when: noPage,
    run: ({ act }) => act.dispatch({ type: 'type', field: 'filter' }),
  },
  {
    keys: ['c'],
    label: 'c',
    short: 'copy',
    says: 'copy the command that starts the selected scenario',
    group: 'Scenarios',
    priority: 20,
    on: inPicker,
    when: (context) => startOrResume(context) !== '',
    run: ({ view, ui, act }) => {
      if (view.screen !== 'picker') return
      const { entry } = pickerSelection(view, ui)
      if (entry) act.copy(`meshdojo start ${entry.scenario.metadata.name}`)
    },
  },
]

const elsewhere: Binding[] = [
  {
    keys: ['r', 'enter'],
    label: 'r',
    short: 'retry',
    says: 'try again',
    group: 'Now',
    priority: 100,
    on: ({ view }) => view.screen === 'failed',
    when: noPage,
    run: ({ act }) => act.send({ type: 'RETRY' }),
  },
  {
    keys: ['enter'],
    label: 'enter',
    short: 'run',
    says: 'run the selected command',
    group: 'Keys',
    priority: 100,
    on: onPage('help'),
    run: (context) => runSelected(context),
  },
  {
    keys: ['/'],
    label: '/',
    short: 'search',
    says: 'search this list',
    group: 'Keys',
    priority: 90,
    on: onPage('help'),
    run: ({ act }) => act.dispatch({ type: 'type', field: 'search' }),
  },
]

const always: Binding[] = [
  moves('down', ['j', 'down'], 'j down', 'down'),
  moves('up', ['k', 'up'], 'k up', 'up'),
  moves('left', ['left'], 'left', 'left, in the traffic map'),
  moves('right', ['right'], 'right', 'right, in the traffic map'),
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
    priority: 45,
    on: anywhere,
    run: ({ act }) => act.dispatch({ type: 'open', page: { kind: 'help', title: 'Commands' }, typing: 'search' }),
  },
  {
    keys: ['esc'],
    label: 'esc',
    short: 'close',
    says: 'close what is on top; never quits',
    group: 'Always',
    priority: ({ ui }) => (ui.page ? 65 : 0),
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

/** In order of lookup and of the help screen. */
export const bindings: readonly Binding[] = [...elsewhere, ...lab, ...picker, ...always]

export const isAvailable = (binding: Binding, context: KeyContext): boolean =>
  binding.on(context) && (binding.when?.(context) ?? true)

export const lookup = (key: string, context: KeyContext): Binding | undefined =>
  bindings.find((binding) => binding.keys.includes(key) && isAvailable(binding, context))

const resolve = <T>(value: T | ((context: KeyContext) => T), context: KeyContext): T =>
  typeof value === 'function' ? (value as (context: KeyContext) => T)(context) : value

/** The context as it is without the help page. */
const underHelp = (context: KeyContext): KeyContext => ({
  ...context,
  screen: context.screen.behind ?? context.screen,
  ui: { ...context.ui, page: undefined, typing: undefined },
})

/** How well a command answers to what was typed: by its name, by its first words, or by any of its words. */
const rank = ({ short, says }: { short: string; says: string }, search: string): number =>
  short.startsWith(search) ? 0 : says.startsWith(search) ? 1 : 2

/** Commands for help and palette: what this screen has, whether or not it is possible right now. */
export const commandsFor = (context: KeyContext): { binding: Binding; entry: HelpEntry }[] => {
  const behind = underHelp(context)
  const search = context.ui.search.toLowerCase().trim()
  const found = bindings
    .filter((binding) => binding.on(behind))
    .map((binding) => {
      const { group, label, says } = binding
      const entry = { group, label, says, available: binding.when?.(behind) ?? true }
      return { binding, entry, short: resolve(binding.short, behind), says: says.toLowerCase() }
    })
    .filter(({ entry, short, says }) =>
      search.split(/\s+/).every((word) => `${entry.label} ${short} ${says}`.includes(word)),
    )
  return search === '' ? found : found.sort((a, b) => rank(a, search) - rank(b, search))
}

/** Closes help and runs its selected command as if its key had been pressed there. */
export const runSelected = (context: KeyContext): void => {
  const pane = context.screen.panes.page
  if (!pane) return
  const chosen = commandsFor(context)[selectedItem(pane, context.ui)]
  if (!chosen) return
  if (!chosen.entry.available) {
    context.act.dispatch({ type: 'say', text: `not possible right now: ${chosen.entry.says}` })
    return
  }
  context.act.dispatch({ type: 'dismiss' })
  chosen.binding.run(underHelp(context))
}

export interface FooterEntry {
  label: string
  short: string
}

const MAX_FOOTER = 8

/** While a text field is open, letters are text: only these keys are still keys. */
const fieldFooter = ({ ui }: KeyContext): FooterEntry[] => [
  { label: 'enter', short: ui.typing === 'search' ? 'run' : 'keep' },
  { label: 'esc', short: 'cancel' },
  { label: 'up down', short: 'select' },
  { label: 'ctrl-u', short: 'clear' },
]

/** The most useful keys of the moment that fit into `width` cells. `? help` and `q` are always among them. */
export const footerFor = (context: KeyContext, width: number): FooterEntry[] => {
  if (context.ui.typing) return fieldFooter(context)
  const show = (binding: Binding): FooterEntry => ({ label: binding.label, short: resolve(binding.short, context) })
  const fixed = bindings.filter(({ label }) => label === '?' || label === 'q').map(show)
  const chosen = bindings
    .filter((binding) => binding.priority !== undefined && isAvailable(binding, context))
    .map((binding) => ({ binding, priority: resolve(binding.priority!, context) }))
    .filter(({ priority }) => priority > 0)
    .sort((a, b) => b.priority - a.priority)
    .map(({ binding }) => show(binding))
    .slice(0, MAX_FOOTER - fixed.length)
  const size = (entries: FooterEntry[]) =>
    entries.reduce((sum, one) => sum + one.label.length + one.short.length + 3, 0) - 2
  while (chosen.length > 0 && size([...chosen, ...fixed]) > width) chosen.pop()
  return [...chosen, ...fixed]
}
