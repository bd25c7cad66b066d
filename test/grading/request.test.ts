import { expect, test } from 'vitest'
import type { RequestCheck } from '../../src/content/schema.ts'
import { parseCurl } from '../../src/grading/curl.ts'
import { classify } from '../../src/grading/outcome.ts'
import type { Observation } from '../../src/grading/probe.ts'
import { judgeRequest } from '../../src/grading/request.ts'
import type { Witness } from '../../src/grading/witness.ts'

const seen = (exitCode: number, status: number, body = '', witness?: Witness, headers = ''): Observation => {
  const stdout = status === 0 ? '' : `HTTP/1.1 ${status} X\r\n${headers}\r\n${body}`
  const result = parseCurl(exitCode, `${stdout}\n<<meshdojo>> ${String(status).padStart(3, '0')} 0.1`, '')
  return { ran: true, outcome: classify(result), result, witness }
}
const ok = (witness?: Witness) => seen(0, 200, 'hi', witness, 'x-a: b\r\n')
const denied = seen(0, 403, 'RBAC: access denied')
const reset = seen(56, 0)
const down = seen(7, 0)
const mtls = { mtls: true, identity: 'cluster.local/ns/p/sa/web' }

type Row = [
  expect: RequestCheck['expect'],
  what: string,
  observation: Observation,
  result: 'pass' | 'fail' | 'undecided',
  expected: string,
  seen: string,
]
const rows: Row[] = [
  ['refused', 'a reset', reset, 'pass', 'refused', 'refused (connection reset)'],
  ['refused', 'an answer', ok(), 'fail', 'refused', '200'],
  ['refused', 'a 403', denied, 'fail', 'refused', '403 RBAC: access denied'],
  ['refused', 'a workload that is down', down, 'fail', 'refused', 'unreachable (nothing listens there)'],
  ['denied', 'a 403', denied, 'pass', '403 from policy', '403 RBAC: access denied'],
  ['denied', 'the application’s own 403', seen(0, 403, 'no'), 'fail', '403 from policy', '403'],
  ['dropped', 'silence', seen(28, 0), 'pass', 'no answer', 'no answer'],
  ['ok', 'an answer', ok(), 'pass', 'answered', '200'],
  ['ok', 'a 404', seen(0, 404), 'fail', 'answered', '404'],
  [
    { outcome: ['denied', 'refused'] },
    'a reset',
    reset,
    'pass',
    '403 from policy or refused',
    'refused (connection reset)',
  ],
  [{ outcome: ['denied', 'refused'] }, 'an answer', ok(), 'fail', '403 from policy or refused', '200'],
  [{ status: 200 }, 'an answer', ok(), 'pass', '200', '200'],
  [{ status: [200, 204] }, 'another status', seen(0, 500), 'fail', '200 or 204', '500'],
  [{ status: 200, mtls: true }, 'mTLS', ok(mtls), 'pass', '200 over mTLS', '200 over mTLS'],
  [{ status: 200, mtls: true }, 'plaintext', ok({ mtls: false }), 'fail', '200 over mTLS', '200 without mTLS'],
  [
    { status: 200, mtls: true },
    'an application that does not show it',
    ok(),
    'undecided',
    '200 over mTLS',
    '200, mTLS unknown',
  ],
  [{ status: 200, mtls: true }, 'a 403', denied, 'fail', '200 over mTLS', '403 RBAC: access denied'],
  [{ mtls: true }, 'a reset', reset, 'fail', 'over mTLS', 'refused (connection reset)'],
  [{ mtls: false }, 'a reset', reset, 'fail', 'without mTLS', 'refused (connection reset)'],
  [{ mtls: false }, 'plaintext', ok({ mtls: false }), 'pass', 'without mTLS', '200 without mTLS'],
  [
    { identity: 'cluster.local/ns/p/sa/web' },
    'that caller',
    ok(mtls),
    'pass',
    'as cluster.local/ns/p/sa/web',
    '200 over mTLS as cluster.local/ns/p/sa/web',
  ],
  [
    { identity: 'spiffe://cluster.local/ns/p/sa/web' },
    'that caller',
    ok(mtls),
    'pass',
    'as spiffe://cluster.local/ns/p/sa/web',
    '200 over mTLS as cluster.local/ns/p/sa/web',
  ],
  [
    { identity: 'cluster.local/ns/p/sa/x' },
    'another caller',
    ok(mtls),
    'fail',
    'as cluster.local/ns/p/sa/x',
    '200 over mTLS as cluster.local/ns/p/sa/web',
  ],
  [{ body: 'hi' }, 'that text', ok(), 'pass', 'a body with "hi"', '200'],
  [{ body: 'ho' }, 'another text', ok(), 'fail', 'a body with "ho"', '200'],
  [{ header: { 'X-A': 'b' } }, 'that header', ok(), 'pass', 'header X-A: b', '200'],
  [{ header: { 'x-a': 'c' } }, 'another value', ok(), 'fail', 'header x-a: c', '200'],
]

test.each(rows)('%j met %s', (expectation, _, observation, result, expected, phrase) => {
  const check: RequestCheck = { from: 'a/b', to: 'http://c/', method: 'GET', headers: {}, expect: expectation }
  const finding = judgeRequest(check, observation)
  expect(finding).toMatchObject({ passed: result === 'pass', expected, seen: phrase })
  expect(finding.undecided ?? false).toBe(result === 'undecided')
})

test('a probe that could not run is undecided and says why', () => {
  const check: RequestCheck = { from: 'a/b', to: 'http://c/', method: 'GET', headers: {}, expect: 'refused' }
  expect(judgeRequest(check, { ran: false, says: 'a/b has no ready pod' })).toEqual({
    passed: false,
    undecided: true,
    expected: 'refused',
    seen: 'not probed',
    because: 'a/b has no ready pod',
  })
})
