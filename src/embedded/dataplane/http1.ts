/**
 * HTTP/1.1 as bytes, for what reaches a program through a raw connection: port-forward and `nc`.
 * Not modelled: chunked uploads in trailers, pipelined requests, HTTP/2.
 */
import type { HttpExchange } from './dataplane.ts'

type Request = HttpExchange['request']
type Response = HttpExchange['response']

const reasons: Readonly<Record<number, string>> = {
  100: 'Continue',
  101: 'Switching Protocols',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  418: "I'm a Teapot",
  421: 'Misdirected Request',
  422: 'Unprocessable Entity',
  425: 'Too Early',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
  511: 'Network Authentication Required',
}

/** The reason phrase of a status line; empty for a code without a name. */
export const reasonOf = (status: number): string => reasons[status] ?? ''

/** Whether a response to that request carries a body. */
const hasBody = (status: number, method: string): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304 && status >= 200

/** Head of a response as sent, ending with the empty line. */
export const serializeHead = (response: Response): string =>
  `HTTP/1.1 ${response.status} ${reasonOf(response.status)}\r\n${response.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`

/** The whole response as bytes; a length is added where the program gave none. */
export const serializeResponse = (response: Response, method: string): Uint8Array => {
  const described = response.headers.some(([name]) => name.toLowerCase() === 'content-length')
  const withBody = hasBody(response.status, method)
  const headers: [string, string][] =
    described || !withBody ? response.headers : [...response.headers, ['Content-Length', String(response.body.length)]]
  return new Uint8Array(
    Buffer.concat([
      Buffer.from(serializeHead({ ...response, headers }), 'latin1'),
      withBody ? response.body : new Uint8Array(),
    ]),
  )
}

const startLine = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r?$/

/** How many bytes a whole request takes, with the request; `incomplete` when more have to come; undefined: not HTTP. */
export const readRequest = (
  bytes: Uint8Array,
): { request: Request; length: number; keepAlive: boolean } | 'incomplete' | undefined => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const firstEnd = text.indexOf('\n')
  if (firstEnd < 0) return bytes.length > 8192 || !/^[A-Z]*( |$)/.test(text) ? undefined : 'incomplete'
  const parts = startLine.exec(text.slice(0, firstEnd))
  if (!parts) return undefined
  const end = /\r?\n\r?\n/.exec(text)
  if (!end) return 'incomplete'
  const headers: [string, string][] = []
  let authority = ''
  for (const line of text.slice(firstEnd + 1, end.index).split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'host') authority = value
    else headers.push([name, value])
  }
  const start = end.index + end[0].length
  const find = (name: string): string => headers.find(([each]) => each === name)?.[1]?.toLowerCase() ?? ''
  const keepAlive = parts[0].includes('HTTP/1.1') ? find('connection') !== 'close' : find('connection') === 'keep-alive'
  const request = (body: Uint8Array): Request => ({
    method: parts[1] ?? 'GET',
    path: parts[2] ?? '/',
    authority,
    headers,
    body,
  })
  if (find('transfer-encoding') === 'chunked') {
    const body = readChunks(bytes.subarray(start))
    return body === 'incomplete' ? body : { request: request(body.body), length: start + body.length, keepAlive }
  }
  const length = Number(find('content-length') || 0)
  if (bytes.length < start + length) return 'incomplete'
  return { request: request(bytes.slice(start, start + length)), length: start + length, keepAlive }
}

const readChunks = (bytes: Uint8Array): { body: Uint8Array; length: number } | 'incomplete' => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const parts: Uint8Array[] = []
  for (let at = 0; ; ) {
    const eol = text.indexOf('\r\n', at)
    if (eol < 0) return 'incomplete'
    const size = Number.parseInt(text.slice(at, eol), 16) || 0
    const next = eol + 2 + size + 2
    if (text.length < next) return 'incomplete'
    if (size === 0) return { body: new Uint8Array(Buffer.concat(parts)), length: next }
    parts.push(bytes.slice(eol + 2, eol + 2 + size))
    at = next
  }
}

/** The request that these bytes are, whole; undefined when they are something else or not all of it. */
export const parseRequest = (bytes: Uint8Array): Request | undefined => {
  const read = readRequest(bytes)
  return typeof read === 'object' ? read.request : undefined
}
