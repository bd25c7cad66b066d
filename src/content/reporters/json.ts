/** One JSON document: `{passed, proofs}`. */
import type { Reporter } from './reporter.ts'

export const json: Reporter = {
  onProof: () => '',
  onEnd: (proofs) => `${JSON.stringify({ passed: proofs.every((proof) => proof.passed), proofs }, null, 2)}\n`,
}
