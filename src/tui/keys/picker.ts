/** Keys of the scenario picker. */
import { pickerSelection } from '../screens/picker.ts'
import { type Binding, inPicker, type KeyContext, noPage } from './binding.ts'

const startOrResume = ({ view, ui }: KeyContext): string => {
  if (view.screen !== 'picker') return ''
  const state = pickerSelection(view, ui).entry?.progress.state
  return state === 'started' ? 'resume' : state === 'done' ? 'again' : 'start'
}

export const pickerKeys: Binding[] = [
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
    says: 'filter by title, track, mesh, level, tag or CKS area',
    group: 'Scenarios',
    priority: 80,
    on: inPicker,
    when: noPage,
    run: ({ act }) => act.dispatch({ type: 'type', field: 'filter' }),
  },
  {
    keys: ['E'],
    label: 'E',
    short: 'exam',
    says: 'take an exam of 60 minutes, or go on with the one that you began (asks first)',
    group: 'Scenarios',
    priority: 60,
    on: inPicker,
    when: noPage,
    run: ({ act }) => act.dispatch({ type: 'ask', question: 'exam' }),
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
