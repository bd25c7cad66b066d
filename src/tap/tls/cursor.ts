/** Reads numbers and length-prefixed vectors off bytes, as TLS writes them (RFC 8446 3). */

export interface Cursor {
  /** Bytes that are left. */
  left(): number
  /** An unsigned number of that many bytes. @throws RangeError when the bytes end too soon */
  number(bytes: 1 | 2 | 3): number
  /** @throws RangeError when the bytes end too soon */
  take(length: number): Uint8Array
  /** What follows a length of that many bytes. @throws RangeError when the bytes end too soon */
  vector(lengthBytes: 1 | 2 | 3): Cursor
  rest(): Uint8Array
}

export const cursorOf = (bytes: Uint8Array): Cursor => {
  let at = 0
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`${length} bytes expected at ${at} of ${bytes.length}`)
    at += length
    return bytes.subarray(at - length, at)
  }
  const number = (count: 1 | 2 | 3): number => take(count).reduce((sum, byte) => sum * 256 + byte, 0)
  return {
    left: () => bytes.length - at,
    number,
    take,
    vector: (lengthBytes) => cursorOf(take(number(lengthBytes))),
    rest: () => take(bytes.length - at),
  }
}

/** All of a vector, read one by one. */
export const listOf = <T>(cursor: Cursor, read: (cursor: Cursor) => T): T[] => {
  const items: T[] = []
  while (cursor.left() > 0) items.push(read(cursor))
  return items
}
