/**
 * Every key of the program, as records. Lookup, footer, help and palette all read this one table, so that what is shown
 * is what works. The first record whose key matches and whose `when` holds is the one that runs.
 *
 * Kept free: Ctrl-A and Ctrl-B (tmux, screen), Ctrl-S and Ctrl-Q (flow control), Alt, function keys, and characters that
 * need AltGr on some keyboards.
 */
import { alwaysKeys } from './keys/always.ts'
import { type Binding, type KeyContext, noPage, onPage } from './keys/binding.ts'
import { examKeys } from './keys/exam.ts'
import { labKeys } from './keys/lab.ts'
import { pickerKeys } from './keys/picker.ts'
import type { HelpEntry } from './lines/help.ts'
import { selectedItem } from './model.ts'

export type { Act, Binding, KeyContext } from './keys/binding.ts'

/** Keys of the help page and of a lab that could not be opened. */
const pageKeys: Binding[] = [
  {
    keys: ['r', 'enter'],
    label: 'r',
    short: 'retry',
    says: 'try again',
    group: 'When a lab could not be opened',
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
    group: 'List of keys',
    priority: 100,
    on: onPage('help'),
    run: (context) => runSelected(context),
  },
  {
    keys: ['/'],
    label: '/',
    short: 'search',
    says: 'search this list',
    group: 'List of keys',
    priority: 90,
    on: onPage('help'),
    run: ({ act }) => act.dispatch({ type: 'type', field: 'search' }),
  },
]

/** In order of lookup and of the help screen. */
export const bindings: readonly Binding[] = [...pageKeys, ...labKeys, ...pickerKeys, ...examKeys, ...alwaysKeys]

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
