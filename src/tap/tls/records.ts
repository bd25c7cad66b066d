/** TLS records (RFC 8446 5.1): type, version, length, and that many bytes. One direction of a connection at a time. */

export interface TlsRecord {
  type: number
  /** As written: TLS 1.3 writes 0x0303 here, and 0x0301 in the first ClientHello. */
  version: number
  /** Without the five bytes of the header. */
  body: Uint8Array
  /** Header included. */
  whole: Uint8Array
}

const header = 5

/** Gathers what arrives and gives back the records that are complete; the rest waits for the next call. */
export const createRecordReader = (): ((arrived: Uint8Array) => TlsRecord[]) => {
  let waiting: Buffer = Buffer.alloc(0)
  return (arrived) => {
    waiting = Buffer.concat([waiting, arrived])
    const records: TlsRecord[] = []
    while (waiting.length >= header) {
      const end = header + waiting.readUInt16BE(3)
      if (waiting.length < end) break
      const whole = waiting.subarray(0, end)
      records.push({ type: whole[0]!, version: whole.readUInt16BE(1), body: whole.subarray(header), whole })
      waiting = waiting.subarray(end)
    }
    return records
  }
}
