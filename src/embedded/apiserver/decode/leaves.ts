/**
 * Scalars and leaf types: a JSON value as Go would read and write it back. Each returns the canonical value or throws
 * `GoDecodeError` in the words of Go's decoder.
 */
import type { Json } from '../../../kube/api.ts'
import type { Leaf } from '../../kinds/fields.ts'
import { canonicalQuantity } from './quantity.ts'

/** A value that does not fit its Go type; the message is what the API server puts after `cannot be handled as a X:`. */
export class GoDecodeError extends Error {
  override readonly name = 'GoDecodeError'
}

/** Where a value stands, for messages. */
export interface Slot {
  /** `DeploymentSpec.spec.replicas`: the owning struct, then the JSON path without indices; empty at the root. */
  field: string
  goType: string
}

const jsonType = (value: Json): string => {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

export const wrongType = (value: Json, { field, goType }: Slot, detail = ''): GoDecodeError => {
  const target = field === '' ? 'Go value' : `Go struct field ${field}`
  return new GoDecodeError(`json: cannot unmarshal ${jsonType(value)}${detail} into ${target} of type ${goType}`)
}

const integer = (value: Json, slot: Slot): number => {
  if (typeof value !== 'number') throw wrongType(value, slot)
  const limit = slot.goType === 'int32' ? 2 ** 31 : 2 ** 63
  if (!Number.isInteger(value) || value >= limit || value < -limit) throw wrongType(value, slot, ` ${value}`)
  return value
}

/** Go's base64 decoder says where it stopped. */
const base64 = (value: Json, slot: Slot): string => {
  if (typeof value !== 'string') throw wrongType(value, slot)
  const bad = illegalBase64At(value)
  if (bad >= 0) throw new GoDecodeError(`illegal base64 data at input byte ${bad}`)
  return value.replace(/[\r\n]/g, '')
}

const illegalBase64At = (text: string): number => {
  let inQuantum = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === '\n' || character === '\r') continue
    if (/[A-Za-z0-9+/]/.test(character)) {
      inQuantum = (inQuantum + 1) % 4
      continue
    }
    if (character !== '=' || inQuantum < 2) return at
    const rest = text.slice(at + 1)
    const padding = inQuantum === 2 ? /^[\r\n]*=[\r\n]*/ : /^[\r\n]*/
    const match = padding.exec(rest)
    if (!match) return rest.trim() === '' ? text.length : at + 1
    return match[0].length === rest.length ? -1 : at + 1 + match[0].length
  }
  return inQuantum === 0 ? -1 : text.length - inQuantum
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([.,]\d+)?(Z|[+-]\d\d:\d\d)$/

const time = (value: Json, slot: Slot, micro: boolean): string => {
  if (typeof value !== 'string') throw wrongType(value, { ...slot, goType: 'string' })
  const match = rfc3339.exec(value)
  const at = match ? Date.parse(value.replace(/[.,]\d+/, '')) : Number.NaN
  if (Number.isNaN(at)) {
    const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00'
    throw new GoDecodeError(`parsing time "${value}" as "${layout}": cannot parse "${value}" as "2006"`)
  }
  const seconds = new Date(at).toISOString().slice(0, 19)
  return micro ? `${seconds}.${(match?.[7] ?? '').slice(1, 7).padEnd(6, '0')}Z` : `${seconds}Z`
}

const quantity = (value: Json): string => {
  try {
    return canonicalQuantity(typeof value === 'string' ? value : JSON.stringify(value))
  } catch (error) {
    throw new GoDecodeError(error instanceof Error ? error.message : String(error))
  }
}

/** A leaf of the field table. The JSON-schema unions are handled where structs are (`convert.ts`). */
export const convertLeaf = (leaf: Leaf, value: Json, slot: Slot): Json => {
  switch (leaf) {
    case 'meta/v1.Time':
      return time(value, slot, false)
    case 'meta/v1.MicroTime':
      return time(value, slot, true)
    case 'resource.Quantity':
      return quantity(value)
    case 'intstr.IntOrString':
      return typeof value === 'string' ? value : integer(value, { ...slot, goType: 'int32' })
    default:
      return value
  }
}

/** A scalar by its Go type; every named type that is not a number or a boolean is a string. */
export const convertScalar = (value: Json, slot: Slot): Json => {
  switch (slot.goType) {
    case 'int32':
    case 'int64':
      return integer(value, slot)
    case 'float64':
      if (typeof value !== 'number') throw wrongType(value, slot)
      return value
    case 'bool':
      if (typeof value !== 'boolean') throw wrongType(value, slot)
      return value
    case '[]uint8':
      return base64(value, slot)
    default:
      if (typeof value !== 'string') throw wrongType(value, slot)
      return value
  }
}

/** What Go holds for a missing scalar. */
export const zeroOf = (goType: string): Json => {
  if (goType === 'bool') return false
  return goType === 'int32' || goType === 'int64' || goType === 'float64' ? 0 : ''
}
