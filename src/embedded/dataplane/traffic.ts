/**
 * What the data plane reports of every exchange or connection once it is over. The proxies' access logs and metrics are
 * made from this and from nothing else; the data plane itself writes neither.
 */
import type { Pod, Service, ServicePort } from '../../kube/kinds.ts'
import type { Call } from '../../meshes/call.ts'
import type { Finished } from '../../meshes/traffic.ts'
import type { Verdict } from '../../meshes/verdict.ts'
import type { Clock } from '../clock.ts'
import type { Dial, Failure, HttpExchange, HttpResult, TcpResult } from './dataplane.ts'

export interface Traffic {
  from: Pod
  /** Host and port as the client wrote them, and the address that it dialled where one was found. */
  dialled: { host: string; port: number; address?: string }
  /** Present when a pod was found to talk to. */
  call?: Call
  /** The Service that was asked for; without a `call`, it had no ready endpoint. */
  service?: { object: Service; port: ServicePort }
  /** Absent when the mesh was not asked. */
  verdict?: Verdict
  /** HTTP as the client wrote it; absent for a connection of plain bytes. */
  request?: HttpExchange['request']
  /** The same request after proxies wrote their headers: what the application got. Absent: it never got there. */
  forwarded?: HttpExchange['request']
  /** What the client got, whoever answered. */
  response?: HttpExchange['response']
  /** How the connection ended for the client instead, or how the application failed a proxy that then answered. */
  failure?: Failure
  /** Payload bytes that the client sent and got. */
  bytes: { sent: number; received: number }
  /** Milliseconds since the epoch. */
  start: number
  /** Milliseconds that the whole took, and that the application took of it. */
  duration: number
  serviceTime?: number
  /** What the receiver's rate limits said of it. */
  rateLimits?: Finished['rateLimits']
}

/** Filled in with what becomes known while an exchange goes on. `reported`: another exchange tells the same story. */
export type Notes = Partial<
  Pick<Traffic, 'call' | 'service' | 'verdict' | 'request' | 'forwarded' | 'failure' | 'serviceTime' | 'rateLimits'>
> & { address?: string; reported?: boolean }

type Outcome = Pick<Traffic, 'response' | 'failure'> & { received: number }

/** `opaque`: the client spoke TLS, so that nobody on the way read the response. */
export const exchangeOutcome = (result: HttpResult, opaque: boolean): Outcome => {
  if (!result.ok) return { failure: result.failure, received: 0 }
  const { response } = result.exchange
  return { received: response.body.length, ...(opaque ? {} : { response }) }
}

export const connectionOutcome = (result: TcpResult): Outcome =>
  result.ok ? { received: result.received.length } : { failure: result.failure, received: 0 }

/** Runs an exchange and reports it, whatever becomes of it. */
export const observer =
  ({ clock, current, observe }: { clock: Clock; current: (pod: Pod) => Pod; observe?: (traffic: Traffic) => void }) =>
  async <T>(
    { from, host, port, byProxy }: Dial,
    sent: number,
    run: (notes: Notes) => Promise<T>,
    outcomeOf: (result: T) => Outcome,
  ): Promise<T> => {
    const start = clock.now()
    const notes: Notes = {}
    const result = await run(notes)
    const { address, reported, ...known } = notes
    // A proxy writes nothing about its own questions.
    if (!observe || reported || (byProxy && known.call === undefined)) return result
    const { received, ...outcome } = outcomeOf(result)
    observe({
      from: current(from),
      dialled: { host, port, ...(address === undefined ? {} : { address }) },
      ...known,
      ...outcome,
      bytes: { sent, received },
      start,
      duration: clock.now() - start,
    })
    return result
  }
