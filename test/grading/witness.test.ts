import { describe, expect, test } from 'vitest'
import { parseCurl } from '../../src/grading/curl.ts'
import { identityIn, witnessIn, witnessInHeaderAnswer, witnessUrl } from '../../src/grading/witness.ts'

const answer = (body: string, status = 200) =>
  parseCurl(0, `HTTP/1.1 ${status} X\r\n\r\n${body}\n<<meshdojo>> ${status} 0.1`, '')
const xfcc = 'By=spiffe://cluster.local/ns/p/sa/api;Hash=ab;Subject="CN=a,O=b;c";URI=spiffe://cluster.local/ns/p/sa/web'

describe('identity in x-forwarded-client-cert', () => {
  test.each([
    ['one element, with quoted separators', xfcc, 'cluster.local/ns/p/sa/web'],
    ['the last element is the nearest hop', `By=x;URI=spiffe://t/ns/a/sa/far,${xfcc}`, 'cluster.local/ns/p/sa/web'],
    ['quoted URI', 'By=x;URI="spiffe://t/ns/a/sa/b"', 't/ns/a/sa/b'],
    ['no URI', 'By=x;Hash=1', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, header, identity) => expect(identityIn(header)).toBe(identity))
})

describe('what the application shows', () => {
  const echo = (headers: object) => answer(JSON.stringify({ path: '/', headers, method: 'GET' }))
  test('an echo with the header saw mTLS', () =>
    expect(witnessIn(echo({ 'x-forwarded-client-cert': xfcc }))).toEqual({
      mtls: true,
      identity: 'cluster.local/ns/p/sa/web',
    }))
  test('an echo without it did not', () => expect(witnessIn(echo({ host: 'a' }))).toEqual({ mtls: false }))
  test.each(['hello', '{"not":"an echo"}', '{broken', ''])('%j is no witness', (body) =>
    expect(witnessIn(answer(body))).toBeUndefined(),
  )
  test('agnhost is asked again at /header, on the same host and port', () => {
    expect(witnessUrl('http://orders.p:8080/api?x=1', answer('NOW: 2026'))).toBe(
      'http://orders.p:8080/header?key=X-Forwarded-Client-Cert',
    )
    expect(witnessUrl('http://a/', answer('hello'))).toBeUndefined()
  })
  test.each([
    ['with the header', answer(xfcc), { mtls: true, identity: 'cluster.local/ns/p/sa/web' }],
    ['without it', answer(''), { mtls: false }],
    ['too old to know the path', answer('NOW: 2026'), undefined],
    ['denied', answer('RBAC: access denied', 403), undefined],
  ])('its answer %s', (_, result, witness) => expect(witnessInHeaderAnswer(result)).toEqual(witness))
})
