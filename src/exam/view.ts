/** What the screen may know of an exam: nothing that would help, until it is graded. */
import type { SnapshotFrom } from 'xstate'
import type { StepFile } from '../session/step-files.ts'
import type { View } from '../session/types.ts'
import type { ExamContext } from './context.ts'
import type { examMachine } from './machine.ts'
import type { TaskLab } from './types.ts'

const noticeOf = ({ unsaved, notice }: Pick<ExamContext, 'unsaved' | 'notice'>): string | undefined =>
  [unsaved && `the exam is not saved (${unsaved}); it is tried again with every change`, notice]
    .filter(Boolean)
    .join('. ') || undefined

const baseOf = ({ kept, sheets, left, notes, unsaved, notice }: ExamContext) => ({
  tasks: kept.tasks.map(({ opened, flagged, done }, index) => ({
    ...sheets[index]!,
    weight: kept.plan.tasks[index]!.weight,
    opened,
    flagged,
    done,
  })),
  current: kept.current,
  left,
  total: kept.plan.minutes * 60_000,
  notes,
  notice: noticeOf({ unsaved, notice }),
})

const failure = (says: string): { says: string; next: string } => {
  const [first, ...rest] = says.split('\n')
  return { says: first ?? '', next: rest.join('\n').trim() || 'press r to try again' }
}

const labOf = (context: ExamContext, failed: boolean, file: StepFile | undefined): TaskLab => {
  const { kubeconfig, says, lastApply, feed } = context
  if (failed) return { state: 'failed', ...failure(says) }
  if (kubeconfig === undefined || !file) return { state: 'opening', says }
  return { state: 'open', kubeconfig, file: { ...file, lastApply }, feed }
}

/** `fileOf`: the file that `e` opens for the current task. */
export const viewOf = (
  snapshot: SnapshotFrom<typeof examMachine>,
  fileOf: (context: ExamContext) => StepFile | undefined,
): View => {
  const { context } = snapshot
  const { graded, says } = context
  const notice = noticeOf(context)
  if (graded) return { screen: 'exam-results', results: graded.results, reports: graded.reports, notice }
  if (snapshot.matches('stuck')) {
    const { says: what, next } = failure(says)
    return { screen: 'exam-grading', says: `${what}\n\n${next}`, notice }
  }
  if (snapshot.matches('grading') || (snapshot.matches('closing') && context.kept.endedAt !== undefined))
    return { screen: 'exam-grading', says, notice }
  const onTask = (['opening', 'failed', 'working'] as const).some((state) => snapshot.matches({ running: state }))
  if (!onTask) return { screen: 'exam', ...baseOf(context) }
  const lab = labOf(context, snapshot.matches({ running: 'failed' }), fileOf(context))
  return { screen: 'exam-task', ...baseOf(context), lab }
}
