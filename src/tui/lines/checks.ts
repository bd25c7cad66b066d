/** Checks as lines: a word for the state, the check's sentence, and for the selected one what was expected and seen. */
import type { CheckResult } from '../../grading/report.ts'
import type { LabView } from '../../session/types.ts'
import { type Line, line, type Role, span, wrap, wrapText } from '../text.ts'

export type CheckState = 'ok' | 'fail' | 'undecided' | 'waiting'

const marks: Record<CheckState, { text: string; role: Role }> = {
  ok: { text: '[ok]  ', role: 'ok' },
  fail: { text: '[FAIL]', role: 'fail' },
  undecided: { text: '[ ?? ]', role: 'changed' },
  waiting: { text: '[ .. ]', role: 'text' },
}

export const markOf = (state: CheckState) => span(marks[state].text, marks[state].role)

/** A check as it is listed: its result, or its sentence while it was not graded yet. */
export interface ListedCheck {
  step: string
  id: string
  says: string
  state: CheckState
  result?: CheckResult
  /** Belongs to a step before the current one. */
  earlier: boolean
}

const stateOf = (result: CheckResult | undefined): CheckState => {
  if (!result) return 'waiting'
  if (result.passed) return 'ok'
  return result.undecided ? 'undecided' : 'fail'
}

/** The current step's checks, then those of earlier steps that no longer hold. */
export const listedChecks = (view: LabView): ListedCheck[] => {
  const { steps } = view.scenario.spec
  const listed = steps.slice(0, view.stepIndex + 1).map((step, index) => {
    const report = view.reports.find((one) => one.id === step.id)
    return step.checks.map((check): ListedCheck => {
      const result = report?.checks.find((one) => one.id === check.id)
      return {
        step: step.id,
        id: check.id,
        says: check.says,
        state: stateOf(result),
        result,
        earlier: index < view.stepIndex,
      }
    })
  })
  const current = listed.at(-1) ?? []
  return [
    ...current,
    ...listed
      .slice(0, -1)
      .flat()
      .filter((check) => check.state === 'fail' || check.state === 'undecided'),
  ]
}

/** Checks of the current step: passed and all. */
export const countOf = (view: LabView): { passed: number; all: number } => {
  const current = listedChecks(view).filter((check) => !check.earlier)
  return { passed: current.filter((check) => check.state === 'ok').length, all: current.length }
}

/** The check to look at first: the first that does not hold. */
export const firstOpen = (checks: ListedCheck[]): number => {
  return Math.max(
    0,
    checks.findIndex((check) => check.state === 'fail' || check.state === 'undecided'),
  )
}

export interface CheckLines {
  lines: Line[]
  items: number[]
}

/** The list. Each item may take several lines: a sentence is wrapped, never cut. */
export const checkLines = (checks: ListedCheck[], selected: number, focused: boolean, width: number): CheckLines => {
  const lines: Line[] = []
  const items: number[] = []
  checks.forEach((check, index) => {
    if (check.earlier && !checks[index - 1]?.earlier)
      lines.push(line(span('no longer holds, from an earlier step:', 'strong')))
    items.push(lines.length)
    const here = index === selected
    lines.push(
      ...wrap(
        line(
          span(here ? '> ' : '  ', 'selected'),
          markOf(check.state),
          ' ',
          span(check.says, here && focused ? 'selected' : 'text'),
        ),
        width,
        9,
      ),
    )
  })
  return { lines, items }
}

/** Why the selected check is as it is: always on the screen, below the list. */
export const checkDetail = (check: ListedCheck | undefined, width: number): Line[] => {
  const result = check?.result
  if (!check || !result || check.state === 'ok') return []
  const expected = line('want ', span(result.expected, 'strong'), '  got ', span(result.seen, 'strong'))
  const reason = result.because ?? result.feedback
  return [
    ...wrap(expected, width, 5),
    ...(reason ? wrapText(reason, width) : []),
    ...(result.because && result.feedback ? wrapText(result.feedback, width) : []),
  ]
}
