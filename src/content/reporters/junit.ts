/** JUnit's XML, as CI servers read it: a suite per scenario, a case per proof. */
import type { Proof } from '../verify.ts'
import { countOf, placeOf, type Reporter, titleOf } from './reporter.ts'

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' }
// Control characters have no place in XML 1.0, not even escaped.
const escapeXml = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"\n]/g, (char) => entities[char]!)

const seconds = (proofs: readonly Proof[]): string =>
  (proofs.reduce((sum, proof) => sum + proof.milliseconds, 0) / 1000).toFixed(3)

const testCase = (proof: Proof): string => {
  const open = `    <testcase classname="${escapeXml(`${proof.scenario}.${proof.step}`)}" name="${escapeXml(titleOf(proof))}" time="${seconds([proof])}"`
  if (proof.passed) return `${open}/>`
  const failure = `<failure message="${escapeXml(proof.says ?? 'failed')}"`
  const place = placeOf(proof)
  const closed = place === undefined ? `${failure}/>` : `${failure}>${escapeXml(place)}</failure>`
  return `${open}>\n      ${closed}\n    </testcase>`
}

const suite = (name: string, proofs: readonly Proof[]): string =>
  [
    `  <testsuite name="${escapeXml(name)}" tests="${proofs.length}" failures="${countOf(proofs).failed}" time="${seconds(proofs)}">`,
    ...proofs.map(testCase),
    '  </testsuite>',
  ].join('\n')

export const junit: Reporter = {
  onProof: () => '',
  onEnd: (proofs) => {
    const names = [...new Set(proofs.map((proof) => proof.scenario))]
    const suites = names.map((name) =>
      suite(
        name,
        proofs.filter((proof) => proof.scenario === name),
      ),
    )
    const { failed } = countOf(proofs)
    const root = `<testsuites name="meshdojo verify" tests="${proofs.length}" failures="${failed}" time="${seconds(proofs)}">`
    return `${['<?xml version="1.0" encoding="UTF-8"?>', root, ...suites, '</testsuites>'].join('\n')}\n`
  },
}
