/** For people at a terminal; plain text, so that it reads the same without colour. */
import { countOf, type Reporter, titleOf } from './reporter.ts'

export const pretty: Reporter = {
  onProof: (proof) => {
    const line = `${proof.passed ? 'ok  ' : 'FAIL'} ${titleOf(proof)}`
    return proof.passed ? `${line}\n` : `${line}\n     ${proof.says ?? ''}\n`
  },
  onEnd: (proofs) => {
    const { passed, failed } = countOf(proofs)
    const seconds = proofs.reduce((sum, proof) => sum + proof.milliseconds, 0) / 1000
    return `${failed === 0 ? `all ${passed} proofs hold` : `${failed} of ${passed + failed} proofs fail`} (${seconds.toFixed(1)} s)\n`
  },
}
