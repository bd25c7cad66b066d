/**
 * The two messages of a TLS 1.3 handshake that everybody can read: ClientHello and ServerHello (RFC 8446 4.1.2, 4.1.3).
 * Extensions that are not listed in `Hello` are skipped.
 */
import { type Cursor, cursorOf, listOf } from './cursor.ts'

export interface Hello {
  kind: 'ClientHello' | 'ServerHello'
  /** 32 bytes. */
  random: Uint8Array
  /** The client's offers, or the server's one choice. */
  suites: number[]
  /** `supported_versions`; without it the version that the message itself names. */
  versions: number[]
  /** `server_name` (RFC 6066 3). */
  serverName?: string
  /** `application_layer_protocol_negotiation` (RFC 7301 3.1). */
  alpn: string[]
  /** Groups of `key_share`. */
  keyShares: number[]
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const number2 = (cursor: Cursor): number => cursor.number(2)

/** Extension numbers (IANA TLS ExtensionType Values). */
const known = { serverName: 0, alpn: 16, supportedVersions: 43, keyShare: 51 } as const

const readExtension = (hello: Hello, type: number, body: Cursor): void => {
  const isClient = hello.kind === 'ClientHello'
  if (type === known.serverName && body.left() > 0) {
    const names = listOf(body.vector(2), (each) => ({ type: each.number(1), name: text(each.vector(2).rest()) }))
    hello.serverName = names.find((each) => each.type === 0)?.name
  } else if (type === known.alpn) hello.alpn = listOf(body.vector(2), (each) => text(each.vector(1).rest()))
  else if (type === known.supportedVersions)
    hello.versions = isClient ? listOf(body.vector(1), number2) : [body.number(2)]
  else if (type === known.keyShare) {
    const share = (each: Cursor): number => {
      const group = each.number(2)
      if (each.left() > 0) each.vector(2)
      return group
    }
    hello.keyShares = isClient ? listOf(body.vector(2), share) : [share(body)]
  }
}

/**
 * Reads the message in a handshake record. Undefined: it is another message, or encrypted, or spread over records.
 */
export const readHello = (record: Uint8Array): Hello | undefined => {
  try {
    const outer = cursorOf(record)
    const type = outer.number(1)
    if (type !== 1 && type !== 2) return undefined
    const body = outer.vector(3)
    const version = body.number(2)
    const random = body.take(32)
    body.vector(1)
    const suites = type === 1 ? listOf(body.vector(2), number2) : [body.number(2)]
    if (type === 1) body.vector(1)
    else body.number(1)
    const hello: Hello = {
      kind: type === 1 ? 'ClientHello' : 'ServerHello',
      random,
      suites,
      versions: [version],
      alpn: [],
      keyShares: [],
    }
    if (body.left() > 0)
      listOf(body.vector(2), (extension) => readExtension(hello, extension.number(2), extension.vector(2)))
    return hello
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
