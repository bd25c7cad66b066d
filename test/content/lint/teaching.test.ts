/** Whether a scenario teaches: the task says what and not how, hints lead there slowly, mistakes and an explanation are there. */
import { expect, test } from 'vitest'
import { because, complains, lint, path, type Row, scenario } from './fixture.ts'

test.each<Row>([
  [
    'an explanation that says nothing',
    because,
    'because',
    'scenario.yaml:42:20 the explanation is missing: it has fewer than 30 words',
  ],
  [
    'checks that a cluster without any answer would pass',
    'expect: {status: 200}',
    'expect: refused',
    'scenario.yaml:12:9 no request is expected to be answered: a check that something still works is missing',
  ],
  [
    'two hints',
    '[one, two, three]',
    '[one, two]',
    'scenario.yaml:10:14 three hints are expected, from a nudge to nearly the answer; there are 2',
  ],
])('%s', complains)

test('a single mistake is too few', async () => {
  const [head, rest] = scenario.split('        - id: wronger')
  const found = await lint({ [path]: `${head}${rest!.slice(rest!.indexOf('      explanation'))}` })
  expect(found).toEqual([
    'scenario.yaml:31:9 at least two mistakes that learners really make are expected; there are 1',
  ])
})

const policy = `solution: |
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: x}
        spec: {selector: {matchLabels: {app: x}}, mtls: {mode: STRICT}}
`

/** With another change, and a solution that says how. */
const lintPolicy = (from: string, to: string): Promise<string[]> =>
  lint({ [path]: scenario.replace(from, to).replace(/solution: \|\n( {8}.*\n)+/, policy) })

test.each<Row>([
  [
    'a task that names the answer',
    'Reach it.',
    '|\n        Reach it,\n        with STRICT.',
    'scenario.yaml:11:14 the task says "STRICT", which is how, not what: its solution says that too',
  ],
  [
    'a task that names the kind',
    'Reach it.',
    'Make a PeerAuthentication.',
    'scenario.yaml:9:13 the task says "PeerAuthentication", which is how, not what: its solution says that too',
  ],
  [
    'a first hint that gives the answer away',
    'hints: [one',
    'hints: [use a selector',
    'scenario.yaml:10:15 the first hint gives the answer away: "selector" is from the solution',
  ],
])('%s', async (_, from, to, message) => {
  expect(await lintPolicy(from, to)).toEqual([message])
})

test('a word that only looks like one of the solution is none', async () => {
  expect(await lintPolicy('Reach it.', 'Be STRICTER; mTLS, selectors and modes are fine.')).toEqual([])
})
