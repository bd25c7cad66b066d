/** Just enough DER to write X.509 certificates: tag, length, value. */

const encode = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff)
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content])
}

export const sequence = (...parts: Uint8Array[]): Buffer => encode(0x30, ...parts)
export const set = (...parts: Uint8Array[]): Buffer => encode(0x31, ...parts)
export const octets = (content: Uint8Array): Buffer => encode(0x04, content)
export const utf8 = (text: string): Buffer => encode(0x0c, Buffer.from(text))
export const boolean = (value: boolean): Buffer => encode(0x01, Buffer.from([value ? 0xff : 0]))

export const nothing = (): Buffer => encode(0x05)

/** Positive, most significant byte first. DER allows no more leading zeros than the sign needs. */
export const integer = (bytes: Uint8Array): Buffer => {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start)
  return encode(0x02, digits[0]! & 0x80 ? Buffer.concat([Uint8Array.of(0), digits]) : digits)
}

/** `unused`: how many of the last byte's bits do not count. */
export const bits = (content: Uint8Array, unused = 0): Buffer => encode(0x03, Buffer.from([unused]), content)

/** Context-specific and constructed: `[number] EXPLICIT`. */
export const tagged = (number: number, content: Uint8Array): Buffer => encode(0xa0 | number, content)
/** Context-specific and primitive: `[number] IMPLICIT`. */
export const implicit = (number: number, content: Uint8Array): Buffer => encode(0x80 | number, content)

/** `2.5.4.3` */
export const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const groups = [part & 0x7f]
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return encode(0x06, Buffer.from(bytes))
}

/** Years 1950 to 2049. */
export const time = (date: Date): Buffer =>
  encode(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`))
