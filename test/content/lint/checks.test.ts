/** Whether checks can be judged at all, and could fail as well as pass. */
import { test } from 'vitest'
import { complains, type Row } from './fixture.ts'

test.each<Row>([
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
])('%s', complains)
