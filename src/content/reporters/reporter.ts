/** How proofs are told: one line or document per way of reading them. */
import type { Proof } from '../verify.ts'

export interface Reporter {
  /** Text for one proof, as soon as it is there. */
  onProof(proof: Proof): string
  /** Text for the end. @param elapsed milliseconds from the first proof's beginning: proofs run side by side */
  onEnd(proofs: readonly Proof[], elapsed: number): string
}

/** `mistake wrong-namespace is caught` */
export const claimOf = ({
  claim,
  mistake,
  alternative,
  mutant,
  count,
}: Pick<Proof, 'claim' | 'mistake' | 'alternative' | 'mutant' | 'count'>): string => {
  if (mistake !== undefined) return `mistake ${mistake} is caught`
  if (alternative !== undefined) return `alternative ${alternative} passes`
  if (mutant !== undefined) return `${claim}: ${mutant}`
  return count === undefined ? claim : `all ${count} mutants fail`
}

/** `istio-strict-mtls / strict-production: mistake wrong-namespace is caught` */
export const titleOf = (proof: Proof): string => `${proof.scenario} / ${proof.step}: ${claimOf(proof)}`

/** `scenarios/istio/30-x/scenario.yaml:40:11` */
export const placeOf = ({ at }: Proof): string | undefined => at && `${at.file}:${at.line}:${at.column}`

export const countOf = (proofs: readonly Proof[]): { passed: number; failed: number } => {
  const passed = proofs.filter((proof) => proof.passed).length
  return { passed, failed: proofs.length - passed }
}
