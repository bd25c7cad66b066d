/**
 * One workload asks another, for real as far as the embedded cluster goes: DNS, Service, endpoint, outbound proxy, wire,
 * inbound proxy, application. curl in a pod comes through here, and whatever else asks over the network: probes of the
 * kubelet where a proxy stands in front of the port.
 */
import type { Pod } from '../../kube/kinds.ts'
import type { HttpRequest } from '../../meshes/call.ts'
import type { Verdict } from '../../meshes/verdict.ts'
import type { Program } from '../workloads/workload.ts'

export interface HttpExchange {
  request: HttpRequest & { body: Uint8Array }
  response: { status: number; headers: [string, string][]; body: Uint8Array }
}

/** How a connection attempt ended, in the terms that a client program has to turn into its own words and exit code. */
export type Failure =
  | { kind: 'nxdomain'; host: string }
  /** Nothing listens, or a Service without endpoints: connection refused at once. */
  | { kind: 'refused'; host: string; port: number }
  /** Reset by peer after connecting. */
  | { kind: 'reset' }
  /** Closed by peer before an answer. */
  | { kind: 'empty' }
  /** No answer within the client's own limit; `connected` when the connection itself was there; `resolving`: nor a name server's. */
  | { kind: 'timeout'; connected?: boolean; resolving?: boolean }
  /** `certificate`: the handshake worked and the client does not trust what it was shown; `wrongName`: it is for other names. */
  | { kind: 'tls'; says: string; certificate?: boolean; wrongName?: boolean }
  /** The peer answered something that is no HTTP. */
  | { kind: 'not-http'; received: Uint8Array }

export interface Dial {
  /** The pod that asks. */
  from: Pod
  /** Host name or address as the client wrote it. */
  host: string
  port: number
  /** Milliseconds that the client waits for the whole exchange; absent: for ever. */
  timeout?: number
  /** Milliseconds that the client waits for the connection alone. */
  connectTimeout?: number
  signal?: AbortSignal
  /** See `Call.byProxy`. */
  byProxy?: true
  /** The client itself starts TLS (an https URL); `verify` as curl does without `-k`, `ca`: the PEM text of who it trusts. */
  tls?: { serverName: string; verify: boolean; ca?: string }
}

export type HttpResult =
  | { ok: true; exchange: HttpExchange; remoteAddress: string; verdict?: Verdict }
  | { ok: false; failure: Failure; remoteAddress?: string; verdict?: Verdict }

export type TcpResult = { ok: true; received: Uint8Array } | { ok: false; failure: Failure; verdict?: Verdict }

export interface Dns {
  /** A records for a name asked from that pod (search path, ndots:5), with the full name that answered. */
  lookup(from: Pod, name: string): { name: string; addresses: string[] } | undefined
  /** False when the pod's questions are dropped on the way: then nothing answers, not even for names that exist. */
  answers(from: Pod): boolean
}

/** The way of a kubelet's probes into a port that a proxy stands in front of. */
export interface Door {
  /** `unmodelled`: nobody knows what the proxy makes of it, and why; the answer is a failure then. */
  ask(
    request: HttpExchange['request'],
    how: Pick<Dial, 'tls' | 'timeout'>,
  ): Promise<{ answer: HttpExchange['response'] | Failure; unmodelled?: string }>
}

export interface DataPlane {
  readonly dns: Dns
  http(dial: Dial, request: HttpExchange['request']): Promise<HttpResult>
  /** Sends bytes over TCP and gives what came back until the peer closed or `timeout` passed. */
  tcp(dial: Dial, payload: Uint8Array): Promise<TcpResult>
  /** Opens a connection and closes it again, as `nc -z` does. */
  probe(dial: Dial): Promise<TcpResult>
  /** What a probe of the kubelet meets at that port; undefined: the program itself. `local`: what listens in the pod. */
  door(pod: Pod, port: number, local: (port: number) => Program | undefined): Door | undefined
  /** Told when proxies may answer a probe differently than before. Gives what ends that. */
  onPolicies(listener: () => void): () => void
}
