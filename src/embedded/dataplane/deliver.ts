/** The program at the end of the way answers, or what a client meets instead. */
import type { Pod } from '../../kube/kinds.ts'
import { isOutside } from '../../meshes/outside.ts'
import type { Clock } from '../clock.ts'
import { pause } from '../workloads/process/process.ts'
import type { Program } from '../workloads/workload.ts'
import type { Dial, Failure, HttpExchange } from './dataplane.ts'
import { outsideNames, outsideProgram } from './outside.ts'
import { distrustOf } from './trust.ts'

type Request = HttpExchange['request']
type Response = HttpExchange['response']

/** What listens on that port of that pod, or of a place outside. */
export type Listen = (pod: Pod, port: number) => Program | undefined

export const listenEverywhere =
  (listen: Listen, now: () => number): Listen =>
  (pod, port) =>
    isOutside(pod) ? outsideProgram(pod, now) : listen(pod, port)

/** Why waiting ends; made once, since an exception for each costs its stack. */
const answered = new Error('the answer is there')

/** The answer, or undefined after that many milliseconds; absent: waits for ever. */
export const within = async <T>(
  clock: Clock,
  limit: number | undefined,
  answer: Promise<T>,
): Promise<T | undefined> => {
  if (limit === undefined) return answer
  const done = new AbortController()
  const late = pause(clock, limit, done.signal).then(() => undefined)
  const first = await Promise.race([answer, late])
  done.abort(answered)
  return first
}

export interface Parcel {
  to: { pod: Pod; port: number; program?: Program }
  request: Request
  remoteAddress: string
  /** Present when the bytes are TLS, whoever started it. */
  tls?: NonNullable<Dial['tls']>
  /** Milliseconds that whoever waits does wait. */
  limit?: number
}

/** Places outside have certificates of public authorities, for their own names. */
const distrust = (dial: Dial, pod: Pod, program: Program): Failure | undefined => {
  const wanted = dial.tls?.serverName || dial.host
  if (!isOutside(pod)) return distrustOf(dial, program)
  const isFine = !dial.tls?.verify || outsideNames(pod).includes(wanted.toLowerCase())
  return isFine ? undefined : { kind: 'tls', says: wanted, certificate: true, wrongName: true }
}

export const deliver = async (
  { listen, clock }: { listen: Listen; clock: Clock },
  dial: Dial,
  { to, request, remoteAddress, tls, limit }: Parcel,
): Promise<Response | Failure> => {
  const program = to.program ?? listen(to.pod, to.port)
  const listener = program?.ports.find((each) => each.port === to.port)
  if (!program || !listener) {
    if (!isOutside(to.pod)) return { kind: 'refused', host: dial.host, port: dial.port }
    await pause(clock, limit ?? 300_000, dial.signal)
    return { kind: 'timeout' }
  }
  if (tls) {
    if (listener.protocol === 'tcp') return { kind: 'tls', says: 'unexpected eof while reading' }
    if (listener.protocol === 'http') return { kind: 'tls', says: 'wrong version number' }
    const distrusted = distrust({ ...dial, tls }, to.pod, program)
    if (distrusted) return distrusted
  } else if (listener.protocol === 'https') return { kind: 'empty' }
  if (!program.http) return answerBytes(program, to.port, request, remoteAddress)
  const response = await within(
    clock,
    limit,
    program.http(request, {
      port: to.port,
      remoteAddress,
      ...(tls ? { tls: { serverName: tls.serverName } } : {}),
    }),
  )
  return response ?? { kind: 'timeout', connected: true }
}

/** HTTP sent to a program that speaks something else: its bytes are no HTTP response. */
const answerBytes = async (
  program: Program,
  port: number,
  request: Request,
  remoteAddress: string,
): Promise<Failure> => {
  const text = `${request.method} ${request.path} HTTP/1.1\r\nHost: ${request.authority}\r\n${request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  const received = program.tcp
    ? await program.tcp(new TextEncoder().encode(text), { port, remoteAddress })
    : new Uint8Array()
  return received.length > 0 ? { kind: 'not-http', received } : { kind: 'empty' }
}
