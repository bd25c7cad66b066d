/** What grading found. The shape is the contract of `meshdojo check --json`. */

export interface CheckResult {
  id: string
  /** The check's sentence, from the content. */
  says: string
  passed: boolean
  /** Short, for one line: `refused`, `200 over mTLS`. */
  expected: string
  seen: string
  /** Why it did not pass, in the mesh's own terms, when known: `PeerAuthentication production/default is PERMISSIVE`. */
  because?: string
  /** The check could not be decided (a probe could not run, a field is not modelled); `because` names what. Never passed. */
  undecided?: boolean
  /** The objects say otherwise than what was seen, for as long as a change may take; `because` has both. Never passed. */
  notYet?: boolean
  /** The known mistake that this looks like: its feedback. */
  feedback?: string
}

export interface StepReport {
  id: string
  passed: boolean
  checks: CheckResult[]
}

export interface Report {
  scenario: string
  passed: boolean
  steps: StepReport[]
}
