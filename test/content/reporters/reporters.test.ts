import { expect, test } from 'vitest'
import { reporters } from '../../../src/content/reporters/index.ts'
import type { Proof } from '../../../src/content/verify.ts'

const proofs: Proof[] = [
  { scenario: 's', step: 'a', claim: 'starts unsolved', passed: true, milliseconds: 10 },
  {
    scenario: 's',
    step: 'a',
    claim: 'mistake is caught',
    mistake: 'm',
    passed: false,
    says: 'saw <200> & "ok"\n50% #1',
    at: { file: 'a,b/scenario.yaml', line: 4, column: 2 },
    milliseconds: 20,
  },
]
const told = (name: keyof typeof reporters) =>
  proofs.map(reporters[name].onProof).join('') + reporters[name].onEnd(proofs, 1_500)

test('pretty', () => {
  expect(told('pretty')).toBe(
    'ok   s / a: starts unsolved\nFAIL s / a: mistake m is caught\n     saw <200> & "ok"\n50% #1\n     a,b/scenario.yaml:4:2\n1 of 2 proofs fail (1.5 s)\n',
  )
  expect(reporters.pretty.onEnd(proofs.slice(0, 1), 61_234)).toBe('all 1 proofs hold (61.2 s)\n')
})

test('json is one document', () => expect(JSON.parse(told('json'))).toEqual({ passed: false, proofs }))

test('junit escapes what XML cannot hold', () => {
  const xml = told('junit')
  expect(xml).toContain('<testsuites name="meshdojo verify" tests="2" failures="1" time="0.030">')
  expect(xml).toContain('<testcase classname="s.a" name="s / a: starts unsolved" time="0.010"/>')
  expect(xml).toContain(
    '<failure message="saw &lt;200&gt; &amp; &quot;ok&quot;&#10;50% #1">a,b/scenario.yaml:4:2</failure>',
  )
})

test('tap numbers its lines and ends with the plan', () => {
  expect(told('tap').split('\n')).toEqual([
    'TAP version 14',
    'ok 1 - s / a: starts unsolved',
    'not ok 2 - s / a: mistake m is caught',
    '  ---',
    '  message: "saw <200> & \\"ok\\"\\n50% #1"',
    '  at: "a,b/scenario.yaml:4:2"',
    '  ...',
    '1..2',
    '',
  ])
})

test('github annotates failures only', () => {
  expect(told('github')).toBe(
    '::error file=a%2Cb/scenario.yaml,line=4,col=2,title=s / a%3A mistake m is caught::saw <200> & "ok"%0A50%25 #1\n1 proofs hold, 1 fail\n',
  )
})
