/** What the API server asks of the (one, simulated) node: run commands in containers, read their logs, reach their ports. */
import type { ExecStreams, PodTarget } from '../kube/api.ts'
import type { DataPlane } from './dataplane/dataplane.ts'

export interface LogOptions {
  follow?: boolean
  previous?: boolean
  tailLines?: number
  sinceSeconds?: number
  sinceTime?: string
  limitBytes?: number
  timestamps?: boolean
}

export interface Kubelet {
  readonly dataPlane: DataPlane
  /** Throws the `StatusError` that a request for that container is refused with before its connection is upgraded. */
  check(target: PodTarget, purpose: 'exec' | 'attach' | 'portforward'): void
  /** Rejects with `StatusError` in the real kubelet's words when the command cannot start. */
  exec(target: PodTarget, argv: readonly string[], streams: ExecStreams): Promise<{ exitCode: number }>
  /** Attaches to the container's main process: its output from now on. */
  attach(target: PodTarget, streams: ExecStreams): Promise<{ exitCode: number }>
  /** Text chunks; ends when there is no more, or with `follow` when the container or `signal` ends. Throws `StatusError`. */
  logs(target: PodTarget, options: LogOptions, signal?: AbortSignal): AsyncIterable<string>
  /** A byte stream to a port of the pod, as port-forward opens: from the node itself, past the sidecar. */
  connect(
    target: PodTarget,
    port: number,
  ): Promise<{ readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> }>
  /** Stops all timers; nothing is left running. */
  stop(): void
}
