/** For people at a terminal; plain text, so that it reads the same without colour. */
import { countOf, placeOf, type Reporter, titleOf } from './reporter.ts'

export const pretty: Reporter = {
  onProof: (proof) => {
    const line = `${proof.passed ? 'ok  ' : 'FAIL'} ${titleOf(proof)}`
    if (proof.passed) return `${line}\n`
    const place = placeOf(proof)
    return `${line}\n     ${proof.says ?? ''}\n${place === undefined ? '' : `     ${place}\n`}`
  },
  onEnd: (proofs, elapsed) => {
    const { passed, failed } = countOf(proofs)
    const says = failed === 0 ? `all ${passed} proofs hold` : `${failed} of ${passed + failed} proofs fail`
    return `${says} (${(elapsed / 1000).toFixed(1)} s)\n`
  },
}
