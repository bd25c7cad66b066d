/** Keys of the scenario picker. */
import { pickerSelection } from '../screens/picker.ts'
import { type Binding, type DocumentName, inPicker, type KeyContext, noPage } from './binding.ts'

const startOrResume = ({ view, ui }: KeyContext): string => {
  if (view.screen !== 'picker') return ''
  const state = pickerSelection(view, ui).entry?.progress.state
  return state === 'started' ? 'resume' : state === 'done' ? 'again' : 'start'
}

const reads = (name: DocumentName, key: string, priority: number, says: string): Binding => ({
  keys: [key],
  label: key,
  short: name,
  says,
  group: 'Scenarios',
  priority,
  on: (context) => inPicker(context) && context.act.documents.includes(name),
  when: noPage,
  run: ({ act }) => act.read(name),
})

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
  reads('report', 'R', 48, 'what you have done: time, tries, hints, and what proved each step'),
  reads('doctor', 'D', 47, 'what this machine has, what is missing, and what to do about it'),
  {
    keys: ['c'],
    label: 'c',
    short: 'copy',
    says: 'copy the command that starts the selected scenario',
    group: 'Scenarios',
    priority: 20,
    on: inPicker,
    when: (context) => noPage(context) && startOrResume(context) !== '',
    run: ({ view, ui, act }) => {
      if (view.screen !== 'picker') return
      const { entry } = pickerSelection(view, ui)
      if (entry) act.copy(`meshdojo start ${entry.scenario.metadata.name}`)
    },
  },
]
