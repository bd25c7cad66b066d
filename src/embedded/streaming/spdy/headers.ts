/**
 * SPDY/3 header blocks. All blocks of one direction share one zlib stream for the whole connection, so both functions
 * must be called in the order of the frames, one call at a time.
 */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'
import { spdyDictionary } from './dictionary.ts'

export type Headers = Readonly<Record<string, string>>

export interface HeaderCodec {
  decode(block: Uint8Array): Promise<Headers>
  encode(headers: Headers): Promise<Uint8Array>
  close(): void
}

const drain = (stream: Inflate | Deflate): Buffer => {
  const parts: Buffer[] = []
  for (let part = stream.read() as Buffer | null; part !== null; part = stream.read() as Buffer | null) parts.push(part)
  return Buffer.concat(parts)
}

const unpack = (bytes: Buffer): Headers => {
  const headers: Record<string, string> = {}
  let at = 0
  const number = (): number => {
    const value = bytes.readUInt32BE(at)
    at += 4
    return value
  }
  const text = (): string => {
    const length = number()
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  for (let left = number(); left > 0; left--) {
    const name = text().toLowerCase()
    headers[name] = text()
  }
  return headers
}

const pack = (headers: Headers): Buffer => {
  const counted = (text: string): Buffer => {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const entries = Object.entries(headers)
  const count = Buffer.alloc(4)
  count.writeUInt32BE(entries.length)
  return Buffer.concat([count, ...entries.flatMap(([name, value]) => [counted(name.toLowerCase()), counted(value)])])
}

export const createHeaderCodec = (): HeaderCodec => {
  const dictionary = spdyDictionary()
  const inflate = createInflate({ dictionary, flush: constants.Z_SYNC_FLUSH })
  const deflate = createDeflate({ dictionary })
  return {
    decode: (block) =>
      new Promise((resolve, reject) => {
        inflate.once('error', reject)
        inflate.write(block, () => {
          inflate.off('error', reject)
          try {
            resolve(unpack(drain(inflate)))
          } catch (error) {
            reject(error)
          }
        })
      }),
    encode: (headers) =>
      new Promise((resolve, reject) => {
        deflate.once('error', reject)
        deflate.write(pack(headers))
        deflate.flush(constants.Z_SYNC_FLUSH, () => {
          deflate.off('error', reject)
          resolve(new Uint8Array(drain(deflate)))
        })
      }),
    close() {
      inflate.destroy()
      deflate.destroy()
    },
  }
}
