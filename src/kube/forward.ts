/**
 * A connection to a port of a pod, as `kubectl port-forward` makes it, over WebSocket: each port has a channel for data and
 * one for errors, and the first message of each repeats the port (k8s.io/kubelet portforward/websocket.go,
 * v4.channel.k8s.io).
 */
import { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { PodTarget } from './api.ts'
import { ClusterUnreachable } from './errors.ts'
import type { ExecEndpoint } from './exec.ts'
import { onRefusedUpgrade } from './refused-upgrade.ts'
import { resourcePath } from './resources.ts'

/** Rejects with `StatusError` when the API server refuses; what breaks later is the stream's error. */
export const forwardOverWebSocket = (
  { server, agent, headers }: ExecEndpoint,
  target: Omit<PodTarget, 'container'>,
  port: number,
): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const pods = { group: '', version: 'v1', resource: 'pods' }
    const path = resourcePath(pods, target.namespace, target.pod, 'portforward')
    const socket = new WebSocket(`${server.replace(/^http/, 'ws')}${path}?ports=${port}`, ['v4.channel.k8s.io'], {
      agent,
      headers,
      perMessageDeflate: false,
    })
    const seen = new Set<number>()
    const stream = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => socket.send(Buffer.concat([Buffer.of(0), chunk]), done),
      final: (done) => {
        socket.close()
        done()
      },
      destroy: (error, done) => {
        socket.terminate()
        done(error)
      },
    })
    // Until then nobody listens to the stream's errors: the promise tells.
    let isOpen = false
    socket.on('open', () => {
      isOpen = true
      resolve(stream)
      // Whoever awaits it listens from the next turn on; what came with the upgrade must not fail before.
      socket.pause()
      setImmediate(() => socket.resume())
    })
    socket.on('message', (data: Buffer) => {
      const at = data[0] ?? 0
      if (!seen.has(at)) return void seen.add(at)
      if (at === 0) stream.push(data.subarray(1))
      else stream.destroy(new Error(data.subarray(1).toString()))
    })
    const broken = (why: string): ClusterUnreachable =>
      new ClusterUnreachable(
        `port-forward to ${target.namespace}/${target.pod}: ${why}: is the cluster still running, and the pod?`,
      )
    // Without a close frame of the other side what came may be cut off: that is no end of file.
    socket.on('close', (code) => {
      if (!isOpen) return
      if (code === 1000 || code === 1005) stream.push(null)
      else stream.destroy(broken(`the connection broke (${code})`))
    })
    onRefusedUpgrade(socket, reject)
    socket.on('error', (error) => {
      if (isOpen) stream.destroy(broken(error.message))
      else reject(broken(error.message))
    })
  })
