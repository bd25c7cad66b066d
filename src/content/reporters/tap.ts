/** The Test Anything Protocol, version 14: the plan comes at the end, when the number of proofs is known. */
import { type Reporter, titleOf } from './reporter.ts'

/** A `#` would start a directive. */
const escapeText = (text: string): string => text.replace(/[\\#]/g, '\\$&').replaceAll('\n', ' ')

const block = (says: string): string => `  ---\n  message: ${JSON.stringify(says)}\n  ...\n`

export const tap: Reporter = {
  onProof: () => '',
  onEnd: (proofs) => {
    const lines = proofs.map((proof, index) => {
      const line = `${proof.passed ? 'ok' : 'not ok'} ${index + 1} - ${escapeText(titleOf(proof))}\n`
      return proof.passed || proof.says === undefined ? line : line + block(proof.says)
    })
    return `TAP version 14\n${lines.join('')}1..${proofs.length}\n`
  },
}
