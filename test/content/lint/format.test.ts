/** Whether a scenario file is in the format, or is no file that anybody should read at all. */
import { expect, test } from 'vitest'
import { because, complains, lint, path, type Row, scenario } from './fixture.ts'

test.each<Row>([
  [
    'an unknown field, with the nearest',
    'hints: [',
    'hnits: [',
    'scenario.yaml:7:7 missing field "spec.steps[0].hints"',
  ],
  [
    'an unknown field, with the nearest',
    '      title: First',
    '      title: First\n      taks: x',
    'scenario.yaml:9:7 unknown field "spec.steps[0].taks" (did you mean "task"?)',
  ],
  [
    'an unknown field inside a union',
    'expect: {status: 200}',
    'expect: {statsu: 200}',
    'scenario.yaml:14:67 unknown field "spec.steps[0].checks[0].request.expect.statsu" (did you mean "status"?)',
  ],
  [
    'a wrong type',
    'minutes: 5',
    'minutes: five',
    'scenario.yaml:3:62 metadata.minutes must be a number; it is the text "five"',
  ],
  [
    'a list for a text',
    'title: First',
    'title: [First]',
    'scenario.yaml:8:14 spec.steps[0].title must be a text; it is a list',
  ],
  [
    'a value that is none of the known',
    'difficulty: easy',
    'difficulty: eazy',
    'scenario.yaml:3:77 metadata.difficulty must be one of easy, medium, hard; it is the text "eazy" (did you mean "easy"?)',
  ],
  [
    'a competency that the exam does not have',
    'difficulty: easy}',
    'difficulty: easy, cks: [network-policy]}',
    'scenario.yaml:3:89 metadata.cks[0] must be one of network-policies, ingress-with-tls, role-based-access-control, service-accounts, isolation-techniques, pod-to-pod-encryption; it is the text "network-policy" (did you mean "network-policies"?)',
  ],
  [
    'a missing field',
    `      explanation: ${because}\n`,
    '',
    'scenario.yaml:7:7 missing field "spec.steps[0].explanation"',
  ],
  [
    'a name with capitals',
    'name: tiny-one',
    'name: Tiny',
    'scenario.yaml:3:18 metadata.name: lower-case letters, digits and dashes',
  ],
  [
    'a check of two kinds',
    '          object: {api',
    '          event: {namespace: a}\n          object: {api',
    'scenario.yaml:15:11 spec.steps[0].checks[1]: exactly one of request, object, log, metric, event',
  ],
  ['YAML that does not parse', 'title: One,', 'title: "One,', 'scenario.yaml:3:83 YAML: Missing closing "quote'],
  ['a repeated key', '  lab: tiny', '  lab: tiny\n  lab: tiny', 'scenario.yaml:6:3 YAML: Map keys must be unique'],
  [
    'a second document',
    `      explanation: ${because}`,
    `      explanation: ${because}\n---\na: 1`,
    'scenario.yaml:44:1 one document per file: a second one starts here',
  ],
  [
    'no steps',
    scenario.slice(scenario.indexOf('\n    - id: first')),
    ' []',
    'scenario.yaml:6:10 spec.steps must not be empty',
  ],
])('%s', complains)

test('an alias bomb is refused', async () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map((name, index) => {
      const before = 'abcdefgh'[index]
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`
    }),
  ].join('\n')
  expect(await lint({ [path]: bomb })).toEqual([expect.stringMatching(/^scenario.yaml:1:1 YAML: .*alias/i)])
})

test('a deeply nested file is refused', async () => {
  const [first] = await lint({ [path]: '['.repeat(200_000) })
  expect(first).toMatch(/^scenario.yaml:\d+:\d+ YAML: /)
})

test('a huge file is refused unread', async () => {
  expect(await lint({ [path]: `# ${'x'.repeat(3 * 1024 * 1024)}` })).toEqual([
    'scenario.yaml:1:1 the file is too large (4 MiB): content files have at most 1 MiB',
  ])
})

test('an empty file is a problem', async () => {
  expect(await lint({ [path]: '' })).toEqual(['scenario.yaml:1:1 the file is empty'])
})
