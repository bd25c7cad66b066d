/** Keys of an exam. */
import type { ExamView } from '../../exam/types.ts'
import { exportLine } from '../lines/words.ts'
import { examSelection } from '../screens/exam.ts'
import { type Binding, type KeyContext, noPage } from './binding.ts'

const GROUP = 'Exam'

const onList = ({ view }: KeyContext) => view.screen === 'exam'
const onTask = ({ view }: KeyContext) => view.screen === 'exam-task'
const running = (context: KeyContext) => onList(context) || onTask(context)

const labOf = ({ view }: KeyContext): Extract<ExamView, { screen: 'exam-task' }>['lab'] | undefined =>
  view.screen === 'exam-task' ? view.lab : undefined
const labOpen = (context: KeyContext) => labOf(context)?.state === 'open'

/** The selected or open task. */
const taskOf = ({ view, ui }: KeyContext): number =>
  view.screen === 'exam' ? examSelection(view, ui) : view.screen === 'exam-task' ? view.current : 0

const countOf = ({ view }: KeyContext): number =>
  view.screen === 'exam' || view.screen === 'exam-task' ? view.tasks.length : 0

const openAt =
  (by: 0 | 1 | -1) =>
  (context: KeyContext): void =>
    context.act.send({ type: 'OPEN_TASK', task: taskOf(context) + by })

const canOpen = (by: 1 | -1) => (context: KeyContext) => {
  const to = taskOf(context) + by
  return noPage(context) && to >= 0 && to < countOf(context)
}

export const examKeys: Binding[] = [
  {
    keys: ['enter'],
    label: 'enter',
    short: 'open',
    says: 'open the selected task and its cluster',
    group: GROUP,
    priority: 100,
    on: onList,
    when: noPage,
    run: openAt(0),
  },
  {
    keys: ['r', 'enter'],
    label: 'r',
    short: 'retry',
    says: 'try again to get the cluster',
    group: GROUP,
    priority: 100,
    on: onTask,
    when: (context) => noPage(context) && labOf(context)?.state === 'failed',
    run: ({ act }) => act.send({ type: 'RETRY' }),
  },
  {
    keys: ['r'],
    label: 'r',
    short: 'retry',
    says: 'grade again, where grading did not work',
    group: GROUP,
    on: ({ view }) => view.screen === 'exam-grading',
    run: ({ act }) => act.send({ type: 'RETRY' }),
  },
  {
    keys: ['e'],
    label: 'e',
    short: 'edit',
    says: "edit the task's file in $VISUAL or $EDITOR; saving applies it",
    group: GROUP,
    priority: 95,
    on: onTask,
    when: labOpen,
    run: ({ act }) => act.edit(),
  },
  {
    keys: ['!'],
    label: '!',
    short: 'shell',
    says: "shell in the task's cluster with KUBECONFIG set; exit or ctrl-d returns",
    group: GROUP,
    priority: 90,
    on: onTask,
    when: labOpen,
    run: ({ act }) => act.shell(),
  },
  {
    keys: ['T'],
    label: 'T',
    short: 'split',
    says: 'the same shell in a tmux or Zellij pane beside this one',
    group: GROUP,
    priority: 65,
    on: (context) => onTask(context) && context.act.canSplit,
    when: labOpen,
    run: ({ act }) => act.split(),
  },
  {
    keys: ['n'],
    label: 'n',
    short: 'next',
    says: 'open the next task',
    group: GROUP,
    priority: 85,
    on: onTask,
    when: canOpen(1),
    run: openAt(1),
  },
  {
    keys: ['p'],
    label: 'p',
    short: 'previous',
    says: 'open the task before',
    group: GROUP,
    priority: 80,
    on: onTask,
    when: canOpen(-1),
    run: openAt(-1),
  },
  {
    keys: ['f'],
    label: 'f',
    short: 'flag',
    says: 'flag this task, to come back to it; again takes the flag away',
    group: GROUP,
    priority: 75,
    on: running,
    when: noPage,
    run: (context) => context.act.send({ type: 'FLAG', task: taskOf(context) }),
  },
  {
    keys: ['d'],
    label: 'd',
    short: 'done',
    says: 'say that this task is done; again takes it back',
    group: GROUP,
    priority: 70,
    on: running,
    when: noPage,
    run: (context) => context.act.send({ type: 'DONE', task: taskOf(context) }),
  },
  {
    keys: ['N'],
    label: 'N',
    short: 'notes',
    says: 'your notes of this exam, in the editor',
    group: GROUP,
    priority: 55,
    on: running,
    run: ({ act }) => act.notes(),
  },
  {
    keys: ['F'],
    label: 'F',
    short: 'finish',
    says: 'end the exam and have it graded (asks first)',
    group: GROUP,
    priority: 72,
    on: running,
    run: ({ act }) => act.dispatch({ type: 'ask', question: 'finish' }),
  },
  {
    keys: ['c'],
    label: 'c',
    short: 'copy',
    says: 'copy the export KUBECONFIG line for another terminal',
    group: GROUP,
    priority: 20,
    on: onTask,
    when: labOpen,
    run: (context) => {
      const lab = labOf(context)
      if (lab?.state === 'open') context.act.copy(exportLine(lab.kubeconfig))
    },
  },
]
