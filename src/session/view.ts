/** What the TUI may know, made from what the machine knows. The only reader of the machine's context outside it. */
import type { SnapshotFrom } from 'xstate'
import { currentStep, isStepPassed, type SessionContext } from './context.ts'
import type { sessionMachine } from './machine.ts'
import { newProgress } from './progress.ts'
import type { StepFile } from './step-files.ts'
import type { CatalogueEntry, LabView, View } from './types.ts'

/** While a lab goes away, what it came to is newer than what was read when the catalogue was last on the screen. */
const catalogueOf = ({ items, progress, item, kept }: SessionContext): CatalogueEntry[] =>
  items.map(({ scenario, lab }) => ({
    scenario,
    lab,
    progress: scenario === item?.scenario ? kept.progress : (progress.get(scenario.metadata.name) ?? newProgress()),
  }))

/** A solution as a learner would type it. */
const formatSolution = (solution: NonNullable<ReturnType<typeof currentStep>>['solution']): string => {
  if (typeof solution === 'string') return solution
  const parts = [
    solution.apply,
    solution.delete && `# kubectl delete -f - with:\n${solution.delete}`,
    solution.run?.map((line) => `$ ${line}`).join('\n'),
  ]
  return parts.filter(Boolean).join('\n')
}

/** A solution that can be held against the learner's file: manifests and nothing else. */
const isFile = (solution: NonNullable<ReturnType<typeof currentStep>>['solution']): boolean =>
  typeof solution === 'string' || (solution.apply !== undefined && !solution.run && !solution.delete)

const splitError = (says: string): { says: string; next: string } => {
  const [first, ...rest] = says.split('\n')
  return { says: first ?? '', next: rest.join('\n').trim() || 'press r to try again' }
}

const labView = (context: SessionContext, grading: boolean, file: StepFile | undefined): LabView | undefined => {
  const { item, lab, kept, reports, hints } = context
  const step = currentStep(context)
  if (!item || !lab || !step) return undefined
  return {
    screen: 'lab',
    scenario: item.scenario,
    stepIndex: kept.progress.step,
    reports,
    passed: kept.progress.passed,
    grading,
    gradedAt: context.gradedAt,
    stepPassed: isStepPassed(context),
    finished: context.finished,
    hints: step.hints.slice(0, hints),
    hintsLeft: step.hints.length - hints,
    solution: context.solutionShown ? formatSolution(step.solution) : undefined,
    mine: isFile(step.solution) ? context.mine : undefined,
    matrix: context.matrix,
    tap: context.tap,
    feed: context.feed,
    file: file && { ...file, lastApply: context.lastApply },
    kubeconfig: lab.kubeconfig,
    progress: kept.progress,
    notice: noticeOf(context),
    unsaved: context.unsaved !== undefined,
  }
}

const noticeOf = ({ unsaved, notice }: SessionContext): string | undefined =>
  [unsaved, notice].filter(Boolean).join('. ') || undefined

/** `fileOf`: the file that `e` opens for the current step. */
export const viewOf = (
  snapshot: SnapshotFrom<typeof sessionMachine>,
  fileOf: (context: SessionContext) => StepFile | undefined,
): View => {
  const { context } = snapshot
  const { item, says } = context
  const picker: View = {
    screen: 'picker',
    catalogue: catalogueOf(context),
    unsaved: context.unsaved !== undefined,
    resume: item && context.kept.progress.state === 'started' ? item.scenario.metadata.name : context.resume,
    notice: noticeOf(context),
  }
  if (!item || snapshot.matches('picking')) return picker
  if (snapshot.matches('failed')) return { screen: 'failed', scenario: item.scenario, ...splitError(says) }
  if (snapshot.matches('closing') && context.after === 'picking') return picker
  const lab = labView(
    context,
    snapshot.matches({ lab: 'grading' }) || snapshot.matches({ lab: 'applying' }),
    fileOf(context),
  )
  if (lab && !(snapshot.matches('closing') && context.after === 'opening')) return lab
  return { screen: 'opening', scenario: item.scenario, stepIndex: context.kept.progress.step, says }
}
