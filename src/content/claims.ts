/** What `verify` will prove of a step, in its order, before it does; mutants are counted only then. */
import type { ScenarioStep } from './schema.ts'
import type { Proof } from './verify.ts'

export type PlannedClaim = Pick<Proof, 'claim' | 'mistake' | 'alternative'>

/** `index`: which step of its scenario; the first has none before it. */
export const claimsOf = (step: ScenarioStep, index: number, { mutants = false } = {}): PlannedClaim[] => [
  { claim: 'starts unsolved' },
  ...step.mistakes.map(({ id }): PlannedClaim => ({ claim: 'mistake is caught', mistake: id })),
  ...(step.alternatives ?? []).map(({ id }): PlannedClaim => ({ claim: 'alternative passes', alternative: id })),
  ...(mutants ? [{ claim: 'mutants fail' } as const] : []),
  { claim: 'solution passes' },
  ...(index > 0 ? [{ claim: 'earlier steps still pass' } as const] : []),
]
