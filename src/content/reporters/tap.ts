/** The Test Anything Protocol, version 14: the plan comes at the end, when the number of proofs is known. */
import type { Proof } from '../verify.ts'
import { placeOf, type Reporter, titleOf } from './reporter.ts'

/** A `#` would start a directive. */
const escapeText = (text: string): string => text.replace(/[\\#]/g, '\\$&').replaceAll('\n', ' ')

const block = (proof: Proof): string => {
  const place = placeOf(proof)
  const at = place === undefined ? '' : `  at: ${JSON.stringify(place)}\n`
  return `  ---\n  message: ${JSON.stringify(proof.says)}\n${at}  ...\n`
}

export const tap: Reporter = {
  onProof: () => '',
  onEnd: (proofs) => {
    const lines = proofs.map((proof, index) => {
      const line = `${proof.passed ? 'ok' : 'not ok'} ${index + 1} - ${escapeText(titleOf(proof))}\n`
      return proof.passed || proof.says === undefined ? line : line + block(proof)
    })
    return `TAP version 14\n${lines.join('')}1..${proofs.length}\n`
  },
}
