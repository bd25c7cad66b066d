/** What is seen between two pods, as data. Nothing here waits; `capture.ts` makes it, `text.ts` shows it. */
import type { Transport } from '../meshes/verdict.ts'

export type Side = 'client' | 'server'

/** Bytes from `start` up to `end`. */
export interface Range {
  start: number
  end: number
}

/** Bytes that one side sent in one go: a message of HTTP, or one TLS record. */
export interface Chunk {
  from: Side
  bytes: Uint8Array
  /** One line: `GET /api/orders HTTP/1.1`, `ClientHello (TLS handshake record, 292 bytes)`. */
  title: string
  /** What an observer reads out of these bytes, one fact a line. */
  facts: string[]
  /** Bytes that give somebody away, where they are readable. */
  secrets: Range[]
  /** All but the header of the record is noise to an observer. */
  encrypted: boolean
}

/** One connection, in the order of sending. */
export interface Capture {
  chunks: Chunk[]
  /** Share of the bytes that are printable ASCII, 0 to 1. Random bytes come to 0.37 (95 of 256). */
  readable: number
}

/** One request as an observer between the two pods sees it, and as it looks under mutual TLS. */
export interface Tap {
  /** `namespace/workload` */
  from: string
  url: string
  method: string
  /** `namespace/workload` that answers, when one would be asked. */
  destination?: string
  /** How it travels now. `none`: nothing leaves the caller's pod; `unknown`: the engine cannot say. */
  now: Transport | 'unknown'
  /** Why, in one sentence. */
  because: string
  /** What the caller met when the request was sent: `200`, `refused (connection reset)`; or why it was not sent. */
  met: string
  /** The request in plaintext: what is on the wire now, or what mutual TLS hides. Absent when nothing was sent. */
  plaintext?: Capture
  /** The same bytes inside a real handshake between the two identities. Absent without a mesh. */
  mtls?: Capture & { client: string; server: string; serverName?: string }
  /** What is modelled, and what is not. */
  notes: string[]
}

const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f

export const captureOf = (chunks: Chunk[]): Capture => {
  let all = 0
  let printable = 0
  for (const { bytes } of chunks) {
    all += bytes.length
    for (const byte of bytes) if (isPrintable(byte)) printable++
  }
  return { chunks, readable: all === 0 ? 0 : printable / all }
}
