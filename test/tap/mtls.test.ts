/** A real handshake is captured, and read as an observer would. */
import { describe, expect, test } from 'vitest'
import { captureMtls } from '../../src/tap/mtls.ts'
import { tlsStyles } from '../../src/tap/styles.ts'
import { cursorOf } from '../../src/tap/tls/cursor.ts'
import { readHello } from '../../src/tap/tls/hello.ts'

const secret = 'Bearer 8f14e45f-staging'
const request = Buffer.from(`GET /api HTTP/1.1\r\nhost: orders.production\r\nauthorization: ${secret}\r\n\r\n`)
const response = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: 40000\r\n\r\n${'x'.repeat(40_000)}`)
const ends = {
  trustDomain: 'cluster.local',
  client: 'spiffe://cluster.local/ns/staging/sa/client',
  server: 'spiffe://cluster.local/ns/production/sa/orders',
  serverName: 'outbound_.80_._.orders.production.svc.cluster.local',
  style: tlsStyles.istio!,
}
const captured = await captureMtls(ends, request, response)
const [hello, answer] = captured.chunks
const everything = Buffer.concat(captured.chunks.map(({ bytes }) => bytes)).toString('latin1')

describe('what an observer reads of mutual TLS', () => {
  // RFC 8446 4.1.2; istio/istio pilot/pkg/xds/filters/filters.go (mtlsHTTP11ALPN), pilot/pkg/model/push_context.go
  test('the ClientHello: server name, ALPN, versions, key share', () => {
    expect(hello).toMatchObject({ from: 'client', title: expect.stringMatching(/^ClientHello, \d+ bytes$/) })
    expect(hello!.facts).toEqual(
      expect.arrayContaining([
        `server name (SNI): ${ends.serverName}`,
        'application protocols (ALPN): istio-http/1.1, istio, http/1.1',
        'versions offered: TLS 1.3, TLS 1.2',
        'key share: X25519',
        expect.stringMatching(
          /^record header 16 03 01 [0-9a-f]{2} [0-9a-f]{2}: handshake, version TLS 1\.0 as written/,
        ),
      ]),
    )
  })

  test('the ServerHello chooses, and says nothing of the application protocol', () => {
    expect(answer).toMatchObject({ from: 'server', title: expect.stringMatching(/^ServerHello/) })
    expect(answer!.facts).toEqual(
      expect.arrayContaining(['version chosen: TLS 1.3', 'cipher suite chosen: TLS_AES_128_GCM_SHA256']),
    )
    expect(answer!.facts.join()).not.toMatch(/ALPN/)
  })

  test('the request, its secret and both identities are nowhere', () => {
    for (const hidden of [secret, 'GET /api', 'HTTP/1.1 200', 'spiffe://', 'xxxxxxxx'])
      expect(everything).not.toContain(hidden)
    for (const { encrypted, secrets } of captured.chunks)
      expect([encrypted && secrets.length, secrets]).toContainEqual([])
  })

  test('every other record is encrypted, in the order of the handshake', () => {
    const order = captured.chunks
      .filter(({ encrypted }) => encrypted)
      .map(({ from, facts }) => `${from} ${/know: (?:the )?([\w ]+)/.exec(facts.join('\n'))?.[1]}`)
    expect(order).toEqual([
      'server EncryptedExtensions',
      'server CertificateRequest',
      'server Certificate',
      'server CertificateVerify',
      'server Finished',
      'client Certificate',
      'client CertificateVerify',
      'client Finished',
      'server session ticket',
      'server session ticket',
      'client request',
      // 40 kB need three records of at most 2^14 bytes.
      'server response',
      'server response',
      'server response',
    ])
  })

  test('random bytes are as readable as random bytes are', () => {
    expect(captured.readable).toBeGreaterThan(0.34)
    expect(captured.readable).toBeLessThan(0.4)
  })
})

test('without a server name there is none, and without an answer only the request is sent', async () => {
  const { serverName: _, ...unnamed } = ends
  const { chunks } = await captureMtls(unnamed, request)
  expect(chunks[0]!.facts.join()).not.toMatch(/SNI/)
  expect(chunks.at(-1)).toMatchObject({
    from: 'client',
    facts: expect.arrayContaining(['only the two ends know: the request']),
  })
})

test('a hello that is cut anywhere is no hello, and never an exception', () => {
  const body = hello!.bytes.subarray(5)
  expect(readHello(body)?.serverName).toBe(ends.serverName)
  for (let end = 0; end < body.length; end++) expect(readHello(body.subarray(0, end))).toBeUndefined()
  expect(readHello(new Uint8Array([14, 0, 0, 0]))).toBeUndefined()
})

test('a vector may not reach past its end', () => {
  expect(() => cursorOf(Uint8Array.of(0, 5, 1)).vector(2)).toThrow(RangeError)
})

// linkerd/linkerd2-proxy linkerd/rustls/src/crypto.rs (TLS_VERSIONS, kx_groups), linkerd/meshtls/src/client.rs (alpn)
test('Linkerd: TLS 1.3 alone, no ALPN, a hybrid key share, and the identity of the server as its name', async () => {
  const identity = (name: string) => `${name}.production.serviceaccount.identity.linkerd.cluster.local`
  const server = identity('orders')
  const linkerd = {
    trustDomain: 'cluster.local',
    client: identity('frontend'),
    server,
    serverName: server,
    style: tlsStyles.linkerd!,
  }
  const { chunks } = await captureMtls(linkerd, request, response)
  const facts = chunks[0]!.facts.join('\n')
  expect(facts).toContain(`server name (SNI): ${server}`)
  expect(facts).toContain('versions offered: TLS 1.3')
  expect(facts).not.toContain('TLS 1.2,')
  expect(facts).not.toContain('ALPN')
  expect(facts).toContain('key share: X25519MLKEM768')
  expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).toString('latin1')).not.toContain(linkerd.client)
})
