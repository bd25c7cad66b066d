/**
 * A JSON value as a built-in type: what decoding it into Go's struct and encoding it again would give. Unknown fields
 * are dropped and reported; nulls and empty optional values go; fields come out in the struct's order.
 */
import { joinPath } from '../../../go/json.ts'
import type { Json } from '../../../kube/api.ts'
import { fieldTable, type GoField, type GoStruct, type Leaf } from '../../kinds/fields.ts'
import { convertLeaf, convertScalar, type Slot, wrongType, zeroOf } from './leaves.ts'

export type JsonObject = { [key: string]: Json | undefined }

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Called with the path of every field that the type does not know, in document order. */
export type OnUnknown = (path: string) => void

interface Place {
  /** With indices and map keys: `spec.ports[0].nam`. */
  path: string
  /** Without: what Go's type errors show. */
  goPath: string
}

const isEmpty = (value: Json): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

/**
 * Whether Go would leave the value out when it writes the struct; structs are always written. IntOrString is one too, but
 * its zero means the same as absent to every default, so it goes.
 */
const omitted = (field: GoField, value: Json): boolean => {
  if (!field.omitEmpty || field.pointer || (isObject(value) && !field.map)) return false
  return isEmpty(value)
}

const elementType = (goType: string): string => goType.replace(/^(\[\]|map\[[^\]]*\])/, '')

const convertUnion = (name: string, value: Json, place: Place, slot: Slot, onUnknown: OnUnknown): Json | undefined => {
  const props = fieldTable().struct('apiextensions/v1.JSONSchemaProps')
  if (!props || !name.startsWith('apiextensions/v1.JSONSchemaPropsOr')) return undefined
  const one = (item: Json, at: Place) =>
    convertStruct(props, item, at, { ...slot, goType: 'v1.JSONSchemaProps' }, onUnknown)
  if (name.endsWith('OrBool') && typeof value === 'boolean') return value
  if (name.endsWith('OrArray') && Array.isArray(value)) {
    return value.map((item, index) => one(item, { ...place, path: `${place.path}[${index}]` }))
  }
  return name.endsWith('OrStringArray') && Array.isArray(value) ? value : one(value, place)
}

const convertElement = (field: GoField, value: Json, place: Place, slot: Slot, onUnknown: OnUnknown): Json => {
  if (field.struct === undefined) {
    if (slot.goType === 'v1.ExtraValue') {
      if (!Array.isArray(value)) throw wrongType(value, slot)
      return value.map((item) => convertScalar(item, { ...slot, goType: 'string' }))
    }
    return value === null ? zeroOf(slot.goType) : convertScalar(value, slot)
  }
  const struct = fieldTable().struct(field.struct)
  if (struct) return convertStruct(struct, value ?? {}, place, slot, onUnknown)
  const union = convertUnion(field.struct, value, place, slot, onUnknown)
  return union === undefined ? convertLeaf(field.struct as Leaf, value, slot) : union
}

const convertField = (field: GoField, value: Json, place: Place, slot: Slot, onUnknown: OnUnknown): Json => {
  const element: Slot = { ...slot, goType: elementType(slot.goType) }
  if (field.repeated) {
    if (!Array.isArray(value)) throw wrongType(value, slot)
    return value.map((item, index) =>
      convertElement(field, item, { ...place, path: `${place.path}[${index}]` }, element, onUnknown),
    )
  }
  if (field.map) {
    if (!isObject(value)) throw wrongType(value, slot)
    const entries = Object.entries(value).map(([key, item]): [string, Json] => [
      key,
      convertElement(field, item ?? null, { ...place, path: joinPath(place.path, key) }, element, onUnknown),
    ])
    return Object.fromEntries(entries)
  }
  return convertElement(field, value, place, slot, onUnknown)
}

/**
 * @param place where the value stands in its document
 * @param slot what it is to the struct around it, for the message when it is not an object
 * @throws GoDecodeError for the first value of a wrong type, in document order
 */
export const convertStruct = (
  struct: GoStruct,
  value: Json,
  place: Place = { path: '', goPath: '' },
  slot: Slot = { field: '', goType: `v1.${struct.shortName}` },
  onUnknown: OnUnknown = () => {},
): JsonObject => {
  if (!isObject(value)) throw wrongType(value, slot)
  const converted = new Map<string, Json>()
  for (const [key, item] of Object.entries(value)) {
    const field = struct.byName.get(key)
    const path = joinPath(place.path, key)
    if (!field) {
      onUnknown(path)
      continue
    }
    if (item === null || item === undefined) continue
    const goPath = joinPath(place.goPath, key)
    const result = convertField(
      field,
      item,
      { path, goPath },
      { field: `${struct.shortName}.${goPath}`, goType: field.goType },
      onUnknown,
    )
    if (!omitted(field, result)) converted.set(key, result)
  }
  const ordered: JsonObject = {}
  for (const { name } of struct.fields) {
    const result = converted.get(name)
    if (result !== undefined) ordered[name] = result
  }
  return ordered
}
