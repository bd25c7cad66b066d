/** What is remembered of each step for the report: how long, how often, with what help, and what proved it. Pure. */
import type { CheckResult, StepReport } from '../grading/report.ts'
import { emptyWork, fingerprint, keyOf, nameOf, type Work } from './work.ts'

/** What stood in the cluster when a step passed, and what the checks saw. */
export interface Evidence {
  /** Milliseconds since the epoch. */
  at: number
  /** What the learner made of the step: `PeerAuthentication production/default`. */
  objects: { change: 'made' | 'deleted'; name: string }[]
  checks: Pick<CheckResult, 'id' | 'says' | 'expected' | 'seen'>[]
}

export interface StepRecord {
  /** Milliseconds worked, pauses left out. */
  spent: number
  /** How often changed work was graded, and how often a manifest was refused, until the step passed. */
  tries: number
  /** Hints shown at most in one go. */
  hints: number
  solutionSeen: boolean
  /** Of the pass that was last. */
  evidence?: Evidence
}

/** By step id. Steps that nobody has worked on are absent. */
export type StepRecords = Readonly<Record<string, StepRecord>>

export const newRecord = (): StepRecord => ({ spent: 0, tries: 0, hints: 0, solutionSeen: false })

export const withRecord = (
  records: StepRecords | undefined,
  step: string | undefined,
  change: (record: StepRecord) => Partial<StepRecord>,
): StepRecords => {
  if (step === undefined) return records ?? {}
  const record = records?.[step] ?? newRecord()
  return { ...records, [step]: { ...record, ...change(record) } }
}

/** What the learner did between two states of their work. */
export const changesBetween = (before: Work, after: Work): Evidence['objects'] => {
  const prints = new Map(before.present.map((object) => [keyOf(object), fingerprint(object)]))
  const gone = new Set(before.absent.map((ref) => JSON.stringify(ref)))
  const kept = new Set(after.present.map(keyOf))
  return [
    ...after.present
      .filter((object) => prints.get(keyOf(object)) !== fingerprint(object))
      .map((object) => ({ change: 'made' as const, name: nameOf(object) })),
    ...before.present
      .filter((object) => !kept.has(keyOf(object)))
      .map((object) => ({ change: 'deleted' as const, name: nameOf(object) })),
    ...after.absent
      .filter((ref) => !gone.has(JSON.stringify(ref)))
      .map(({ kind, namespace, name }) => ({
        change: 'deleted' as const,
        name: `${kind} ${namespace ? `${namespace}/` : ''}${name}`,
      })),
  ]
}

const evidenceOf = ({ checks }: StepReport, before: Work, after: Work, at: number): Evidence => ({
  at,
  objects: changesBetween(before, after),
  checks: checks.map(({ id, says, expected, seen }) => ({ id, says, expected, seen })),
})

/** What `Kept` has that records are made of. */
interface Known {
  steps?: StepRecords
  work: Work
  before: Readonly<Record<string, Work>>
}

/** Steps that have just passed, with what proves them. */
export const proven = ({ steps, before, work }: Known, turned: readonly StepReport[], now: number): StepRecords =>
  turned.reduce<StepRecords>(
    (records, report) =>
      withRecord(records, report.id, () => ({
        evidence: evidenceOf(report, before[report.id] ?? emptyWork(), work, now),
      })),
    steps ?? {},
  )

/** The work that was graded last, and when a try was counted. */
export interface Tried {
  work: Work
  at: number
}

export const notTried = (work: Work): Tried => ({ work, at: Number.NEGATIVE_INFINITY })

/** What follows on a change within this time is the same try: a rollout, the second object of a file. Milliseconds. */
const oneTry = 10_000

/** Work that was not graded before is a try, while the step has not passed. */
export const countTry = (
  { steps, work }: Known,
  { id, isOpen, now }: { id: string; isOpen: boolean; now: number },
  tried: Tried,
): { tried: Tried; steps: StepRecords } => {
  const isTry = isOpen && work !== tried.work && now - tried.at > oneTry
  return {
    tried: { work, at: isTry ? now : tried.at },
    steps: isTry ? withRecord(steps, id, ({ tries }) => ({ tries: tries + 1 })) : (steps ?? {}),
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isEvidence = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value.at === 'number' &&
  Array.isArray(value.objects) &&
  value.objects.every((one) => isRecord(one) && typeof one.name === 'string') &&
  Array.isArray(value.checks) &&
  value.checks.every(
    (one) => isRecord(one) && ['says', 'expected', 'seen'].every((key) => typeof one[key] === 'string'),
  )

export const isStepRecords = (value: unknown): value is StepRecords =>
  isRecord(value) &&
  Object.values(value).every(
    (one) =>
      isRecord(one) &&
      ['spent', 'tries', 'hints'].every((key) => typeof one[key] === 'number') &&
      typeof one.solutionSeen === 'boolean' &&
      (one.evidence === undefined || isEvidence(one.evidence)),
  )
