/** Where a readable HTTP message carries what nobody else should know. */
import type { Range } from './wire.ts'

/** Headers whose value is a secret: credentials (RFC 9110 11.6, RFC 6265), keys and tokens by their usual names. */
const secretHeader = /^(?:(?:proxy-)?authorization|cookie|set-cookie|[\w-]*(?:token|secret|api-?key|password)[\w-]*)$/i

/** A header line: name and value. */
const headerLine = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)\r?$/gm
/** In a query or a form. */
const secretParameter = /[?&\s](?:access_token|id_token|token|api_key|apikey|password|secret)=([^&\s]+)/gi
/** A JWT, wherever it stands (RFC 7519: base64url of `{"` comes first). */
const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g

/**
 * Byte ranges of the secrets of an HTTP/1.1 message, ordered, without overlap. `known`: secrets that are looked for
 * everywhere, one character a byte.
 */
export const secretsIn = (bytes: Uint8Array, known: readonly string[] = []): Range[] => {
  // One character a byte, so that places in the text are places in the bytes.
  const text = Buffer.from(bytes).toString('latin1')
  const blank = text.indexOf('\r\n\r\n')
  const head = blank < 0 ? text : text.slice(0, blank + 2)
  const found: Range[] = []
  const add = (start: number, length: number): void => {
    if (length > 0) found.push({ start, end: start + length })
  }
  for (const match of head.matchAll(headerLine)) {
    const value = match[2] ?? ''
    if (secretHeader.test(match[1] ?? ''))
      add(match.index + match[0].indexOf(value, match[1]!.length + 1), value.length)
  }
  for (const match of text.matchAll(secretParameter)) {
    const value = match[1] ?? ''
    add(match.index + match[0].length - value.length, value.length)
  }
  for (const match of text.matchAll(jwt)) add(match.index, match[0].length)
  for (const secret of known) {
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + secret.length)) add(at, secret.length)
  }
  return merged(found)
}

const merged = (ranges: Range[]): Range[] => {
  const kept: Range[] = []
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const last = kept.at(-1)
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else kept.push({ ...range })
  }
  return kept
}
