/** HTTP/1.1 messages as an observer reads them. */
import { secretsIn } from './secrets.ts'
import type { Chunk, Side } from './wire.ts'

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Where the body begins. */
const bodyAt = (text: string): number => {
  const blank = text.indexOf('\r\n\r\n')
  return blank < 0 ? text.length : blank + 4
}

/**
 * The head as Envoy's HTTP/1.1 codec writes it: header names in lower case (envoy source/common/http/http1/codec_impl.cc).
 * The body stays.
 */
export const asProxyWrites = (message: Uint8Array): Uint8Array => {
  const text = latin1(message)
  const end = bodyAt(text)
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const head = [first, ...lines.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()))].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), message.subarray(end)])
}

/**
 * A message as one chunk: its first line, what it gives away, how long its body is. `before` is the message that it
 * answers, whose secrets it may repeat.
 */
export const describeHttp = (from: Side, bytes: Uint8Array, before?: Chunk): Chunk => {
  const text = latin1(bytes)
  const known = before?.secrets.map(({ start, end }) => latin1(before.bytes.subarray(start, end)))
  const secrets = secretsIn(bytes, known)
  const body = bytes.length - bodyAt(text)
  const given = new Set(secrets.map(({ start, end }) => text.slice(start, end)))
  return {
    from,
    bytes,
    title: text.slice(0, Math.max(0, text.indexOf('\r\n'))),
    facts: [
      `readable: ${from === 'client' ? 'method, path, host and every header' : 'status and every header'}${body > 0 ? `, and ${body} bytes of body` : ''}`,
      ...[...given].map((secret) => `secret, readable by anybody on the way: ${secret}`),
    ],
    secrets,
    encrypted: false,
  }
}
