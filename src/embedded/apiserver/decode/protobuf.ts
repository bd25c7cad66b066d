/**
 * Kubernetes' protobuf bodies as JSON values, driven by the field table: kubectl 1.32 and newer send them for every
 * typed request, with no fallback. Decoding only; answers are JSON.
 */
import type { Json } from '../../../kube/api.ts'
import { fieldTable, type GoField, type GoStruct } from '../../kinds/fields.ts'
import type { JsonObject } from './convert.ts'
import { isObject } from './convert.ts'

/** Bytes that are not what they claim to be. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError'
}

/** One field as it stands on the wire: a varint or fixed number, or bytes. */
interface WireField {
  number: number
  value: bigint | Uint8Array
  /** Set for 64-bit fixed fields, which are doubles. */
  double?: number
}

const magic = [0x6b, 0x38, 0x73, 0x00]
const text = new TextDecoder()

const varint = (bytes: Uint8Array, from: number): { value: bigint; next: number } => {
  let value = 0n
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    const byte = bytes[at] ?? 0
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - from))
    if (byte < 0x80) return { value, next: at + 1 }
  }
  throw new ProtobufError('unexpected EOF')
}

function* wireFields(bytes: Uint8Array): Generator<WireField> {
  let at = 0
  const take = (length: number): Uint8Array => {
    if (length < 0 || at + length > bytes.length) throw new ProtobufError('unexpected EOF')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = varint(bytes, at)
    at = tag.next
    const number = Number(tag.value >> 3n)
    const wire = Number(tag.value & 7n)
    if (wire === 0) {
      const { value, next } = varint(bytes, at)
      at = next
      yield { number, value }
    } else if (wire === 2) {
      const length = varint(bytes, at)
      at = length.next
      yield { number, value: take(Number(length.value)) }
    } else if (wire === 1 || wire === 5) {
      const raw = take(wire === 1 ? 8 : 4)
      const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
      yield { number, value: 0n, double: wire === 1 ? view.getFloat64(0, true) : view.getFloat32(0, true) }
    } else throw new ProtobufError(`proto: illegal wireType ${wire}`)
  }
}

const asBytes = (value: bigint | Uint8Array): Uint8Array => {
  if (typeof value === 'bigint') throw new ProtobufError('proto: wrong wireType')
  return value
}
const signed = (value: bigint | Uint8Array): number =>
  typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0

/** The last value of each field of a small message. */
const members = (bytes: Uint8Array): Map<number, bigint | Uint8Array> =>
  new Map([...wireFields(bytes)].map(({ number, value }) => [number, value]))

const rawJson = (bytes: Uint8Array): Json => {
  const raw = members(bytes).get(1)
  if (!raw) return null
  try {
    return JSON.parse(text.decode(asBytes(raw))) as Json
  } catch {
    throw new ProtobufError('raw JSON inside the message does not parse')
  }
}

const time = (bytes: Uint8Array, micro: boolean): Json => {
  if (bytes.length === 0) return null
  const fields = members(bytes)
  const date = new Date(signed(fields.get(1) ?? 0n) * 1000)
  if (Number.isNaN(date.getTime())) throw new ProtobufError('time out of range')
  const seconds = date.toISOString().slice(0, 19)
  return micro
    ? `${seconds}.${String(Math.trunc(signed(fields.get(2) ?? 0n) / 1000)).padStart(6, '0')}Z`
    : `${seconds}Z`
}

const leaf = (name: string, bytes: Uint8Array): Json => {
  switch (name) {
    case 'meta/v1.Time':
      return time(bytes, false)
    case 'meta/v1.MicroTime':
      return time(bytes, true)
    case 'resource.Quantity': {
      const value = members(bytes).get(1)
      return value ? text.decode(asBytes(value)) : '0'
    }
    case 'intstr.IntOrString': {
      const fields = members(bytes)
      return fields.get(1) === 1n
        ? text.decode(asBytes(fields.get(3) ?? new Uint8Array()))
        : signed(fields.get(2) ?? 0n)
    }
    case 'meta/v1.FieldsV1':
    case 'runtime.RawExtension':
    case 'apiextensions/v1.JSON':
      return rawJson(bytes)
    default:
      throw new ProtobufError(`${name} is not readable from protobuf here: send JSON`)
  }
}

const scalar = (goType: string, { value, double }: WireField): Json => {
  if (double !== undefined) return double
  switch (goType) {
    case 'int32':
    case 'int64':
      return signed(value)
    case 'bool':
      return value !== 0n
    case '[]uint8':
      return Buffer.from(asBytes(value)).toString('base64')
    case 'v1.ExtraValue':
      return [...wireFields(asBytes(value))].map((item) => text.decode(asBytes(item.value)))
    default:
      return text.decode(asBytes(value))
  }
}

const element = (field: GoField, goType: string, wire: WireField): Json => {
  if (field.struct === undefined) return scalar(goType, wire)
  const struct = fieldTable().struct(field.struct)
  return struct ? message(struct, asBytes(wire.value)) : leaf(field.struct, asBytes(wire.value))
}

const packed = (bytes: Uint8Array): number[] => {
  const numbers: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = varint(bytes, at)
    numbers.push(Number(BigInt.asIntN(64, value)))
    at = next
  }
  return numbers
}

const addRepeated = (into: JsonObject, field: GoField, wire: WireField): void => {
  const goType = field.goType.slice(2)
  const before = into[field.name]
  const list = Array.isArray(before) ? before : []
  if (/^int(32|64)$/.test(goType) && typeof wire.value !== 'bigint') list.push(...packed(wire.value))
  else list.push(element(field, goType, wire))
  into[field.name] = list
}

const addEntry = (into: JsonObject, field: GoField, wire: WireField): void => {
  const entry = new Map([...wireFields(asBytes(wire.value))].map((item) => [item.number, item]))
  const key = entry.get(1)
  const valueType = field.goType.replace(/^map\[[^\]]*\]/, '')
  const before = into[field.name]
  const map = isObject(before) ? before : {}
  const value = element(field, valueType, entry.get(2) ?? { number: 2, value: new Uint8Array() })
  Object.defineProperty(map, key ? text.decode(asBytes(key.value)) : '', {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
  into[field.name] = map
}

/** One message as the JSON object of its struct; unknown field numbers are skipped. */
const message = (struct: GoStruct, bytes: Uint8Array): JsonObject => {
  const result: JsonObject = {}
  for (const wire of wireFields(bytes)) {
    const field = struct.byNumber.get(wire.number)
    if (!field) continue
    if (field.inline) Object.assign(result, element(field, field.goType, wire))
    else if (field.map) addEntry(result, field, wire)
    else if (field.repeated) addRepeated(result, field, wire)
    else result[field.name] = element(field, field.goType, wire)
  }
  return result
}

export interface Envelope {
  apiVersion: string
  kind: string
  /** The object's own message. */
  raw: Uint8Array
}

/** Unwraps the envelope every Kubernetes protobuf body has. @throws ProtobufError */
export const openEnvelope = (bytes: Uint8Array): Envelope => {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  const fields = members(bytes.subarray(magic.length))
  const typeMeta = members(asBytes(fields.get(1) ?? new Uint8Array()))
  const member = (number: number) => text.decode(asBytes(typeMeta.get(number) ?? new Uint8Array()))
  return { apiVersion: member(1), kind: member(2), raw: asBytes(fields.get(2) ?? new Uint8Array()) }
}

/** The object of an envelope in JSON form; run it through `convertStruct` to leave out Go's zero values. @throws ProtobufError */
export const decodeMessage = message
