/** Keys of the lab. */
import { exportLine } from '../lines/words.ts'
import { checkSelection, pairSelection } from '../screens/lab.ts'
import { type Binding, inLab, type KeyContext, labOf, noPage } from './binding.ts'

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

/** The pair that the wire tap is about: the one that is shown already, is being explained, or is selected in the map. */
const tapped = ({ view, ui }: KeyContext): { from: string; to: string } | undefined => {
  const lab = view.screen === 'lab' ? view : undefined
  const { page } = ui
  if (!lab?.matrix) return undefined
  if (page?.kind === 'wire') return page
  const { pairs, selected } = pairSelection(lab, ui)
  const pair =
    page?.kind === 'explain-cell'
      ? pairs.find(({ row, column }) => row === page.row && column === page.column)
      : page === undefined
        ? pairs[selected]
        : undefined
  return pair && pair.cell.letter !== '.' ? { from: pair.from, to: pair.to } : undefined
}

const tap = (context: KeyContext) => {
  const pair = tapped(context)
  if (!pair) return
  const { from, to } = pair
  context.act.send({ type: 'TAP', from, to })
  if (context.ui.page?.kind !== 'wire') context.act.dispatch({ type: 'open', page: { kind: 'wire', from, to } })
}

export const labKeys: Binding[] = [
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
    keys: ['T'],
    label: 'T',
    short: 'split',
    says: 'the same shell in a tmux or Zellij pane beside this one',
    group: 'Lab',
    priority: 65,
    on: (context) => inLab(context) && context.act.canSplit,
    run: ({ act }) => act.split(),
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
    priority: 88,
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
    says: 'traffic as it is now, beside the goal, the goal alone, in words',
    group: 'Lab',
    priority: ({ screen }) => (screen.focus === 'traffic' ? 75 : 30),
    on: inLab,
    when: (context) => noPage(context) && labOf(context)?.matrix !== undefined,
    run: ({ act }) => act.dispatch({ type: 'traffic' }),
  },
  {
    keys: ['w'],
    label: 'w',
    short: ({ ui }) => (ui.page?.kind === 'wire' ? 'again' : 'wire'),
    says: 'wire tap: send the request of the selected pair of the map, see its bytes, and the same under mutual TLS',
    group: 'Lab',
    priority: ({ screen, ui }) =>
      ui.page?.kind === 'wire' || ui.page?.kind === 'explain-cell' ? 96 : screen.focus === 'traffic' ? 74 : 28,
    on: inLab,
    when: (context) => tapped(context) !== undefined,
    run: tap,
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
    keys: ['X'],
    label: 'X',
    short: 'reset lab',
    says: 'start the whole lab anew, at its first step (asks first)',
    group: 'Lab',
    on: inLab,
    run: ({ act }) => act.dispatch({ type: 'ask', question: 'reset-lab' }),
  },
  {
    keys: ['c'],
    label: 'c',
    short: 'copy',
    says: 'copy the export KUBECONFIG line for another terminal',
    group: 'Lab',
    priority: 20,
    on: inLab,
    run: ({ view, act }) => view.screen === 'lab' && act.copy(exportLine(view.kubeconfig)),
  },
]
