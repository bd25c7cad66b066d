import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lintPaths } from '../../src/content/lint.ts'

const lab = `apiVersion: meshdojo.dev/v1
kind: Lab
metadata: {name: tiny, title: Tiny, mesh: istio}
spec:
  says: two pods
  manifests: [world.yaml]
  matrix:
    sources: [a/client]
    targets: [{name: web, url: "http://web.a/"}]
`
const world = `apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: client, namespace: a}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a}
spec: {ports: [{port: 80}]}
`
const because = 'because '.repeat(30)
const scenario = `apiVersion: meshdojo.dev/v1
kind: Scenario
metadata: {name: tiny-one, title: One, mesh: istio, minutes: 5, difficulty: easy}
spec:
  lab: tiny
  steps:
    - id: first
      title: First
      task: Reach it.
      hints: [one, two, three]
      checks:
        - id: reach
          says: the client reaches the web
          request: {from: a/client, to: "http://web.a/", expect: {status: 200}}
        - id: there
          says: it is there
          object: {apiVersion: v1, kind: ConfigMap, where: "object.data.x == 'y'"}
      solution: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: x}
      alternatives:
        - id: by-command
          apply: {run: ["kubectl label configmap x a=b"]}
        - id: another
          apply: |
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: other}
      mistakes:
        - id: wrong
          apply: {run: ["kubectl label namespace a b=c"]}
          fails: reach
          feedback: No.
        - id: wronger
          apply: |
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: z}
          fails: there
          feedback: No.
      explanation: ${because}
`

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lint-'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** Writes a content folder, lints it, and gives problems without the folder's name. */
const lint = async (files: Record<string, string>): Promise<string[]> => {
  const all = { 'labs/tiny/lab.yaml': lab, 'labs/tiny/world.yaml': world, ...files }
  for (const [name, text] of Object.entries(all)) {
    const file = join(root, name)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
  }
  const problems = await lintPaths([root])
  return problems.map(({ file, line, column, message }) => {
    const short = file.slice(file.indexOf('labs/') < 0 ? file.indexOf('scenarios/') : file.indexOf('labs/'))
    return `${short.split('/').at(-1)}:${line}:${column} ${message}`
  })
}

const path = 'scenarios/istio/01-one/scenario.yaml'
const edited = (from: string, to: string) => {
  expect(scenario).toContain(from)
  return lint({ [path]: scenario.replace(from, to) })
}

test('clean content has no problems', async () => {
  expect(await lint({ [path]: scenario })).toEqual([])
})

test('the content of the package is clean', async () => {
  expect(await lintPaths([])).toEqual([])
})

test('a path without content is a problem', async () => {
  expect(await lintPaths([join(root, 'nothing')])).toEqual([
    { file: join(root, 'nothing'), line: 1, column: 1, message: 'there is no scenario.yaml or lab.yaml here' },
  ])
})

describe('scenario.yaml', () => {
  test.each<[what: string, from: string, to: string, message: string]>([
    [
      'a line that must be absent for ever',
      'request: {from: a/client, to: "http://web.a/", expect: {status: 200}}',
      'log: {from: a/client, matches: x, absent: true}',
      'scenario.yaml:14:53 a line that was written once stays: absent needs fresh',
    ],
    [
      'fresh without requests',
      'request: {from: a/client, to: "http://web.a/", expect: {status: 200}}',
      'metric: {from: a/client, series: up, fresh: true}',
      'scenario.yaml:14:55 fresh looks at what the requests of the step wrote, and it sends none',
    ],
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
      'a lab that is not there',
      'lab: tiny',
      'lab: tinny',
      'scenario.yaml:5:8 there is no lab "tinny" (did you mean "tiny"?); labs are tiny, shop-istio',
    ],
    [
      'a mesh that the lab does not run',
      'mesh: istio',
      'mesh: linkerd',
      'scenario.yaml:3:46 the lab tiny runs istio, not linkerd',
    ],
    [
      'an unknown workload',
      'from: a/client',
      'from: a/cleint',
      'scenario.yaml:14:27 the lab tiny has no workload a/cleint (did you mean "a/client"?)',
    ],
    [
      'an unknown Service',
      '"http://web.a/", expect',
      '"http://wbe.a/", expect',
      'scenario.yaml:14:41 the lab tiny has no Service a/wbe (did you mean "a/web"?)',
    ],
    [
      'a port that the Service lacks',
      '"http://web.a/", expect',
      '"http://web.a:81/", expect',
      'scenario.yaml:14:41 Service a/web has no port 81; it has 80',
    ],
    [
      'a URL that cannot be one',
      '"http://web.a/", expect',
      '"http://:x/", expect',
      'scenario.yaml:14:41 "http://:x/" is not a URL',
    ],
    [
      'a check that expects nothing',
      'expect: {status: 200}',
      'expect: {}',
      'scenario.yaml:14:66 the check expects nothing, so it would always pass',
    ],
    [
      'CEL that does not compile',
      "object.data.x == 'y'",
      'object.data.x ==',
      'scenario.yaml:17:60 the condition is not valid CEL: Unexpected token: EOF',
    ],
    [
      'CEL over an unknown variable',
      "object.data.x == 'y'",
      'obj.data.x == 1',
      'scenario.yaml:17:60 the condition is not valid CEL: Unknown variable: obj',
    ],
    ['a repeated check id', 'id: there', 'id: reach', 'scenario.yaml:15:15 check id "reach" is there already'],
    [
      'a mistake for a check that is not there',
      'fails: there',
      'fails: thera',
      'scenario.yaml:40:18 there is no check "thera" in this step (did you mean "there"?)',
    ],
    [
      'an alternative that no kubectl could make',
      'kubectl label configmap x a=b',
      'kubectl lable configmap x a=b',
      'scenario.yaml:24:25 kubectl lable is not supported here (did you mean "label"?); supported are label, annotate, rollout restart, delete, scale, patch',
    ],
    [
      'an alternative twice',
      'id: another',
      'id: by-command',
      'scenario.yaml:25:15 alternative id "by-command" is there already',
    ],
    ['a mistake twice', 'id: wronger', 'id: wrong', 'scenario.yaml:35:15 mistake id "wrong" is there already'],
    [
      'no alternatives',
      'alternatives:\n        - id: by-command\n          apply: {run: ["kubectl label configmap x a=b"]}\n        - id: another\n          apply: |\n            apiVersion: v1\n            kind: ConfigMap\n            metadata: {name: other}\n      ',
      '',
      'scenario.yaml:7:7 at least two alternatives, other right answers, are expected; there are 0',
    ],
    [
      'a change of nothing',
      '{run: ["kubectl label configmap x a=b"]}',
      '{}',
      'scenario.yaml:24:18 the change is empty: apply, delete or run is expected',
    ],
    [
      'a text without a manifest',
      '{run: ["kubectl label configmap x a=b"]}',
      '{apply: "# later"}',
      'scenario.yaml:24:26 there is no manifest in this text',
    ],
    [
      'a change that is neither text nor map',
      '{run: ["kubectl label configmap x a=b"]}',
      '7',
      'scenario.yaml:24:18 spec.steps[0].alternatives[0].apply must be a text, or a map; it is the number 7',
    ],
    [
      'no steps',
      scenario.slice(scenario.indexOf('\n    - id: first')),
      ' []',
      'scenario.yaml:6:10 spec.steps must not be empty',
    ],
    [
      'CEL of a sign that does not compile',
      'fails: there',
      'fails: there\n          signs: [{apiVersion: v1, kind: Pod, where: "object.x =="}]',
      'scenario.yaml:41:54 the condition is not valid CEL: Unexpected token: EOF',
    ],
    [
      'CEL of a metric over another variable',
      'request: {from: a/client, to: "http://web.a/", expect: {status: 200}}',
      'metric: {from: a/client, series: up, where: "object > 1"}',
      'scenario.yaml:14:55 the condition is not valid CEL: Unknown variable: object',
    ],
    [
      'a metric that is no selector',
      'request: {from: a/client, to: "http://web.a/", expect: {status: 200}}',
      "metric: {from: a/client, series: 'sum(up)'}",
      'scenario.yaml:14:44 "sum(up)" is not a series selector: name{label="value"} is expected',
    ],
    [
      'a metric of an unknown workload',
      'request: {from: a/client, to: "http://web.a/", expect: {status: 200}}',
      'metric: {from: a/cleint, series: up}',
      'scenario.yaml:14:26 the lab tiny has no workload a/cleint (did you mean "a/client"?)',
    ],
    [
      'a log of an unknown workload',
      'request: {from: a/client, to: "http://web.a/", expect: {status: 200}}',
      'log: {from: a/cleint, matches: x}',
      'scenario.yaml:14:23 the lab tiny has no workload a/cleint (did you mean "a/client"?)',
    ],
    [
      'a pattern of a log that does not compile',
      'request: {from: a/client, to: "http://web.a/", expect: {status: 200}}',
      "log: {from: a/client, matches: '40('}",
      'scenario.yaml:14:42 the pattern is not a valid regular expression: ',
    ],
    [
      'a pattern of an event that does not compile',
      'request: {from: a/client, to: "http://web.a/", expect: {status: 200}}',
      "event: {namespace: a, matches: '['}",
      'scenario.yaml:14:42 the pattern is not a valid regular expression: ',
    ],
    [
      'many requests without counts',
      'expect: {status: 200}',
      'times: 5, expect: {status: 200}',
      'scenario.yaml:14:65 a request that is sent several times is judged by expect.counts',
    ],
    [
      'counts of one request',
      'expect: {status: 200}',
      'expect: {counts: [{status: 200, atLeast: 1}]}',
      'scenario.yaml:14:75 counts need times: how often the request is sent',
    ],
    [
      'counts beside a status',
      'expect: {status: 200}',
      'times: 5, expect: {status: 200, counts: [{status: 200, atLeast: 1}]}',
      'scenario.yaml:14:76 with counts nothing else is looked at: say it in one of the counts',
    ],
    [
      'a count that always holds',
      'expect: {status: 200}',
      'times: 5, expect: {counts: [{status: 200, atMost: 5}]}',
      'scenario.yaml:14:86 of 5 answers, 0 to 5 can never be or always are',
    ],
    [
      'a count that can never hold',
      'expect: {status: 200}',
      'times: 5, expect: {counts: [{status: 200, atLeast: 6}]}',
      'scenario.yaml:14:86 of 5 answers, 6 to 5 can never be or always are',
    ],
    [
      'a count without a bound',
      'expect: {status: 200}',
      'times: 5, expect: {counts: [{status: 200}]}',
      'scenario.yaml:14:86 spec.steps[0].checks[0].request.expect.counts[0]: atLeast or atMost is expected',
    ],
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
      'a setup that does not parse',
      '  lab: tiny',
      '  lab: tiny\n  setup: "kind: X"',
      'scenario.yaml:6:10 apiVersion is not set',
    ],
    [
      'a table with a workload that is not there',
      '  lab: tiny',
      '  lab: tiny\n  matrix: {sources: [a/cleint], targets: []}',
      'scenario.yaml:6:22 the lab tiny has no workload a/cleint (did you mean "a/client"?)',
    ],
    [
      'two hints',
      '[one, two, three]',
      '[one, two]',
      'scenario.yaml:10:14 three hints are expected, from a nudge to nearly the answer; there are 2',
    ],
    [
      'a manifest that is not YAML',
      '        metadata: {name: x}\n      alternatives',
      '        metadata: {name: x\n      alternatives',
      'scenario.yaml:22:9 Flow map',
    ],
    [
      'a manifest without a kind',
      '        kind: ConfigMap\n        metadata: {name: x}',
      '        metadata: {name: x}',
      'scenario.yaml:19:9 kind is not set',
    ],
    [
      'a command that is not supported',
      'kubectl label namespace a b=c',
      'kubectl exec x',
      'scenario.yaml:32:25 kubectl exec is not supported here; supported are label, annotate, rollout restart, delete, scale, patch',
    ],
    [
      'a command that needs a shell',
      'kubectl label namespace a b=c',
      'kubectl delete pod x | cat',
      'scenario.yaml:32:25 "|" needs a shell, and commands run without one',
    ],
    [
      'a program that is not kubectl',
      'kubectl label namespace a b=c',
      'rm -rf /',
      'scenario.yaml:32:25 only kubectl commands can be run, not "rm"',
    ],
  ])('%s', async (_, from, to, message) => {
    const found = await edited(from, to)
    expect(found.find((each) => each.startsWith(message)) ?? found).toEqual(expect.stringContaining(message))
  })

  test('two steps of one id are reported where the second says it', async () => {
    const steps = scenario.slice(scenario.indexOf('    - id: first'))
    expect(await lint({ [path]: scenario + steps })).toEqual(['scenario.yaml:43:11 step id "first" is there already'])
  })

  test('a single mistake is too few', async () => {
    const [head, rest] = scenario.split('        - id: wronger')
    const found = await lint({ [path]: `${head}${rest!.slice(rest!.indexOf('      explanation'))}` })
    expect(found).toEqual([
      'scenario.yaml:31:9 at least two mistakes that learners really make are expected; there are 1',
    ])
  })

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

  test('two scenarios of one name are reported where the second says it', async () => {
    const found = await lint({ [path]: scenario, 'scenarios/istio/02-two/scenario.yaml': scenario })
    expect(found).toEqual([expect.stringMatching(/^scenario.yaml:3:18 "tiny-one" is the name of .*01-one/)])
  })

  test('a file that nothing names is reported', async () => {
    const found = await lint({ [path]: scenario, 'scenarios/istio/01-one/old.md': 'x' })
    expect(found).toEqual(['old.md:1:1 nothing in scenario.yaml names this file: name it or delete it'])
  })

  test('a long text may lie beside it', async () => {
    const files = {
      [path]: scenario.replace('task: Reach it.', 'task: {file: task.md}'),
      'scenarios/istio/01-one/task.md': '# T',
    }
    expect(await lint(files)).toEqual([])
  })

  test.each([
    ['missing', 'task: {file: nowhere.md}', 'scenario.yaml:9:20 nowhere.md: no such file'],
    [
      'outside the folder',
      'task: {file: ../../../../etc/passwd}',
      'scenario.yaml:9:20 "../../../../etc/passwd" must be the name of a file in the same folder',
    ],
  ])('a long text %s is a problem', async (_, to, message) => {
    expect(await edited('task: Reach it.', to)).toContain(message)
  })
})

describe('lab.yaml', () => {
  test.each<[what: string, from: string, to: string, message: string]>([
    ['a name unlike its folder', 'name: tiny', 'name: other', 'lab.yaml:3:18 a lab is named like its folder, "tiny"'],
    [
      'a missing manifest',
      '[world.yaml]',
      '[world.yaml, more.yaml]',
      'lab.yaml:6:27 there is no file more.yaml beside lab.yaml',
    ],
    [
      'a manifest outside',
      '[world.yaml]',
      '[../world.yaml]',
      'lab.yaml:6:15 spec.manifests[0]: the name of a file beside lab.yaml',
    ],
    ['an unknown source', '[a/client]', '[a/nobody]', 'lab.yaml:8:15 the lab tiny has no workload a/nobody'],
    ['an unknown target', 'http://web.a/', 'http://nothing.a/', 'lab.yaml:9:32 the lab tiny has no Service a/nothing'],
  ])('%s', async (_, from, to, message) => {
    const found = await lint({ 'labs/tiny/lab.yaml': lab.replace(from, to) })
    expect(found).toContain(message)
  })

  test('a manifest that does not parse is reported in its own file', async () => {
    expect(await lint({ 'labs/tiny/world.yaml': `${world}---\nkind: Pod\n` })).toContain(
      'world.yaml:14:1 apiVersion is not set',
    )
  })
})

describe('teaching', () => {
  const policy = `solution: |
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: x}
        spec: {selector: {matchLabels: {app: x}}, mtls: {mode: STRICT}}
      ignored: |`
  const lintPolicy = (from: string, to: string) =>
    lint({
      [path]: scenario
        .replace(from, to)
        .replace(/solution: \|\n( {8}.*\n)+/, `${policy.split('\n').slice(0, -1).join('\n')}\n`),
    })

  test.each<[what: string, from: string, to: string, message: string]>([
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
})
