/** GitHub Actions annotations: an error for each proof that fails, and one line of summary in the log. */
import type { Proof } from '../verify.ts'
import { countOf, type Reporter, titleOf } from './reporter.ts'

const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** With a file they stand beside the line, in the change that is looked at. */
const placeOf = ({ at }: Proof): string =>
  at ? `file=${escapeProperty(at.file)},line=${at.line},col=${at.column},` : ''

export const github: Reporter = {
  onProof: (proof) =>
    proof.passed
      ? ''
      : `::error ${placeOf(proof)}title=${escapeProperty(titleOf(proof))}::${escapeData(proof.says ?? 'failed')}\n`,
  onEnd: (proofs) => {
    const { passed, failed } = countOf(proofs)
    return `${passed} proofs hold, ${failed} fail\n`
  },
}
