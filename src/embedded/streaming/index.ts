/**
 * exec, attach and port-forward: connections that stop being HTTP. Called once a request is authenticated and allowed.
 * What can be refused before the upgrade is thrown as `StatusError`, for the caller to answer with; later trouble goes
 * through the protocol's own error channel.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Kubelet } from '../kubelet.ts'
import { badRequest } from '../node/refusals.ts'
import type { Registry } from '../registry.ts'
import { wishOf } from './command.ts'
import { speakCommand, speakPortForward, type Transport } from './spdy.ts'
import { commandOverWebSocket, portForwardOverWebSocket } from './websocket.ts'

export interface Route {
  namespace: string
  pod: string
  subresource: 'exec' | 'attach' | 'portforward'
  params: URLSearchParams
}

export interface Streaming {
  /** Takes the socket over. Throws `StatusError` while the request can still be answered as HTTP. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, route: Route): void
}

/** Versions of the stream protocol over SPDY, the best first. v5 adds a way to half-close, which SPDY has anyway. */
const commandVersions = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']
const portForwardVersion = 'portforward.k8s.io'

const offeredVersions = (request: IncomingMessage): string[] =>
  String(request.headers['x-stream-protocol-version'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)

const switchToSpdy = (socket: Duplex, version: string | undefined): Transport => {
  const named = version ? `X-Stream-Protocol-Version: ${version}\r\n` : ''
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${named}\r\n`)
  return {
    send: (bytes) => {
      if (socket.writable) socket.write(bytes)
    },
    end: () => socket.end(),
  }
}

export const createStreaming = ({ kubelet }: { kubelet: Kubelet; registry: Registry }): Streaming => ({
  upgrade(request, socket, head, route) {
    const kind = String(request.headers.upgrade ?? '').toLowerCase()
    const isPort = route.subresource === 'portforward'
    const wish = wishOf(route.params)
    if (!isPort && !wish.stdin && !wish.stdout && !wish.stderr)
      throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
    if (route.subresource === 'exec' && wish.command.length === 0)
      throw badRequest('you must specify at least 1 command for the container')
    kubelet.check({ namespace: route.namespace, pod: route.pod, container: wish.container }, route.subresource)
    if (kind === 'websocket') {
      if (isPort) portForwardOverWebSocket(kubelet, route, request, socket, head)
      else commandOverWebSocket(kubelet, route, wish, request, socket, head)
      return
    }
    if (kind !== 'spdy/3.1') throw badRequest('Upgrade request required')
    const offered = offeredVersions(request)
    const known = isPort ? [portForwardVersion] : commandVersions
    const version = known.find((name) => offered.includes(name))
    if (!version && offered.length > 0)
      throw badRequest(
        `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${known.join(' ')}]`,
      )
    const transport = switchToSpdy(socket, version)
    const session = isPort ? speakPortForward(kubelet, route, transport) : speakCommand(kubelet, route, wish, transport)
    if (head.length > 0) session.receive(new Uint8Array(head))
    socket.on('data', (chunk: Buffer) => session.receive(new Uint8Array(chunk)))
    socket.on('close', () => session.close())
  },
})
