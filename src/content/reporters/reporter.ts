/** How proofs are told: one line or document per way of reading them. */
import type { Proof } from '../verify.ts'

export interface Reporter {
  /** Text for one proof, as soon as it is there. */
  onProof(proof: Proof): string
  /** Text for the end. */
  onEnd(proofs: readonly Proof[]): string
}

/** `istio-strict-mtls / strict-production: mistake wrong-namespace is caught` */
export const titleOf = ({ scenario, step, claim, mistake }: Proof): string =>
  `${scenario} / ${step}: ${mistake === undefined ? claim : `mistake ${mistake} is caught`}`

export const countOf = (proofs: readonly Proof[]): { passed: number; failed: number } => {
  const passed = proofs.filter((proof) => proof.passed).length
  return { passed, failed: proofs.length - passed }
}
