/**
 * The request really sent, and its bytes as the two applications wrote them: curl in the caller's pod says what it sent
 * (`-v`) and gives back the response head and body as they came (`-i`).
 */

import { parseCurl, probeSeconds } from '../grading/curl.ts'
import { classify } from '../grading/outcome.ts'
import { findSource } from '../grading/source.ts'
import type { Cluster } from '../kube/api.ts'
import { StatusError } from '../kube/errors.ts'
import type { World } from '../meshes/network.ts'

export interface TapRequest {
  /** `namespace/workload` */
  from: string
  url: string
  method: string
  /** In the order of sending. */
  headers: readonly (readonly [name: string, value: string])[]
}

/** `met`: what came of it, in one line. */
export type Sent =
  | { ran: true; met: string; request?: Uint8Array; response?: Uint8Array }
  /** It could not be sent. */
  | { ran: false; met: string }

/** `-o` is not given: head and body come one after the other, as they were on the wire (bodies in chunks put together). */
const commandOf = ({ url, method, headers }: TapRequest): string[] => [
  'curl',
  '-s',
  '-S',
  '-v',
  '-i',
  ...(method === 'HEAD' ? ['-I'] : []),
  '-m',
  String(probeSeconds),
  '-X',
  method,
  ...headers.flatMap(([name, value]) => ['-H', value === '' ? `${name};` : `${name}: ${value}`]),
  url,
]

/** What curl says that it sent; a later request of the same run (a redirect is not followed) does not exist. */
const requestIn = (stderr: string): Uint8Array | undefined => {
  const lines = stderr.split('\n').flatMap((line) => (line.startsWith('> ') ? [line.slice(2).replace(/\r$/, '')] : []))
  if (lines.length === 0) return undefined
  const head = lines.filter((line) => line !== '').join('\r\n')
  return Buffer.from(`${head}\r\n\r\n`)
}

/** curl's own complaint is its last line; the rest is the conversation. */
const complaint = (stderr: string): string => stderr.split('\n').findLast((line) => line.startsWith('curl:')) ?? ''

/** Sends it. Rejects with `ClusterUnreachable` when the cluster is gone. */
export const send = async (
  cluster: Cluster,
  world: World,
  request: TapRequest,
  signal?: AbortSignal,
): Promise<Sent> => {
  const source = findSource(world, request.from)
  if (!source.found) return { ran: false, met: source.says }
  const where = `container ${source.target.container} of ${source.target.namespace}/${source.target.pod}`
  const out: Uint8Array[] = []
  const err: Uint8Array[] = []
  const limit = AbortSignal.timeout((probeSeconds + 10) * 1000)
  try {
    const { exitCode } = await cluster.exec(source.target, commandOf(request), {
      stdout: (chunk) => void out.push(chunk),
      stderr: (chunk) => void err.push(chunk),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    })
    const stderr = Buffer.concat(err).toString('utf8')
    if (exitCode === 126 || exitCode === 127) return { ran: false, met: `${where} has no curl` }
    const response = Buffer.concat(out)
    const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(response.toString('latin1'))?.[1] ?? 0)
    const read = parseCurl(exitCode, response.toString('utf8'), complaint(stderr))
    const { says } = classify({ ...read, status: status > 0 ? status : undefined })
    return {
      ran: true,
      met: says,
      request: requestIn(stderr),
      ...(response.length > 0 ? { response } : {}),
    }
  } catch (error) {
    if (error instanceof StatusError)
      return { ran: false, met: `curl could not be started in ${where}: ${error.message}` }
    if (limit.aborted && !signal?.aborted) return { ran: false, met: `curl in ${where} did not come back` }
    throw error
  }
}
