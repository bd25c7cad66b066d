/** What simulated HTTP servers share: text in, text out, headers as real servers write them. */
import type { HttpExchange } from '../../dataplane/dataplane.ts'

type Request = HttpExchange['request']
export type Response = HttpExchange['response']

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes)

/** The first value of a header, by lower-case name. */
export const header = (request: Request, name: string): string | undefined =>
  request.headers.find(([each]) => each.toLowerCase() === name)?.[1]

/** `Tue, 24 Nov 2026 04:00:00 GMT` */
export const httpDate = (milliseconds: number): string => new Date(milliseconds).toUTCString()

export const respond = (status: number, headers: [string, string][], body: string | Uint8Array = ''): Response => ({
  status,
  headers,
  body: typeof body === 'string' ? encoder.encode(body) : body,
})

/** Path and query of a request target, decoded as form values. */
export const target = (request: Request): { path: string; query: URLSearchParams } => {
  const at = request.path.indexOf('?')
  return {
    path: at < 0 ? request.path : request.path.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : request.path.slice(at + 1)),
  }
}

/** As Go's net/http answers: sniffed content type, date, length. */
export const goResponse = (now: number, status: number, body: string, type = 'text/plain; charset=utf-8'): Response =>
  respond(
    status,
    [
      ['Date', httpDate(now)],
      ['Content-Length', String(encoder.encode(body).length)],
      ...(body === '' ? [] : ([['Content-Type', type]] as [string, string][])),
    ],
    body,
  )
