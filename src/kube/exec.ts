/**
 * Running a command in a pod, over WebSocket as kubectl does from 1.30 on: binary messages whose first byte is the
 * channel, protocol v5.channel.k8s.io, or v4 where a server knows no better.
 * Not modelled: SPDY/3.1, for servers before Kubernetes 1.29.
 */
import type { Agent } from 'node:https'
import { WebSocket } from 'ws'
import type { ExecStreams, PodTarget, Status } from './api.ts'
import { ClusterUnreachable, StatusError } from './errors.ts'
import { onRefusedUpgrade } from './refused-upgrade.ts'
import { resourcePath } from './resources.ts'

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const

export interface ExecEndpoint {
  server: string
  agent: Agent
  headers: Record<string, string>
}

const urlOf = ({ server }: ExecEndpoint, target: PodTarget, argv: readonly string[], streams: ExecStreams): string => {
  const query = new URLSearchParams(argv.map((argument): [string, string] => ['command', argument]))
  if (target.container) query.set('container', target.container)
  if (streams.stdin) query.set('stdin', 'true')
  query.set('stdout', 'true')
  if (streams.tty) query.set('tty', 'true')
  else query.set('stderr', 'true')
  const path = resourcePath({ group: '', version: 'v1', resource: 'pods' }, target.namespace, target.pod, 'exec')
  return `${server.replace(/^http/, 'ws')}${path}?${query}`
}

/** The last word on channel 3: a Status that leaves out its kind. */
const finalStatus = (text: string): Status => {
  const bare: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'InternalError' }
  try {
    return { ...bare, ...(JSON.parse(text) as Partial<Status>) }
  } catch {
    return { ...bare, message: text }
  }
}

/** The exit code that a final Status tells; throws what it says when the command never ran. */
const exitCodeOf = (status: Status): number => {
  if (status.status === 'Success') return 0
  if (status.reason === 'NonZeroExitCode') {
    const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')
    if (cause?.message !== undefined) return Number(cause.message)
  }
  throw new StatusError(status)
}

/** See `Cluster.exec` for what it resolves and rejects with. */
export const execOverWebSocket = (
  endpoint: ExecEndpoint,
  target: PodTarget,
  argv: readonly string[],
  streams: ExecStreams,
): Promise<{ exitCode: number }> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(urlOf(endpoint, target, argv, streams), ['v5.channel.k8s.io', 'v4.channel.k8s.io'], {
      // A kept connection is upgraded in place: no TLS handshake for each command.
      agent: endpoint.agent,
      headers: endpoint.headers,
      perMessageDeflate: false,
    })
    const where = `${target.namespace}/${target.pod}`
    let final: Status | undefined

    const abort = (): void => {
      socket.terminate()
      reject(streams.signal?.reason)
    }
    if (streams.signal?.aborted) abort()
    streams.signal?.addEventListener('abort', abort)

    const send = (to: number, data: Uint8Array | string): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.concat([Buffer.of(to), Buffer.from(data)]))
    }
    const pump = async (): Promise<void> => {
      for await (const chunk of streams.stdin ?? []) send(channel.stdin, chunk)
      // Only v5 can end stdin and keep the rest open.
      if (streams.stdin && socket.protocol === 'v5.channel.k8s.io') send(channel.close, Uint8Array.of(channel.stdin))
    }
    const follow = async (): Promise<void> => {
      for await (const { width, height } of streams.resize ?? []) {
        send(channel.resize, JSON.stringify({ Width: width, Height: height }))
      }
    }

    socket.on('open', () => {
      pump().catch((error: unknown) => reject(error))
      follow().catch((error: unknown) => reject(error))
    })
    socket.on('message', (data: Buffer) => {
      const body = data.subarray(1)
      if (data[0] === channel.status) final = finalStatus(body.toString())
      else if (body.length && data[0] === channel.stdout) streams.stdout(body)
      else if (body.length && data[0] === channel.stderr) streams.stderr(body)
    })
    onRefusedUpgrade(socket, reject)
    socket.on('error', (error) =>
      reject(new ClusterUnreachable(`exec in ${where}: ${error.message}: is the cluster still running?`)),
    )
    socket.on('close', (code) => {
      streams.signal?.removeEventListener('abort', abort)
      if (!final && code !== 1000) {
        reject(
          new ClusterUnreachable(`exec in ${where}: the connection broke (${code}): is the cluster still running?`),
        )
        return
      }
      try {
        resolve({ exitCode: final ? exitCodeOf(final) : 0 })
      } catch (error) {
        reject(error)
      }
    })
  })
