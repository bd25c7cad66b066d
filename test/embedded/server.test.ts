/** The real wire: TLS, certificates, tokens, streams. */
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

let embedded: EmbeddedCluster
let served: ServedCluster
let tls: { ca: Buffer; cert: Buffer; key: Buffer }
beforeAll(async () => {
  embedded = await createEmbeddedCluster()
  served = await serve(embedded)
  const { clusters, users } = parse(served.kubeconfig)
  const decode = (text: string): Buffer => Buffer.from(text, 'base64')
  tls = {
    ca: decode(clusters[0].cluster['certificate-authority-data']),
    cert: decode(users[0].user['client-certificate-data']),
    key: decode(users[0].user['client-key-data']),
  }
})
afterAll(async () => {
  await served.close()
  embedded.stop()
})

const call = (
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; tls?: object } = {},
) =>
  new Promise<Answer>((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const request = httpsRequest(
      `${served.url}${path}`,
      { method, headers, agent: false, ...(options.tls ?? tls) },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })

describe('authentication', () => {
  test('the kubeconfig’s certificate is the administrator', async () => {
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' })
    const answer = await call('/apis/authentication.k8s.io/v1/selfsubjectreviews', { method: 'POST', body })
    expect(JSON.parse(answer.body).status.userInfo).toMatchObject({
      username: 'kubernetes-admin',
      groups: ['system:masters', 'system:authenticated'],
    })
  })

  test('without one: public pages, and nothing else', async () => {
    const { ca } = tls
    expect((await call('/healthz', { tls: { ca } })).body).toBe('ok')
    const { status, body } = await call('/api/v1/namespaces', { tls: { ca } })
    expect(status).toBe(403)
    expect(JSON.parse(body).message).toBe(
      'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API group "" at the cluster scope',
    )
  })

  test('a bad token is 401 even where nobody has to sign in', async () => {
    const { status, body } = await call('/healthz', { tls: { ca: tls.ca }, headers: { authorization: 'Bearer nope' } })
    expect(status).toBe(401)
    expect(JSON.parse(body)).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' })
  })

  test('a certificate of another cluster is 401', async () => {
    const { createAuthority } = await import('../../src/embedded/pki/certificates.ts')
    const { certificate: cert, key } = createAuthority(Date.now()).issueClient({
      name: 'kubernetes-admin',
      groups: ['system:masters'],
    })
    expect((await call('/api/v1/namespaces', { tls: { ca: tls.ca, cert, key } })).status).toBe(401)
  })
})

test('a plain answer has a length, and headers that the real server sends', async () => {
  const { headers, body } = await call('/version')
  expect(headers['content-length']).toBe(String(Buffer.byteLength(body)))
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  expect(headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/)
})

test('each warning is a header of its own', async () => {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'w', foo: 1 }, bar: 2 })
  const raw = await new Promise<string[]>((resolve, reject) => {
    const request = httpsRequest(
      `${served.url}/api/v1/namespaces?dryRun=All`,
      { method: 'POST', agent: false, ...tls },
      (response) => {
        response.resume()
        resolve(response.rawHeaders)
      },
    )
    request.on('error', reject)
    request.end(body)
  })
  const warnings = raw.filter((_value, at) => raw[at - 1]?.toLowerCase() === 'warning')
  expect(warnings).toEqual(['299 - "unknown field \\"metadata.foo\\""', '299 - "unknown field \\"bar\\""'])
})

test('a watch’s headers come before its first event, and close() ends it', async () => {
  const other = await serve(embedded)
  const { user } = parse(other.kubeconfig).users[0]
  const credentials = {
    cert: Buffer.from(user['client-certificate-data'], 'base64'),
    key: Buffer.from(user['client-key-data'], 'base64'),
  }
  const path = '/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Dnobody'
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { agent: false, rejectUnauthorized: false, ...credentials }
    httpsRequest(`${other.url}${path}`, options, resolve).on('error', reject).end()
  })
  expect(response.statusCode).toBe(200)
  const ended = new Promise<void>((resolve) => response.on('error', () => {}).on('close', () => resolve()))
  await other.close()
  await ended
})

test('only loopback listens', () => {
  expect(served.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
})

test('bytes that are no TLS do not disturb it', async () => {
  await new Promise<void>((resolve) => {
    const socket = connect(served.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'))
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
  })
  expect((await call('/readyz')).body).toBe('ok')
})

test('a taken port is an error', async () => {
  await expect(serve(embedded, { port: served.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
