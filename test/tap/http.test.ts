import { describe, expect, test } from 'vitest'
import { asProxyWrites, describeHttp } from '../../src/tap/http.ts'
import { secretsIn } from '../../src/tap/secrets.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const found = (text: string, known?: string[]): string[] =>
  secretsIn(bytes(text), known).map(({ start, end }) => text.slice(start, end))

const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln'

describe('secrets of a readable message', () => {
  test.each<[string, string[], string[]?]>([
    ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', []],
    ['GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\n\r\n', ['Bearer abc']],
    ['GET / HTTP/1.1\r\nCookie:a=b; c=d\r\nAccept: */*\r\n\r\n', ['a=b; c=d']],
    ['HTTP/1.1 200 OK\r\nset-cookie: session=1\r\n\r\n', ['session=1']],
    ['GET / HTTP/1.1\r\nX-Auth-Token: t0\r\nx-api-key: k\r\nPrivate-Token: p\r\n\r\n', ['t0', 'k', 'p']],
    ['GET /x?a=1&access_token=zz9&b=2 HTTP/1.1\r\n\r\n', ['zz9']],
    [`POST / HTTP/1.1\r\nx: y\r\n\r\n{"jwt":"${token}"}`, [token]],
    // One range, not two: the token is in the header's value.
    [`GET / HTTP/1.1\r\nauthorization: Bearer ${token}\r\n\r\n`, [`Bearer ${token}`]],
    // A header's name in the body is text.
    ['HTTP/1.1 200 OK\r\n\r\nauthorization: me', []],
    ['HTTP/1.1 200 OK\r\n\r\n"abc" and abc', ['abc', 'abc'], ['abc']],
    ['GET / HTTP/1.1\r\nAuthorization: \r\n\r\n', []],
    ['', []],
  ])('%j', (text, secrets, known) => {
    expect(found(text, known)).toEqual(secrets)
  })
})

test('a proxy writes names in lower case, and leaves values and body alone', () => {
  const written = asProxyWrites(bytes('GET /Api HTTP/1.1\r\nHost: Orders\r\nX-A: B:C\r\n\r\nBody: X\r\n\r\nY'))
  expect(Buffer.from(written).toString()).toBe('GET /Api HTTP/1.1\r\nhost: Orders\r\nx-a: B:C\r\n\r\nBody: X\r\n\r\nY')
})

test('an answer that repeats the secret gives it away too', () => {
  const asked = describeHttp('client', bytes('GET / HTTP/1.1\r\ncookie: s=1\r\n\r\n'))
  const answer = describeHttp('server', bytes('HTTP/1.1 200 OK\r\n\r\nyou sent s=1'), asked)
  expect(answer.title).toBe('HTTP/1.1 200 OK')
  expect(answer.facts).toEqual([
    'readable: status and every header, and 12 bytes of body',
    'secret, readable by anybody on the way: s=1',
  ])
})
