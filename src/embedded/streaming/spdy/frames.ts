/** SPDY/3.1 frames as bytes (draft-mbelshe-httpbis-spdy-00, section 2.2). Header blocks stay compressed here. */

export const kinds = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

export type Frame =
  | { kind: 'data'; stream: number; fin: boolean; data: Uint8Array }
  | { kind: 'control'; type: number; flags: number; payload: Uint8Array }

export const FIN = 1

const withLength = (head: Buffer, flags: number, body: Uint8Array): Uint8Array => {
  head.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4)
  return new Uint8Array(Buffer.concat([head, body]))
}

export const encodeFrame = (frame: Frame): Uint8Array => {
  const head = Buffer.alloc(8)
  if (frame.kind === 'data') {
    head.writeUInt32BE(frame.stream & 0x7fffffff, 0)
    return withLength(head, frame.fin ? FIN : 0, frame.data)
  }
  head.writeUInt16BE(0x8003, 0)
  head.writeUInt16BE(frame.type, 2)
  return withLength(head, frame.flags, frame.payload)
}

/** Cuts a byte stream that arrives in arbitrary pieces into frames. */
export const createFrameReader = (): ((bytes: Uint8Array) => Frame[]) => {
  let rest: Buffer = Buffer.alloc(0)
  return (bytes) => {
    rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes])
    const frames: Frame[] = []
    while (rest.length >= 8) {
      const length = rest.readUInt32BE(4) & 0xffffff
      if (rest.length < 8 + length) break
      const flags = rest[4] ?? 0
      const body = new Uint8Array(rest.subarray(8, 8 + length))
      const first = rest.readUInt32BE(0)
      if (first >>> 31 === 1) frames.push({ kind: 'control', type: first & 0xffff, flags, payload: body })
      else frames.push({ kind: 'data', stream: first, fin: (flags & FIN) !== 0, data: body })
      rest = rest.subarray(8 + length)
    }
    return frames
  }
}

const numbers = (...values: number[]): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, at) => void bytes.writeUInt32BE(value >>> 0, at * 4))
  return new Uint8Array(bytes)
}

export const synReply = (stream: number, block: Uint8Array): Frame => ({
  kind: 'control',
  type: kinds.synReply,
  flags: 0,
  payload: new Uint8Array(Buffer.concat([numbers(stream), block])),
})
export const synStream = (stream: number, block: Uint8Array, fin = false): Frame => ({
  kind: 'control',
  type: kinds.synStream,
  flags: fin ? FIN : 0,
  payload: new Uint8Array(Buffer.concat([numbers(stream, 0), new Uint8Array(2), block])),
})
export const rstStream = (stream: number, status: number): Frame => ({
  kind: 'control',
  type: kinds.rstStream,
  flags: 0,
  payload: numbers(stream, status),
})
export const goAway = (lastStream: number): Frame => ({
  kind: 'control',
  type: kinds.goAway,
  flags: 0,
  payload: numbers(lastStream, 0),
})
