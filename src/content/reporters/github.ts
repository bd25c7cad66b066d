/** GitHub Actions annotations: an error for each proof that fails, and one line of summary in the log. */
import { countOf, type Reporter, titleOf } from './reporter.ts'

const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

export const github: Reporter = {
  onProof: (proof) =>
    proof.passed ? '' : `::error title=${escapeProperty(titleOf(proof))}::${escapeData(proof.says ?? 'failed')}\n`,
  onEnd: (proofs) => {
    const { passed, failed } = countOf(proofs)
    return `${passed} proofs hold, ${failed} fail\n`
  },
}
