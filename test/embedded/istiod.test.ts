/** What istioctl asks istiod through a port-forward: its version, and which proxies are in step. */
import { constants, connect as http2 } from 'node:http2'
import { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { connect as tls } from 'node:tls'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { apiOf } from './api.ts'

let embedded: EmbeddedCluster
let api: ReturnType<typeof apiOf>
let istiod: string

const turns = () => new Promise((resolve) => setImmediate(resolve))

const until = async <T>(ask: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const found = await ask()
    if (found !== undefined) return found
    await turns()
  }
}

// biome-ignore lint/suspicious/noExplicitAny: pods as the API gives them
const isReady = (pod: any): boolean =>
  pod.status?.conditions?.some(
    (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
  )

beforeAll(async () => {
  embedded = await createEmbeddedCluster({ mesh: istio })
  api = apiOf(embedded)
  await api('POST', '/api/v1/namespaces', { metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } })
  const pods = '/api/v1/namespaces/shop/pods'
  await until(async () => {
    const made = await api('POST', pods, {
      metadata: { name: 'web' },
      spec: { containers: [{ name: 'app', image: 'nginx' }] },
    })
    return made.status === 201 ? true : undefined
  })
  await until(async () => (isReady((await api('GET', `${pods}/web`)).body) ? true : undefined))
  istiod = await until(async () => {
    const { body } = await api('GET', '/api/v1/namespaces/istio-system/pods?labelSelector=app%3Distiod')
    return isReady(body.items[0] ?? {}) ? body.items[0].metadata.name : undefined
  })
})
afterAll(() => embedded.stop())

const open = async (port: number): Promise<Duplex> =>
  Duplex.fromWeb(
    (await embedded.kubelet.connect({ namespace: 'istio-system', pod: istiod }, port)) as Parameters<
      typeof Duplex.fromWeb
    >[0],
  )

/** DiscoveryRequest for a debug type; `nonce`: an acknowledgement. */
const request = (type: string, nonce = ''): Buffer => {
  const writer = new BinaryWriter().tag(4, WireType.LengthDelimited).string(type)
  if (nonce !== '') writer.tag(5, WireType.LengthDelimited).string(nonce)
  const body = writer.finish()
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

/** Every string of a message, however deep: enough to see who is named in an answer. */
const strings = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const ask = async (
  type: string,
  path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
) => {
  const socket = tls({ socket: await open(15012), rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  const session = http2('https://istiod', { createConnection: () => socket })
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  const answers: Buffer[] = []
  let ended: Record<string, unknown> = {}
  stream.on('response', (headers) => {
    ended = { ...ended, ...headers }
  })
  stream.on('trailers', (headers) => {
    ended = { ...ended, ...headers }
  })
  stream.write(request(type, 'a question, as istioctl numbers it'))
  for await (const chunk of stream) {
    answers.push(chunk as Buffer)
    stream.write(request(type, 'meshdojo-1'))
    stream.end()
  }
  session.close()
  const protocol = socket.alpnProtocol
  return { answer: Buffer.concat(answers), status: ended['grpc-status'], says: ended['grpc-message'], protocol }
}

const page = async (path: string): Promise<string> => {
  const connection = await open(15014)
  connection.end(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  const [head = '', body = ''] = (await buffer(connection)).toString().split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 200 OK/)
  return body
}

test('version: of istiod, for a path that istioctl doubles the slash of, and of the proxies', async () => {
  for (const path of ['/version', '//version']) expect(await page(path)).toMatch(/^\d+\.\d+\.\d+-unknown-Clean$/)
  const [version] = (await page('/version')).split('-')
  expect(JSON.parse(await page('//debug/syncz'))).toEqual([
    { cluster_id: 'Kubernetes', proxy: 'web.shop', proxy_type: 'sidecar', istio_version: version },
  ])
})

test('proxy-status: one answer with each proxy that runs, in step with everything', async () => {
  const { answer, status, protocol } = await ask('istio.io/debug/syncz')
  expect(protocol).toBe('h2')
  expect(status).toBe('0')
  // One message: an acknowledgement is not answered.
  expect(answer.readUInt32BE(1)).toBe(answer.length - 5)
  const reader = new BinaryReader(answer.subarray(5))
  const fields: number[] = []
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    fields.push(field)
    reader.skip(wire, field)
  }
  expect(fields).toEqual([1, 2, 4, 5, 6])
  expect(strings(answer)).toContain('web.shop')
  expect(strings(answer)).toContain('envoy.config.route.v3.RouteConfiguration')
  expect(strings(answer)).toContain(`"ID":"${istiod}"`)
})

test('what is not modelled is refused by name', async () => {
  const refused = await ask('istio.io/debug/config_dump')
  expect(refused.status).toBe('12')
  expect(decodeURIComponent(String(refused.says))).toContain('istio.io/debug/config_dump')
  const stranger = await ask('x', '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus')
  expect(stranger.status).toBe('12')
  expect(constants.HTTP2_HEADER_PATH).toBe(':path')
})
