/**
 * What a caller meets when packets get no answer. A program alone waits as long as it likes; a sidecar gives up sooner
 * and says so: it connects for at most 10 s (istio/istio pkg/config/mesh/mesh.go, ConnectTimeout) and, for HTTP, tries
 * three times in all (pilot/pkg/networking/core/route/retry/retry.go).
 */
import type { Call } from '../../meshes/call.ts'
import type { Clock } from '../clock.ts'
import { pause } from '../workloads/process/process.ts'
import type { Dial, Failure, HttpExchange } from './dataplane.ts'
import { localReply } from './envoy.ts'

/** Milliseconds; a resolver asks a silent name server that long (glibc's and musl's default `timeout:5`). */
const nameServerPatience = 5000
const connectTimeout = 10_000
const attempts = 3

/** Waits; true when the client's own limit came first. */
const outlasts = async (clock: Clock, { timeout, signal }: Dial, wait: number): Promise<boolean> => {
  await pause(clock, Math.min(timeout ?? wait, wait), signal)
  return timeout !== undefined && timeout <= wait
}

/** The name server is silent: the client's limit passes, or its resolver gives the name up. */
export const unresolved = async (clock: Clock, dial: Dial): Promise<Failure> => {
  const limit = Math.min(dial.timeout ?? Number.POSITIVE_INFINITY, dial.connectTimeout ?? Number.POSITIVE_INFINITY)
  const timeout = Number.isFinite(limit) ? limit : undefined
  return (await outlasts(clock, { ...dial, timeout }, nameServerPatience))
    ? { kind: 'timeout', resolving: true }
    : { kind: 'nxdomain', host: dial.host }
}

/** Ports that a sidecar treats as bytes, by their name or `appProtocol`; a port without either is HTTP to an HTTP client. */
const isBytes = ({ service }: Call): boolean =>
  /^(tcp|tls|https|mysql|mongo|redis)\b/.test(service?.port.appProtocol ?? service?.port.name ?? '')

/**
 * A meshed caller's HTTP request whose connection is dropped: 503 from its own sidecar, if it waits that long.
 * `patience`: milliseconds of one attempt, where a DestinationRule sets connectTimeout.
 */
export const givenUp = async (
  clock: Clock,
  dial: Dial,
  call: Call,
  patience: number = connectTimeout,
): Promise<HttpExchange['response'] | Failure> => {
  if (call.protocol !== 'http' || isBytes(call)) return closedLate(clock, dial, patience)
  if (await outlasts(clock, dial, patience * attempts)) return { kind: 'timeout', connected: true }
  const says =
    'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: connection timeout'
  return localReply(503, says, clock.now())
}

/** A meshed caller's bytes: its sidecar took the connection, and closes it when it cannot connect itself. */
export const closedLate = async (clock: Clock, dial: Dial, patience: number = connectTimeout): Promise<Failure> =>
  (await outlasts(clock, dial, patience)) ? { kind: 'timeout', connected: true } : { kind: 'empty' }
