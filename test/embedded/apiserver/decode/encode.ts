/** Kubernetes' protobuf, written as Go's clients write it, to test the decoder. Only what the tests need. */
import { fieldTable, type GoField, type GoStruct } from '../../../../src/embedded/kinds/fields.ts'

type Value = { [key: string]: unknown }

const varint = (value: number | bigint): number[] => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return bytes
}
const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)]
const bytesField = (number: number, bytes: number[]): number[] => [
  ...varint((number << 3) | 2),
  ...varint(bytes.length),
  ...bytes,
]
const varintField = (number: number, value: number): number[] => [...varint(number << 3), ...varint(value)]

const leaf = (name: string, value: unknown): number[] => {
  switch (name) {
    case 'meta/v1.Time':
      return varintField(1, Date.parse(String(value)) / 1000)
    case 'resource.Quantity':
      return bytesField(1, utf8(String(value)))
    case 'intstr.IntOrString':
      return typeof value === 'number'
        ? [...varintField(1, 0), ...varintField(2, value), ...bytesField(3, [])]
        : [...varintField(1, 1), ...varintField(2, 0), ...bytesField(3, utf8(String(value)))]
    default:
      return bytesField(1, utf8(JSON.stringify(value)))
  }
}

const one = (number: number, field: GoField, goType: string, value: unknown): number[] => {
  if (field.struct) {
    const struct = fieldTable().struct(field.struct)
    return bytesField(number, struct ? encodeMessage(struct, value as Value) : leaf(field.struct, value))
  }
  if (goType === 'bool') return varintField(number, value ? 1 : 0)
  if (/^int(32|64)$/.test(goType)) return varintField(number, Number(value))
  if (goType === '[]uint8') return bytesField(number, [...Buffer.from(String(value), 'base64')])
  return bytesField(number, utf8(String(value)))
}

/** Like Go, writes the zero value of a missing scalar that is no pointer. */
export const encodeMessage = (struct: GoStruct, value: Value): number[] =>
  struct.declared.flatMap((field) => {
    if (field.number === 0) return []
    if (field.inline) return one(field.number, field, field.goType, value)
    const item = value[field.name]
    if (field.repeated)
      return ((item as unknown[]) ?? []).flatMap((each) => one(field.number, field, field.goType.slice(2), each))
    if (field.map) {
      const valueType = field.goType.replace(/^map\[[^\]]*\]/, '')
      return Object.entries((item as Value) ?? {}).flatMap(([key, each]) =>
        bytesField(field.number, [...bytesField(1, utf8(key)), ...one(2, field, valueType, each)]),
      )
    }
    if (item !== undefined) return one(field.number, field, field.goType, item)
    return field.pointer || field.struct
      ? []
      : one(field.number, field, field.goType, field.goType === 'bool' ? false : /^int/.test(field.goType) ? 0 : '')
  })

/** The whole body: magic, TypeMeta, message. */
export const encodeBody = (struct: GoStruct, apiVersion: string, kind: string, value: Value): Uint8Array =>
  Uint8Array.from([
    ...utf8('k8s\0'),
    ...bytesField(1, [...bytesField(1, utf8(apiVersion)), ...bytesField(2, utf8(kind))]),
    ...bytesField(2, encodeMessage(struct, value)),
    ...bytesField(3, []),
    ...bytesField(4, []),
  ])
