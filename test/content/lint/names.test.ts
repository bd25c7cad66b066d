/** What a scenario names, in its lab, beside it and in itself: is it there, and there once? */
import { expect, test } from 'vitest'
import { complains, edited, lint, path, type Row, scenario } from './fixture.ts'

test.each<Row>([
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
  ['a repeated check id', 'id: there', 'id: reach', 'scenario.yaml:15:15 check id "reach" is there already'],
  [
    'a mistake for a check that is not there',
    'fails: there',
    'fails: thera',
    'scenario.yaml:40:18 there is no check "thera" in this step (did you mean "there"?)',
  ],
  [
    'an alternative twice',
    'id: another',
    'id: by-command',
    'scenario.yaml:25:15 alternative id "by-command" is there already',
  ],
  ['a mistake twice', 'id: wronger', 'id: wrong', 'scenario.yaml:35:15 mistake id "wrong" is there already'],
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
    'a table with a workload that is not there',
    '  lab: tiny',
    '  lab: tiny\n  matrix: {sources: [a/cleint], targets: []}',
    'scenario.yaml:6:22 the lab tiny has no workload a/cleint (did you mean "a/client"?)',
  ],
])('%s', complains)

test('two steps of one id are reported where the second says it', async () => {
  const steps = scenario.slice(scenario.indexOf('    - id: first'))
  expect(await lint({ [path]: scenario + steps })).toEqual(['scenario.yaml:43:11 step id "first" is there already'])
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
