/** Port-forward over WebSocket: how a connection ends is how its stream ends. */
import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { ClusterUnreachable, StatusError } from '../../src/kube/errors.ts'
import { forwardOverWebSocket } from '../../src/kube/forward.ts'

/** An API server that lets every upgrade in and then does this; without a deed it refuses. */
const forwardTo = async (deed?: (socket: WebSocket) => void) => {
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (deed) sockets.handleUpgrade(request, socket, head, deed)
    else socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const endpoint = { server: `http://127.0.0.1:${port}`, agent: new Agent() as never, headers: {} }
  return forwardOverWebSocket(endpoint, { namespace: 'a', pod: 'web' }, 80)
}

/** Each channel begins by repeating the port. */
const begin = (socket: WebSocket): void => {
  for (const channel of [0, 1]) socket.send(Buffer.of(channel, 80, 0))
}
const say = (socket: WebSocket, channel: number, words: string): void =>
  socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(words)]))

test('what the port says, to its end', async () => {
  const stream = await forwardTo((socket) => {
    begin(socket)
    say(socket, 0, 'hello')
    socket.close(1000)
  })
  expect(await text(stream)).toBe('hello')
})

test('a connection that breaks is no end', async () => {
  const stream = await forwardTo((socket) => {
    begin(socket)
    say(socket, 0, 'half of')
    socket.terminate()
  })
  await expect(text(stream)).rejects.toThrow(ClusterUnreachable)
})

test('what goes wrong in the pod is the stream’s error', async () => {
  const stream = await forwardTo((socket) => {
    begin(socket)
    say(socket, 1, 'connection refused')
  })
  await expect(text(stream)).rejects.toThrow('connection refused')
})

test('a refusal is the server’s Status', async () => {
  await expect(forwardTo()).rejects.toThrow(StatusError)
})

test('nobody there is told with what to look at', async () => {
  const endpoint = { server: 'http://127.0.0.1:1', agent: new Agent() as never, headers: {} }
  await expect(forwardOverWebSocket(endpoint, { namespace: 'a', pod: 'web' }, 80)).rejects.toThrow(
    /port-forward to a\/web: .*is the cluster still running/,
  )
})
