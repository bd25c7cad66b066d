/**
 * exec and attach over WebSocket channels, v5 and v4, and port-forward both tunnelled (SPDY inside) and in its old form.
 * Upstream: apimachinery/pkg/util/httpstream/wsstream, client-go/transport/websocket. Not modelled: the base64 variants
 * for browsers.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Kubelet } from '../kubelet.ts'
import { createFeed } from '../node/output.ts'
import { badRequest } from '../node/refusals.ts'
import { createSizes, run, type Wish } from './command.ts'
import type { Route } from './index.ts'
import { forward } from './port.ts'
import { speakPortForward } from './spdy.ts'

export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io'
const half = 255

const offered = (request: IncomingMessage): string[] =>
  (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)

const accept = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string | undefined,
  onOpen: (ws: WebSocket) => void,
): void => {
  // ws refuses a subprotocol with a slash: it never sees the header, and the answer is written beside it.
  delete request.headers['sec-websocket-protocol']
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false })
  server.once('headers', (lines) => {
    if (protocol) lines.push(`Sec-WebSocket-Protocol: ${protocol}`)
  })
  server.handleUpgrade(request, socket, head, (ws) => {
    ws.binaryType = 'nodebuffer'
    ws.on('error', () => ws.terminate())
    onOpen(ws)
  })
}

const framed = (channel: number, chunk: Uint8Array): Buffer => Buffer.concat([Buffer.from([channel]), chunk])

const bytesOf = (data: unknown): Buffer =>
  Buffer.isBuffer(data)
    ? data
    : Array.isArray(data)
      ? Buffer.concat(data as Buffer[])
      : Buffer.from(data as ArrayBuffer)

/** exec and attach. */
export const commandOverWebSocket = (
  kubelet: Kubelet,
  route: Route,
  wish: Wish,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void => {
  const names = offered(request)
  const protocol = ['v5.channel.k8s.io', 'v4.channel.k8s.io'].find((name) => names.includes(name))
  if (!protocol && names.length > 0)
    throw badRequest(
      `unable to upgrade: the client offers ${names.join(', ')}; this server speaks v5.channel.k8s.io and v4.channel.k8s.io`,
    )
  accept(request, socket, head, protocol, (ws) => {
    const controller = new AbortController()
    const stdin = createFeed()
    const sizes = createSizes()
    ws.on('message', (data, isBinary) => {
      const bytes = bytesOf(data)
      const channel = bytes[0]
      if (!isBinary || channel === undefined) return
      const payload = new Uint8Array(bytes.subarray(1))
      if (channel === 0 && wish.stdin) {
        if (payload.length > 0) stdin.push(payload)
      } else if (channel === 4) sizes.push(payload)
      else if (channel === half && protocol?.startsWith('v5') && payload[0] === 0) stdin.end()
    })
    ws.on('close', () => {
      stdin.end()
      sizes.end()
      controller.abort()
    })
    const write = (channel: number, isWanted: boolean) => (chunk: Uint8Array) => {
      if (isWanted && ws.readyState === ws.OPEN) ws.send(framed(channel, chunk))
    }
    void run(kubelet, route, wish, {
      stdin: wish.stdin ? stdin : undefined,
      stdout: write(1, wish.stdout),
      stderr: write(2, wish.stderr),
      tty: wish.tty,
      ...(wish.tty ? { resize: sizes.sizes } : {}),
      signal: controller.signal,
    }).then((status) => {
      write(3, true)(new TextEncoder().encode(status))
      ws.close(1000)
    })
  })
}

/** kubectl's tunnel: every message is a slice of one SPDY byte stream. */
const tunnel = (kubelet: Kubelet, route: Route, ws: WebSocket): void => {
  const session = speakPortForward(kubelet, route, {
    send: (bytes) => {
      if (ws.readyState === ws.OPEN) ws.send(bytes)
    },
    end: () => ws.close(1000),
  })
  ws.on('message', (data) => session.receive(new Uint8Array(bytesOf(data))))
  ws.on('close', () => session.close())
}

/** The old form: for the i-th port, channel 2i carries data and 2i+1 errors, each announced with the port's number. */
const channels = (kubelet: Kubelet, route: Route, ports: number[], ws: WebSocket): void => {
  const feeds = ports.map(() => createFeed())
  const send = (channel: number, chunk: Uint8Array): void => {
    if (ws.readyState === ws.OPEN) ws.send(framed(channel, chunk))
  }
  ws.on('message', (data) => {
    const bytes = bytesOf(data)
    const channel = bytes[0] ?? 0
    if (channel % 2 === 0 && bytes.length > 1) feeds[channel / 2]?.push(new Uint8Array(bytes.subarray(1)))
  })
  ws.on('close', () => feeds.forEach((feed) => void feed.end()))
  let open = ports.length
  ports.forEach((port, at) => {
    const number = new Uint8Array([port & 255, port >> 8])
    send(at * 2, number)
    send(at * 2 + 1, number)
    const feed = feeds[at] ?? createFeed()
    void forward(kubelet, route, port, { input: feed, write: (chunk) => send(at * 2, chunk), end: () => {} }).then(
      (trouble) => {
        if (trouble !== undefined) send(at * 2 + 1, new TextEncoder().encode(trouble))
        open--
        if (open === 0) ws.close(1000)
      },
    )
  })
}

export const portForwardOverWebSocket = (
  kubelet: Kubelet,
  route: Route,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void => {
  const names = offered(request)
  if (names.includes(tunnelProtocol)) {
    accept(request, socket, head, tunnelProtocol, (ws) => tunnel(kubelet, route, ws))
    return
  }
  const protocol = names.find((name) => name === 'v4.channel.k8s.io') ?? (names.length === 0 ? undefined : 'none')
  if (protocol === 'none')
    throw badRequest(
      `unable to upgrade: the client offers ${names.join(', ')}; this server speaks ${tunnelProtocol} and v4.channel.k8s.io`,
    )
  const ports = route.params
    .getAll('ports')
    .flatMap((list) => list.split(','))
    .map(Number)
  if (ports.length === 0 || ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535))
    throw badRequest('query parameter "ports" is required')
  accept(request, socket, head, protocol, (ws) => channels(kubelet, route, ports, ws))
}
