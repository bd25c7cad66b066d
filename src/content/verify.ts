/**
 * Proves content on a real (or simulated) cluster: every step starts unsolved, its solution and other right answers
 * pass and keep earlier steps passing, each known mistake fails on the check that it names, and, when asked for, no
 * solution with something wrong in it passes. It knows no provider: it is given a function that opens a lab.
 */
import type { StepReport } from '../grading/report.ts'
import type { CatalogueItem } from './load.ts'
import { labObjects } from './load.ts'
import { type Mutant, mutantsOf } from './mutants/index.ts'
import { neighboursOf } from './mutants/values.ts'
import type { ProofPlace } from './proof-place.ts'
import type { Change, ScenarioStep } from './schema.ts'
import { openStage, type Stage, type StageOptions } from './stage.ts'

export type { OpenedLab, OpenLab } from './stage.ts'

export type Claim =
  | 'starts unsolved'
  | 'mistake is caught'
  | 'alternative passes'
  | 'mutants fail'
  | 'mutant fails'
  | 'equivalent passes'
  | 'solution passes'
  | 'earlier steps still pass'

/** What was proven, or not. */
export interface Proof {
  scenario: string
  step: string
  claim: Claim
  /** The mistake's id, where the claim is about one. */
  mistake?: string
  /** The alternative's id, where the claim is about one. */
  alternative?: string
  /** The mutant's name, where the claim is about one. */
  mutant?: string
  /** How many mutants there were. */
  count?: number
  passed: boolean
  /** Why not, for people. */
  says?: string
  /** Where it is written down, where it failed and somebody looked: see `placing`. */
  at?: ProofPlace
  /** The mistake's feedback was found by the grader; never a reason to fail. */
  recognised?: boolean
  milliseconds: number
}

export interface VerifyOptions extends StageOptions {
  /** Also take each solution apart. */
  mutants?: boolean
  /** Called for each proof as soon as it is there. */
  onProof?: (proof: Proof) => void
}

type Tell = (proof: Omit<Proof, 'scenario' | 'step' | 'milliseconds'>) => void

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const failures = (step: StepReport): string =>
  step.checks
    .filter((check) => !check.passed)
    .map(
      (check) =>
        `${check.id}: expected ${check.expected}, saw ${check.seen}${check.because ? ` (${check.because})` : ''}`,
    )
    .join('; ')

/** Why the graded steps do not pass, the last one's reasons without its name; undefined: they do. */
const failuresOf = (steps: StepReport[]): string | undefined => {
  const own = steps.at(-1)!
  const broken = steps.slice(0, -1).filter((each) => !each.passed)
  const parts = broken.map((each) => `${each.id} no longer passes: ${failures(each)}`)
  return [...(own.passed ? [] : [failures(own)]), ...parts].join('; ') || undefined
}

/** The mistake's check must fail for a reason, not because it could not be decided. */
const verifyMistake = async (
  stage: Stage,
  step: ScenarioStep,
  { id, apply, fails }: ScenarioStep['mistakes'][number],
  tell: Tell,
): Promise<void> => {
  const proof = { claim: 'mistake is caught' as const, mistake: id }
  try {
    // What people get wrong may well be what keeps a pod from ever being ready again.
    const [report] = await stage.attempt(apply, () => stage.grade(step.id, { check: fails }), 60_000)
    const check = report?.checks.find((each) => each.id === fails)
    const says =
      check === undefined
        ? `there is no check "${fails}"`
        : check.passed
          ? `check ${fails} passes all the same: saw ${check.seen}`
          : check.undecided
            ? `check ${fails} could not be decided: ${check.because}`
            : undefined
    tell({ ...proof, passed: says === undefined, says, recognised: check?.feedback !== undefined })
  } catch (error) {
    tell({ ...proof, passed: false, says: `it could not be made: ${describe(error)}` })
  }
}

const verifyAlternative = async (
  stage: Stage,
  step: ScenarioStep,
  { id, apply }: NonNullable<ScenarioStep['alternatives']>[number],
  tell: Tell,
): Promise<void> => {
  const proof = { claim: 'alternative passes' as const, alternative: id }
  try {
    const says = failuresOf(await stage.attempt(apply, () => stage.grade(step.id, { earlier: true })))
    tell({ ...proof, passed: says === undefined, says })
  } catch (error) {
    tell({ ...proof, passed: false, says: `it could not be made: ${describe(error)}` })
  }
}

/** `*` stands for any text. */
const names = (pattern: string, name: string): boolean => {
  const parts = pattern
    .trim()
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name)
}

/** Whether a change passes the step and keeps the earlier ones. What the server refuses does not pass. */
const survives = async (stage: Stage, step: ScenarioStep, change: Change): Promise<boolean> => {
  try {
    return await stage.attempt(
      change,
      async () => {
        const [own] = await stage.grade(step.id, { quick: true })
        if (!own?.passed) return false
        return (await stage.grade(step.id, { quick: true, earlier: true })).every(({ passed }) => passed)
      },
      // A pod that can never start would hold everything up.
      2000,
    )
  } catch {
    return false
  }
}

const verifyMutants = async (stage: Stage, step: ScenarioStep, mutants: Mutant[], tell: Tell): Promise<void> => {
  const alive: string[] = []
  const equivalents = step.equivalents ?? []
  for (const { name, change } of mutants) if (await survives(stage, step, change)) alive.push(name)
  const holes = alive.filter((name) => !equivalents.some(({ mutant }) => names(mutant, name)))
  const claim = 'mutants fail'
  if (holes.length === 0) tell({ claim, count: mutants.length, passed: true })
  for (const mutant of holes)
    tell({
      claim: 'mutant fails',
      mutant,
      passed: false,
      says: 'it passes: add or sharpen a check, or list it under equivalents with the reason',
    })
  for (const { mutant } of equivalents)
    if (!alive.some((name) => names(mutant, name)))
      tell({
        claim: 'equivalent passes',
        mutant,
        passed: false,
        says: mutants.some(({ name }) => names(mutant, name))
          ? 'a check catches it: take it off the list of equivalents'
          : 'there is no such mutant: take it off the list of equivalents',
      })
}

/** Proves one step and leaves its solution made. False: what comes after cannot be proven. */
const verifyStep = async (
  stage: Stage,
  step: ScenarioStep,
  mutants: (change: Change) => Mutant[],
  tell: Tell,
): Promise<boolean> => {
  const [before] = await stage.grade(step.id, { quick: true })
  const unsolved = before !== undefined && !before.passed
  const says = unsolved ? undefined : 'all its checks pass before anything is done'
  tell({ claim: 'starts unsolved', passed: unsolved, says })
  for (const mistake of step.mistakes) await verifyMistake(stage, step, mistake, tell)
  for (const alternative of step.alternatives ?? []) await verifyAlternative(stage, step, alternative, tell)
  const all = mutants(step.solution)
  if (all.length > 0) await verifyMutants(stage, step, all, tell)
  try {
    await stage.advance(step.solution)
  } catch (error) {
    tell({ claim: 'solution passes', passed: false, says: `it could not be applied: ${describe(error)}` })
    return false
  }
  const steps = await stage.grade(step.id, { earlier: true })
  const own = steps.at(-1)!
  tell({ claim: 'solution passes', passed: own.passed, says: own.passed ? undefined : failures(own) })
  const broken = steps.slice(0, -1).filter((each) => !each.passed)
  if (steps.length > 1)
    tell({
      claim: 'earlier steps still pass',
      passed: broken.length === 0,
      says: broken.map((each) => `${each.id}: ${failures(each)}`).join('; ') || undefined,
    })
  return own.passed
}

/**
 * Proves one scenario; `step` limits it to one of its steps. Never rejects for content that is wrong; rejects when the
 * cluster cannot be opened or reached.
 */
export const verifyScenario = async (
  item: CatalogueItem,
  options: VerifyOptions,
  only?: { step?: string },
): Promise<Proof[]> => {
  const proofs: Proof[] = []
  const objects = options.objects ?? (await labObjects(item))
  const neighbours = neighboursOf(objects)
  const mutants = (change: Change): Mutant[] => (options.mutants ? mutantsOf(change, neighbours) : [])
  const stage = await openStage(item, { ...options, objects })
  let since = performance.now()
  try {
    for (const step of item.scenario.spec.steps) {
      const tell: Tell = (proof) => {
        const now = performance.now()
        const where = { scenario: item.scenario.metadata.name, step: step.id }
        const timed: Proof = { ...where, ...proof, milliseconds: now - since }
        since = now
        proofs.push(timed)
        options.onProof?.(timed)
      }
      if (only?.step !== undefined && only.step !== step.id) await stage.advance(step.solution)
      else if (!(await verifyStep(stage, step, mutants, tell))) break
    }
  } finally {
    await stage.close()
  }
  return proofs
}
