/**
 * Proves content on a real (or simulated) cluster: every step starts unsolved, its solution passes and keeps earlier
 * steps passing, and each known mistake fails on the check that it names. It knows no provider: it is given a function
 * that opens a lab.
 */
import { grade } from '../grading/grade.ts'
import type { CheckResult, StepReport } from '../grading/report.ts'
import type { Cluster } from '../kube/api.ts'
import { type Client, createClient } from '../kube/client.ts'
import type { Mesh } from '../meshes/mesh.ts'
import { applyChange } from './change.ts'
import { type CatalogueItem, labObjects } from './load.ts'
import type { Change, ScenarioStep } from './schema.ts'
import { type SettleOptions, settle } from './settle.ts'
import { takeSnapshot } from './snapshot.ts'

/** A cluster with a fresh lab in it. */
export interface OpenedLab {
  cluster: Cluster
  mesh?: Mesh
  close(): Promise<void>
}

export type OpenLab = (item: CatalogueItem) => Promise<OpenedLab>

/** What was proven, or not. */
export interface Proof {
  scenario: string
  step: string
  claim: 'starts unsolved' | 'solution passes' | 'earlier steps still pass' | 'mistake is caught'
  /** The mistake's id, where the claim is about one. */
  mistake?: string
  passed: boolean
  /** Why not, for people. */
  says?: string
  /** The mistake's feedback was found by the grader; never a reason to fail. */
  recognised?: boolean
  milliseconds: number
}

export interface VerifyOptions extends SettleOptions {
  openLab: OpenLab
  /** Called for each proof as soon as it is there. */
  onProof?: (proof: Proof) => void
}

const failures = (step: StepReport): string =>
  step.checks
    .filter((check) => !check.passed)
    .map(
      (check) =>
        `${check.id}: expected ${check.expected}, saw ${check.seen}${check.because ? ` (${check.because})` : ''}`,
    )
    .join('; ')

/** A lab that is open, with what verifying does to it. */
interface Stage {
  cluster: Cluster
  client: Client
  apply(change: Change): Promise<void>
  grade(upTo: string): Promise<StepReport[]>
  close(): Promise<void>
}

const openStage = async (item: CatalogueItem, options: VerifyOptions): Promise<Stage> => {
  const { cluster, mesh, close } = await options.openLab(item)
  const client = createClient(cluster)
  const namespaces = (await labObjects(item))
    .filter(({ kind }) => kind === 'Namespace')
    .map(({ metadata }) => metadata.name)
  return {
    cluster,
    client,
    close,
    apply: async (change) => {
      await applyChange(cluster, change, client)
      await settle(client, namespaces, options)
    },
    grade: async (upTo) =>
      (await grade({ cluster, mesh, client, scenario: item.scenario, lab: item.lab }, { upTo, signal: options.signal }))
        .steps,
  }
}

/** The mistake's check must fail for a reason, not because it could not be decided. */
const judgeMistake = (check: CheckResult | undefined, fails: string): string | undefined => {
  if (check === undefined) return `there is no check "${fails}"`
  if (check.passed) return `check ${fails} passes all the same: saw ${check.seen}`
  if (check.undecided) return `check ${fails} could not be decided: ${check.because}`
  return undefined
}

type Tell = (proof: Omit<Proof, 'scenario' | 'milliseconds'>) => void

/** Makes the mistake, looks whether its check catches it, and takes it back. False: the stage is spoilt. */
const verifyMistake = async (
  stage: Stage,
  step: ScenarioStep,
  mistake: ScenarioStep['mistakes'][number],
  tell: Tell,
): Promise<boolean> => {
  const proof = { step: step.id, claim: 'mistake is caught' as const, mistake: mistake.id }
  const undo = await takeSnapshot(stage.client, mistake.apply)
  try {
    await stage.apply(mistake.apply)
    const steps = await stage.grade(step.id)
    const check = steps.at(-1)?.checks.find(({ id }) => id === mistake.fails)
    const says = judgeMistake(check, mistake.fails)
    tell({ ...proof, passed: says === undefined, says, recognised: check?.feedback !== undefined })
  } catch (error) {
    tell({
      ...proof,
      passed: false,
      says: `it could not be made: ${error instanceof Error ? error.message : String(error)}`,
    })
  }
  return undo()
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))

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
  let since = performance.now()
  const tell: Tell = (proof) => {
    const now = performance.now()
    const timed: Proof = { scenario: item.scenario.metadata.name, ...proof, milliseconds: now - since }
    since = now
    proofs.push(timed)
    options.onProof?.(timed)
  }

  const done: Change[] = []
  /** A fresh lab in which the steps so far are solved. */
  const restage = async (): Promise<Stage> => {
    const fresh = await openStage(item, options)
    for (const change of done) await fresh.apply(change)
    return fresh
  }
  let stage = await restage()
  try {
    for (const step of item.scenario.spec.steps) {
      const wanted = only?.step === undefined || only.step === step.id
      if (wanted) {
        const before = (await stage.grade(step.id)).at(-1)
        const unsolved = before !== undefined && !before.passed
        tell({
          step: step.id,
          claim: 'starts unsolved',
          passed: unsolved,
          says: unsolved ? undefined : 'all its checks pass before anything is done',
        })
        for (const mistake of step.mistakes) {
          if (await verifyMistake(stage, step, mistake, tell)) continue
          await stage.close()
          stage = await restage()
        }
      }
      try {
        await stage.apply(step.solution)
        done.push(step.solution)
      } catch (error) {
        tell({
          step: step.id,
          claim: 'solution passes',
          passed: false,
          says: `it could not be applied: ${describe(error)}`,
        })
        break
      }
      if (!wanted) continue
      const steps = await stage.grade(step.id)
      const own = steps.at(-1)!
      tell({
        step: step.id,
        claim: 'solution passes',
        passed: own.passed,
        says: own.passed ? undefined : failures(own),
      })
      const broken = steps.slice(0, -1).filter((each) => !each.passed)
      if (steps.length > 1)
        tell({
          step: step.id,
          claim: 'earlier steps still pass',
          passed: broken.length === 0,
          says: broken.map((each) => `${each.id}: ${failures(each)}`).join('; ') || undefined,
        })
      if (!own.passed) break
    }
  } finally {
    await stage.close()
  }
  return proofs
}
