/** Between node's HTTP server and the fetch API: requests in, responses out, streams flushed as they come. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Status } from '../../kube/api.ts'
import { StatusError } from '../../kube/errors.ts'
import type { Clock } from '../clock.ts'
import { bodyTooLarge, internal, timedOut, unknownPath } from './errors.ts'
import { UnknownGroupVersion } from './request-info.ts'

/** Bytes. */
const bodyLimit = 3 * 1024 * 1024
/** Bytes above which answers are compressed for who takes it (k8s.io/apiserver pkg/endpoints/handlers/responsewriters). */
const gzipThreshold = 128 * 1024
const compress = promisify(gzip)

export function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!)
  return headers
}

/** How long a client may take to send its request: as long as the real server works on one, in milliseconds. */
const bodyTime = 60_000

/** @throws StatusError 413; 504 when the body does not come to its end */
export async function readBody(incoming: IncomingMessage, clock: Clock): Promise<Buffer | undefined> {
  let stopClock = (): void => {}
  const late = new Promise<never>((_, reject) => {
    stopClock = clock.after(bodyTime, () => reject(timedOut()))
  })
  try {
    return await Promise.race([collect(incoming), late])
  } finally {
    stopClock()
  }
}

async function collect(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimit) throw bodyTooLarge(bodyLimit)
    chunks.push(chunk)
  }
  return size > 0 ? Buffer.concat(chunks) : undefined
}

/** Sends the response; resolves when its last byte is written or the client has gone. */
export async function send(outgoing: ServerResponse, response: Response, headersOnly: boolean): Promise<void> {
  if (outgoing.destroyed) {
    await response.body?.cancel()
    return
  }
  const body = response.headers.has('content-length') ? Buffer.from(await response.arrayBuffer()) : undefined
  const zipped = body && body.length > gzipThreshold && acceptsGzip(outgoing) && (await compress(body, { level: 1 }))
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of response.headers) if (name !== 'warning') headers[name] = value
  const warnings = response.headers.get('warning')
  // Headers joined the warnings with commas; clients expect one header each.
  if (warnings) headers.warning = warnings.split(/(?<="), (?=299 )/)
  if (zipped)
    Object.assign(headers, {
      'content-encoding': 'gzip',
      'content-length': String(zipped.length),
      vary: [headers.vary, 'Accept-Encoding'].flat().filter(Boolean).join(', '),
    })
  outgoing.writeHead(response.status, headers)
  if (body || !response.body || headersOnly) {
    outgoing.end(headersOnly ? undefined : zipped || body)
    // A stream that nobody will read, such as a watch that was asked for by HEAD.
    if (!body) await response.body?.cancel()
    return
  }
  // A stream: old clients cannot even be interrupted before the headers have come.
  outgoing.flushHeaders()
  const reader = response.body.getReader()
  outgoing.once('close', () => void reader.cancel().catch(() => {}))
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (!outgoing.write(value)) await drained(outgoing)
  }
  outgoing.end()
}

const acceptsGzip = ({ req }: ServerResponse): boolean =>
  (req.headers['accept-encoding']?.toString() ?? '').split(',').some((coding) => coding.trim() === 'gzip')

const drained = (outgoing: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done)
      outgoing.off('close', done)
      resolve()
    }
    outgoing.once('drain', done)
    outgoing.once('close', done)
  })

export const statusOf = (error: unknown): Status =>
  error instanceof StatusError ? error.status : internal(error instanceof Error ? error.message : String(error)).status

/** A refusal from before there was a Request. */
export function sendStatus(outgoing: ServerResponse, status: Status): void {
  const body = `${JSON.stringify(status)}\n`
  // What is left of a body that was too large has not been read: the connection cannot go on.
  outgoing.writeHead(status.code ?? 500, { 'content-type': 'application/json', connection: 'close' })
  outgoing.end(body)
}

/** A refusal on a connection that asked to become something else. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const status = error instanceof UnknownGroupVersion ? unknownPath().status : statusOf(error)
  const body = JSON.stringify(status)
  socket.end(
    `HTTP/1.1 ${status.code ?? 500} ${status.reason ?? 'Error'}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
