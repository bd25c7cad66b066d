import { describe, expect, test } from 'vitest'
import { curlCommand, parseCurl } from '../../src/grading/curl.ts'
import { classify } from '../../src/grading/outcome.ts'

/** curl's stdout as `curlCommand` asks for it. */
const answer = (status: number, body: string, headers = 'server: istio-envoy\r\n') =>
  `HTTP/1.1 ${status} X\r\n${headers}\r\n${body}\n<<meshdojo>> ${status} 0.004`
const silence = '\n<<meshdojo>> 000 0.001'

const envoy503 = 'upstream connect error or disconnect/reset before headers. '

describe('a probe is classified', () => {
  test.each<[what: string, exitCode: number, stdout: string, kind: string, says: string]>([
    ['an answer', 0, answer(200, 'hello'), 'ok', '200'],
    ['a redirect', 0, answer(302, ''), 'ok', '302'],
    ['the application’s own 404', 0, answer(404, 'not here'), 'status', '404'],
    ['a policy’s 403', 0, answer(403, 'RBAC: access denied'), 'denied', '403 RBAC: access denied'],
    ['the application’s own 403', 0, answer(403, 'log in first'), 'status', '403'],
    // linkerd2-proxy app/outbound/src/http/handle_proxy_error_headers.rs: the caller's proxy takes l5d-proxy-error out.
    ['Linkerd’s 403', 0, answer(403, '', 'content-length: 0\r\ndate: now\r\n'), 'denied', '403 from a proxy'],
    ['an application’s empty 403', 0, answer(403, '', 'server: nginx\r\n'), 'status', '403'],
    [
      'Linkerd’s 504, nobody there',
      0,
      answer(504, '', 'l5d-proxy-error: logical service 10.96.0.9:80: service in fail-fast\r\n'),
      'unreachable',
      '504 service in fail-fast',
    ],
    ['an application’s 504', 0, answer(504, ''), 'status', '504'],
    ['a reset of plaintext to STRICT', 56, silence, 'refused', 'refused (connection reset)'],
    ['a close before an answer', 52, silence, 'refused', 'refused (closed without an answer)'],
    ['a TLS handshake that fails', 35, silence, 'refused', 'refused (TLS handshake refused)'],
    [
      'its own sidecar’s 503 after a reset',
      0,
      answer(503, `${envoy503}reset reason: connection termination`),
      'refused',
      'refused (503 from its own sidecar)',
    ],
    [
      'its own sidecar’s 503 after a failed handshake',
      0,
      answer(
        503,
        `${envoy503}retried and the latest reset reason: remote connection failure, transport failure reason: TLS_error:|33554536`,
      ),
      'refused',
      'refused (503 from its own sidecar)',
    ],
    [
      'a closed port behind the sidecar',
      0,
      answer(
        503,
        `${envoy503}retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused`,
      ),
      'unreachable',
      '503 nothing listens there',
    ],
    [
      'a Service without pods, behind the sidecar',
      0,
      answer(503, 'no healthy upstream'),
      'unreachable',
      '503 no healthy upstream',
    ],
    ['the application’s own 503', 0, answer(503, 'try later'), 'status', '503'],
    ['a closed port', 7, silence, 'unreachable', 'unreachable (nothing listens there)'],
    ['a name that does not exist', 6, silence, 'unreachable', 'unreachable (no such name)'],
    ['no answer in time', 28, silence, 'dropped', 'no answer'],
    ['an exit that nobody expects', 77, silence, 'unreachable', 'unreachable (curl exit 77)'],
  ])('%s', (_, exitCode, stdout, kind, says) => {
    expect(classify(parseCurl(exitCode, stdout, ''))).toEqual({ kind, says })
  })
})

describe('curl’s output is taken apart', () => {
  test('head, body and trailer', () => {
    const result = parseCurl(0, answer(200, '{"a":1}\n', 'Content-Type: application/json\r\nX-A: b: c\r\n'), '')
    expect(result).toMatchObject({ status: 200, body: '{"a":1}\n', seconds: 0.004 })
    expect(result.headers).toEqual([
      ['content-type', 'application/json'],
      ['x-a', 'b: c'],
    ])
  })

  test('interim answers are skipped', () => {
    const result = parseCurl(0, `HTTP/1.1 100 Continue\r\n\r\n${answer(201, 'made')}`, '')
    expect(result).toMatchObject({ status: 201, body: 'made' })
  })

  test('a body that looks like a head stays a body', () => {
    expect(parseCurl(0, answer(200, 'HTTP/1.1 500 no\r\n\r\nreally'), '').body).toBe('HTTP/1.1 500 no\r\n\r\nreally')
  })

  test('no answer has no status', () => {
    expect(parseCurl(56, silence, 'curl: (56) Recv failure\n')).toMatchObject({
      status: undefined,
      body: '',
      stderr: 'curl: (56) Recv failure',
    })
  })
})

test('the command carries method, headers and body, and its URL last', () => {
  const command = curlCommand({ url: 'http://a/', method: 'POST', headers: { 'x-a': '1' }, body: '{}' })
  expect(command).toEqual(expect.arrayContaining(['-X', 'POST', '-H', 'x-a: 1', '--data-binary', '{}']))
  expect(command.at(-1)).toBe('http://a/')
  expect(command).not.toContain('-k')
})
