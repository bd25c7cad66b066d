/** Clients that misbehave on the wire, and large amounts of everything. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'

const secrets = '/api/v1/namespaces/default/secrets'

let clock: ManualClock
let embedded: EmbeddedCluster
let served: ServedCluster
let tls: { rejectUnauthorized: false; cert: Buffer; key: Buffer }
beforeEach(async () => {
  clock = manualClock()
  embedded = await createEmbeddedCluster({ clock })
  embedded.stop()
  served = await serve(embedded)
  const { user } = parse(served.kubeconfig).users[0]
  tls = {
    rejectUnauthorized: false,
    cert: Buffer.from(user['client-certificate-data'], 'base64'),
    key: Buffer.from(user['client-key-data'], 'base64'),
  }
})
afterEach(() => served.close())

const create = (index: number) =>
  embedded.registry.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `s${String(index).padStart(6, '0')}`, namespace: 'default' },
    stringData: { text: 'x'.repeat(200) },
  })

/** Sends these bytes and gives everything that comes back until the server ends the connection. */
const exchange = (text: string, whenSent = (): void => {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port: served.port, host: '127.0.0.1', ...tls }, () => socket.write(text, whenSent))
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', reject).on('close', () => resolve(answer))
  })

const open = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const options = { ...tls, headers, method, agent: false }
    httpsRequest(`${served.url}${path}`, options, resolve).on('error', reject).end()
  })

const bytesOf = async (response: IncomingMessage): Promise<Buffer> => Buffer.concat(await response.toArray())

test('a body that never ends is answered after a minute', async () => {
  const waiting = clock.waiting
  const started = new Promise<void>((resolve) => {
    const watch = setInterval(() => {
      if (clock.waiting === waiting) return
      clearInterval(watch)
      resolve()
    })
  })
  const answer = exchange(
    `POST ${secrets} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"kind"`,
  )
  await started
  clock.advance(60_000)
  expect(await answer).toMatch(/^HTTP\/1\.1 504 .*request did not complete within the allotted timeout/s)
})

test('a body above 3 MiB is refused while it comes, without a length to go by', async () => {
  const chunk = 'x'.repeat(64 * 1024)
  const body = `${(chunk.length).toString(16)}\r\n${chunk}\r\n`.repeat(60)
  const answer = await exchange(
    `POST ${secrets} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 413 .*"reason":"RequestEntityTooLarge"/s)
})

test('what is no HTTP, and no TLS, ends its own connection only', async () => {
  expect(await exchange('\0\x01\x02 nonsense\r\n\r\n')).not.toMatch(/^HTTP\/1\.1 2/)
  await new Promise<void>((resolve) => {
    httpRequest({ port: served.port, host: '127.0.0.1' })
      .on('error', () => resolve())
      .end()
  })
  expect((await open('/readyz')).statusCode).toBe(200)
})

test('large answers are compressed for who takes it', async () => {
  for (let index = 0; index < 500; index++) create(index)
  const zipped = await open(secrets, { 'accept-encoding': 'gzip' })
  expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
  const bytes = await bytesOf(zipped)
  expect(zipped.headers['content-length']).toBe(String(bytes.length))
  const plain = await open(secrets)
  expect(plain.headers).not.toHaveProperty('content-encoding')
  expect(JSON.parse(gunzipSync(bytes).toString())).toEqual(JSON.parse((await bytesOf(plain)).toString()))
  const small = await open(`${secrets}?limit=1`, { 'accept-encoding': 'gzip' })
  expect(small.headers).not.toHaveProperty('content-encoding')
  await bytesOf(small)
})

test('HEAD has the headers of the answer and nothing else; a watch asked for that way ends', async () => {
  create(1)
  const before = clock.waiting
  const list = await open(secrets, {}, 'HEAD')
  expect(list.statusCode).toBe(200)
  expect(list.headers['content-length']).toBe(String((await bytesOf(await open(secrets))).length))
  expect(await bytesOf(list)).toHaveLength(0)
  expect(await bytesOf(await open(`${secrets}?watch=true`, {}, 'HEAD'))).toHaveLength(0)
  expect(clock.waiting).toBe(before)
})

test('ten thousand objects: chunk by chunk the list that a watch gives', async () => {
  for (let index = 0; index < 10_000; index++) create(index)
  const names: string[] = []
  let token = ''
  do {
    const page = JSON.parse((await bytesOf(await open(`${secrets}?limit=1500&continue=${token}`))).toString()) as {
      metadata: { continue?: string; remainingItemCount?: number }
      items: { metadata: { name: string } }[]
    }
    names.push(...page.items.map(({ metadata }) => metadata.name))
    expect(page.metadata.remainingItemCount ?? 0).toBe(10_000 - names.length)
    token = page.metadata.continue ?? ''
  } while (token)
  const watch = await open(
    `${secrets}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1`,
  )
  let text = ''
  for await (const chunk of watch.setEncoding('utf8')) {
    text += chunk
    if (text.includes('k8s.io/initial-events-end')) break
  }
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.at(-1).type).toBe('BOOKMARK')
  expect(events.slice(0, -1).map(({ object }) => object.metadata.name)).toEqual(names)
  expect(names).toEqual([...names].sort())
})

test('a watcher that does not read costs no memory but its place, and hears of it', async () => {
  const watch = await open(`${secrets}?watch=true`)
  watch.pause()
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 4000; index++) create(round * 4000 + index)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const lines = (await bytesOf(watch)).toString().trim().split('\n')
  const last = JSON.parse(lines.at(-1)!)
  expect(last).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  // What it did get is the beginning, without a gap.
  const names = lines.slice(0, -1).map((line) => JSON.parse(line).object.metadata.name)
  expect(names.length).toBeLessThan(12_000)
  expect(names).toEqual(names.map((_, index) => `s${String(index).padStart(6, '0')}`))
})

test('clients that leave in the middle of a request leave nothing behind', async () => {
  const before = clock.waiting
  for (let index = 0; index < 20; index++) {
    const watch = await open(`${secrets}?watch=true`)
    watch.destroy()
  }
  await new Promise<void>((resolve) => {
    const check = (): void => void (clock.waiting <= before ? resolve() : setImmediate(check))
    check()
  })
  expect(clock.waiting).toBe(before)
})
