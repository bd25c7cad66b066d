/**
 * What the session tells the TUI and what the TUI may ask of it. The TUI draws a `View` and sends `UserEvent`s; it
 * knows nothing else. Plain data throughout, so that a View can be written down in a test.
 */
import type { Lab, Scenario } from '../content/schema.ts'
import type { ExamEvent, ExamView } from '../exam/types.ts'
import type { StepReport } from '../grading/report.ts'
import type { Tap } from '../tap/wire.ts'
import type { Goal } from './goals.ts'

export interface ScenarioProgress {
  state: 'new' | 'started' | 'done'
  /** Steps passed so far, by id. */
  passed: string[]
  /** Index of the step to resume at. */
  step: number
  hintsUsed: number
  solutionsSeen: string[]
  /** Milliseconds since the epoch. */
  startedAt?: number
  finishedAt?: number
  /** Milliseconds worked, pauses left out. */
  spent: number
}

export interface CatalogueEntry {
  scenario: Scenario
  lab: Lab
  progress: ScenarioProgress
}

/** One cell of the who-can-reach-whom table. */
export interface MatrixCell {
  /** `M` mTLS, `T` one-way TLS, `P` plaintext, `x` 403, `r` reset, `~` dropped, `e` error, `.` self, `?` unknown. */
  letter: 'M' | 'T' | 'P' | 'x' | 'r' | '~' | 'e' | '.' | '?'
  /** A probe saw it; otherwise the engine says so, and no probe has been there yet. */
  observed: boolean
  /** What speaks against it: the engine expected something else, or the probe could not run. One sentence. */
  disagrees?: string
  /** What the checks so far ask for, when they say anything about this pair. */
  goal?: Goal
  /** Such a check fails. */
  wrong: boolean
  /** Changed since the learner's last change to the cluster. */
  changed: boolean
  /** One sentence for people, and the verdict's steps as prose. */
  says: string
  steps: string[]
}

export interface Matrix {
  sources: string[]
  targets: string[]
  /** `cells[row][column]` */
  cells: MatrixCell[][]
  /** Pairs whose probe is still on its way. */
  pending: number
}

export interface FeedLine {
  /** Milliseconds since the epoch. */
  at: number
  kind: 'save' | 'apply' | 'object' | 'grade' | 'hint' | 'step' | 'error'
  says: string
}

/** What the wire tap captured between a pair of the map, or is about to. */
export type TapView = { from: string; to: string } & (
  | { state: 'sending' }
  | { state: 'captured'; tap: Tap }
  | { state: 'failed'; says: string }
)

/** What a lesson shows. */
export type LessonView =
  | { screen: 'picker'; catalogue: CatalogueEntry[]; resume?: string; notice?: string; unsaved?: boolean }
  | { screen: 'opening'; scenario: Scenario; stepIndex: number; says: string }
  | { screen: 'failed'; scenario: Scenario; says: string; next: string }
  | LabView

export type View = LessonView | ExamView

export interface LabView {
  screen: 'lab'
  scenario: Scenario
  stepIndex: number
  /** One per step so far, the current one last; earlier steps stay graded, so that undoing them shows. */
  reports: StepReport[]
  /** Steps that have passed at least once, by id. */
  passed: string[]
  /** Probes of checks are on their way, or a saved file is. */
  grading: boolean
  /** When the last grading ended, milliseconds since the epoch. */
  gradedAt?: number
  /** The current step is passed right now, and so are all before it. `next` is possible. */
  stepPassed: boolean
  /** All steps are passed. */
  finished: boolean
  hints: string[]
  hintsLeft: number
  solution?: string
  /** The learner's file, beside a solution that is a file as well; absent while it is untouched. */
  mine?: string
  matrix?: Matrix
  /** The pair that was tapped last, in this step. */
  tap?: TapView
  feed: FeedLine[]
  /** The step's working file that `e` opens, absolute path, and what became of its last save. */
  file?: { path: string; name: string; lastApply?: { at: number; ok: boolean; says: string } }
  kubeconfig: string
  progress: ScenarioProgress
  notice?: string
  /** Progress is in memory only, as `notice` says. */
  unsaved?: boolean
}

/** What a learner can ask for. Names are the machine's events. */
export type UserEvent =
  | { type: 'OPEN'; scenario: string }
  | { type: 'LEAVE' }
  | { type: 'RETRY' }
  | { type: 'HINT' }
  | { type: 'SOLUTION' }
  | { type: 'NEXT' }
  | { type: 'CHECK' }
  /** Send a request from one workload of the map to a target of it, and show what is on the wire. */
  | { type: 'TAP'; from: string; to: string }
  | { type: 'RESET_STEP' }
  | { type: 'RESET_LAB' }
  /** The learner comes back from the editor: apply the step's file. */
  | { type: 'EDITED' }
  | { type: 'QUIT' }
  | ExamEvent

/** The session as the TUI holds it. */
export interface Session {
  view(): View
  /** Called after every change of the view; returns the function that stops it. */
  subscribe(onChange: () => void): () => void
  send(event: UserEvent): void
  /** Resolves when everything is put away: progress written, cluster gone. */
  closed: Promise<void>
}

/** Things that need the terminal: made real in `shell/`, handed to the TUI as functions. */
export interface Terminal {
  /** Opens the learner's editor on the file; resolves when it is closed. `split`: in a tmux or Zellij pane, at once. */
  edit(path: string): Promise<{ says?: string }>
  /** A subshell with KUBECONFIG set and a prompt that says where one is. */
  shell(kubeconfig: string, where: string): Promise<{ says?: string }>
  /** The same in a tmux or Zellij pane, at once; absent outside of those. */
  split?(kubeconfig: string, where: string): Promise<{ says?: string }>
}
