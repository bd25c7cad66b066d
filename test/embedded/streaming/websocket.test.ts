/** exec, attach and port-forward with the `ws` client, frame by frame, on a plain loopback server. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createStreaming, type Route } from '../../../src/embedded/streaming/index.ts'
import { StatusError } from '../../../src/kube/errors.ts'
import { type SmallCluster, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
let server: Server
let origin: string

beforeAll(async () => {
  cluster = smallCluster()
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] })
  cluster.run('shell', { image: 'busybox', command: ['cat'], stdin: true, stdinOnce: true })
  cluster.run('echo', { image: 'mendhak/http-https-echo:37' })
  cluster.run('nowhere', { image: 'no/such' })
  await cluster.ready('client', 'shell', 'echo')
  const streaming = createStreaming({ kubelet: cluster.kubelet, registry: cluster.registry })
  server = createServer()
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://x')
    const [, pod = '', subresource] = url.pathname.split('/')
    try {
      streaming.upgrade(request, socket, head, {
        namespace: 'shop',
        pod,
        subresource: subresource as Route['subresource'],
        params: url.searchParams,
      })
    } catch (error) {
      const { code, message } = error instanceof StatusError ? error : { code: 500, message: String(error) }
      socket.end(`HTTP/1.1 ${code} Refused\r\nContent-Length: ${message.length}\r\nConnection: close\r\n\r\n${message}`)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  cluster.stop()
  server.close()
})

interface Talk {
  protocol: string
  /** Text received, by channel. */
  channels: Map<number, string>
  code: number
  refused?: string
}

/** Connects, sends the frames, collects everything until the server closes. */
const talk = (path: string, protocols: string[], frames: [channel: number, text: string][] = []): Promise<Talk> =>
  new Promise((resolve) => {
    const ws = new WebSocket(`${origin}/${path}`, protocols)
    const channels = new Map<number, string>()
    let refused: string | undefined
    ws.on('open', () => {
      for (const [channel, text] of frames)
        ws.send(Buffer.concat([Buffer.from([channel]), Buffer.from(text, 'latin1')]))
    })
    ws.on(
      'message',
      (data: Buffer) =>
        void channels.set(data[0]!, (channels.get(data[0]!) ?? '') + data.subarray(1).toString('latin1')),
    )
    ws.on('unexpected-response', (_request, response) => {
      let text = `${response.statusCode} `
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ protocol: '', channels, code: 0, refused: text }))
    })
    ws.on('error', () => {})
    ws.on('close', (code) => resolve({ protocol: ws.protocol, channels, code, refused }))
  })

const v5 = ['v5.channel.k8s.io']
const query = (...command: string[]): string =>
  `exec?${command.map((word) => `command=${encodeURIComponent(word)}&`).join('')}stdout=true&stderr=true`

test.each([
  [v5, 'v5.channel.k8s.io'],
  [['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'], 'v5.channel.k8s.io'],
  [['v4.channel.k8s.io', 'v3.channel.k8s.io'], 'v4.channel.k8s.io'],
])('offered %j, answers %s', async (offered, chosen) => {
  const { protocol, channels, code } = await talk(`client/${query('echo', 'hi')}`, offered)
  expect(protocol).toBe(chosen)
  expect(channels.get(1)).toBe('hi\n')
  expect(JSON.parse(channels.get(3)!)).toEqual({ metadata: {}, status: 'Success' })
  expect(code).toBe(1000)
})

test('an exit code travels as a cause', async () => {
  const { channels } = await talk(`client/${query('sh', '-c', 'echo out; echo err >&2; exit 7')}`, v5)
  expect([channels.get(1), channels.get(2)]).toEqual(['out\n', 'err\n'])
  expect(JSON.parse(channels.get(3)!)).toEqual({
    metadata: {},
    status: 'Failure',
    message: 'command terminated with non-zero exit code: exit status 7',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  })
})

test('stdin ends with the half-close of v5', async () => {
  const { channels } = await talk(`client/${query('cat')}&stdin=true`, v5, [
    [0, 'one '],
    [0, 'two'],
    [255, '\0'],
  ])
  expect(channels.get(1)).toBe('one two')
})

test('a command that cannot start is an error on channel 3', async () => {
  const { channels } = await talk(`client/${query('nosuch')}`, v5)
  const status = JSON.parse(channels.get(3)!)
  expect(status).toMatchObject({ status: 'Failure', reason: 'InternalError', code: 500 })
  expect(status.message).toContain('exec: "nosuch": executable file not found in $PATH')
})

test('a terminal: one channel, a prompt, an exit code', async () => {
  const { channels } = await talk('client/exec?command=sh&stdin=true&stdout=true&tty=true', v5, [
    [4, '{"Width":80,"Height":24}\n'],
    [0, 'echo $((6*7))\rexit 3\r'],
  ])
  expect(channels.get(1)).toContain('\r\n42\r\n')
  expect(channels.has(2)).toBe(false)
  expect(JSON.parse(channels.get(3)!).details.causes[0].message).toBe('3')
})

test.each([
  [`none/${query('ls')}`, v5, '404 pods "none" not found'],
  [`client/${query('ls')}&container=x`, v5, '400 container x is not valid for pod client'],
  [
    `nowhere/${query('ls')}`,
    v5,
    '500 Internal error occurred: unable to upgrade connection: container not found ("main")',
  ],
  ['client/exec?stdout=true', v5, '400 you must specify at least 1 command for the container'],
  ['client/exec?command=ls', v5, '400 you must specify at least 1 of stdin, stdout, stderr'],
  [
    `client/${query('ls')}`,
    ['base64.channel.k8s.io'],
    '400 unable to upgrade: the client offers base64.channel.k8s.io; this server speaks v5.channel.k8s.io and v4.channel.k8s.io',
  ],
  ['echo/portforward', ['v4.channel.k8s.io'], '400 query parameter "ports" is required'],
])('%s is refused before the upgrade', async (path, protocols, says) => {
  expect((await talk(path, protocols)).refused).toBe(says)
})

test('attach talks to the main process', async () => {
  const { channels, code } = await talk('shell/attach?stdin=true&stdout=true&stderr=true', v5, [
    [0, 'hello'],
    [255, '\0'],
  ])
  expect(channels.get(1)).toBe('hello')
  expect(JSON.parse(channels.get(3)!).status).toBe('Success')
  expect(code).toBe(1000)
})

test('port-forward in its old form announces the port on both channels', async () => {
  const { channels } = await talk(
    'echo/portforward?ports=8080',
    ['v4.channel.k8s.io'],
    [[0, 'GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n']],
  )
  const data = channels.get(0)!
  expect([data.charCodeAt(0), data.charCodeAt(1)]).toEqual([8080 & 255, 8080 >> 8])
  expect(data.slice(2)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*"path": "\/x"/)
  expect(channels.get(1)).toHaveLength(2)
})

test('port-forward to a port that nothing listens on says so', async () => {
  const { channels } = await talk('echo/portforward?ports=81', ['v4.channel.k8s.io'])
  expect(channels.get(1)!.slice(2)).toMatch(
    /^error forwarding port 81 to pod echo, uid : .*connect: connection refused/,
  )
})
