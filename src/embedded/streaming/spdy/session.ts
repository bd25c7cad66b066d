/**
 * The server's side of one SPDY/3.1 connection: streams that the client opens. The bytes come from a socket or, tunnelled,
 * from WebSocket messages. Not modelled: flow control (the Go peer does none either), server push, priorities.
 */
import { createFeed, type Feed } from '../../node/output.ts'
import { createFrameReader, encodeFrame, FIN, type Frame, goAway, kinds, synReply } from './frames.ts'
import { createHeaderCodec, type Headers } from './headers.ts'

export interface SpdyStream {
  readonly id: number
  readonly headers: Headers
  /** What the client sends, until it half-closes the stream. */
  readonly input: Feed
  write(data: Uint8Array): void
  /** Half-closes from this side, with last bytes. */
  end(data?: Uint8Array): void
}

export interface SpdySession {
  /** Bytes from the client, in any pieces. */
  receive(bytes: Uint8Array): void
  /** Says goodbye; the transport is closed by whoever owns it. */
  goAway(): void
  /** The transport is gone. */
  close(): void
  /** Settles when every frame received so far is handled. */
  settled(): Promise<void>
}

export const createSpdySession = (parts: {
  send: (bytes: Uint8Array) => void
  onStream: (stream: SpdyStream) => void
  /** A protocol error, or the client's GOAWAY. */
  onEnd: () => void
}): SpdySession => {
  const read = createFrameReader()
  const codec = createHeaderCodec()
  const streams = new Map<number, SpdyStream>()
  let isOpen = true
  let last = 0
  const send = (frame: Frame): void => {
    if (isOpen) parts.send(encodeFrame(frame))
  }

  const open = async (payload: Uint8Array, flags: number): Promise<void> => {
    const id = Buffer.from(payload).readUInt32BE(0) & 0x7fffffff
    const headers = await codec.decode(payload.subarray(10))
    const input = createFeed()
    if (flags & FIN) input.end()
    let isEnded = false
    const stream: SpdyStream = {
      id,
      headers,
      input,
      write(data) {
        if (!isEnded && data.length > 0) send({ kind: 'data', stream: id, fin: false, data })
      },
      end(data = new Uint8Array()) {
        if (isEnded) return
        isEnded = true
        send({ kind: 'data', stream: id, fin: true, data })
      },
    }
    last = id
    streams.set(id, stream)
    send(synReply(id, await codec.encode({})))
    parts.onStream(stream)
  }

  const handle = async (frame: Frame): Promise<void> => {
    if (frame.kind === 'data') {
      const stream = streams.get(frame.stream)
      if (frame.data.length > 0) stream?.input.push(frame.data)
      if (frame.fin) stream?.input.end()
    } else if (frame.type === kinds.synStream) await open(frame.payload, frame.flags)
    else if (frame.type === kinds.ping) send(frame)
    else if (frame.type === kinds.rstStream) {
      const id = Buffer.from(frame.payload).readUInt32BE(0)
      streams.get(id)?.input.end()
      streams.delete(id)
    } else if (frame.type === kinds.headers) await codec.decode(frame.payload.subarray(4))
    else if (frame.type === kinds.goAway) parts.onEnd()
  }

  // Header blocks share one zlib stream, so frames are handled strictly one after the other.
  let queue = Promise.resolve()
  const close = (): void => {
    if (!isOpen) return
    isOpen = false
    for (const stream of streams.values()) stream.input.end()
    codec.close()
  }
  return {
    receive(bytes) {
      for (const frame of read(bytes))
        queue = queue.then(() => (isOpen ? handle(frame) : undefined)).catch(() => parts.onEnd())
    },
    goAway: () => send(goAway(last)),
    close,
    settled: () => queue,
  }
}
