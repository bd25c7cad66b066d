/**
 * Strategic merge patch for built-in kinds: lists that merge by a key, and the `$patch`, `$setElementOrder`,
 * `$deleteFromPrimitiveList` and `$retainKeys` directives (k8s.io/apimachinery/pkg/util/strategicpatch).
 */
import { record, sameJson } from '../equality.ts'
import { badRequest, invalid, plain } from '../errors.ts'
import { goKind, goText } from './json-patch.ts'
import type { FieldNode, TypeNode } from './schema.ts'

type Fields = Record<string, unknown>

const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

/** A patched copy. @throws StatusError 400 (no object), 422 (a list where none belongs), 500 (an item without its key) */
export function strategicMerge<T extends object>(target: T, patch: unknown, schema: TypeNode): T {
  const changes = record(patch)
  if (!changes)
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type map[string]interface {}`,
    )
  return mergeObject(record(target) ?? {}, changes, schema) as T
}

const fieldOf = (node: TypeNode | undefined, name: string): FieldNode | undefined =>
  node?.kind === 'struct'
    ? node.field?.(name)
    : node?.items && node.kind === 'map'
      ? { type: node.items, patchStrategy: [] }
      : undefined

function mergeObject(target: Fields, patch: Fields, node: TypeNode | undefined): Fields | undefined {
  const directive = patch.$patch
  if (directive === 'delete') return {}
  if (directive === 'replace') return clean(patch) as Fields
  if (directive !== undefined && directive !== 'merge') throw plain(`unknown patch type found: ${String(directive)}`)
  const result: Fields = { ...target }
  const retained = patch.$retainKeys
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key]

  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null) delete result[key]
    else if (value !== undefined) result[key] = mergeValue(result[key], value, fieldOf(node, key), patch, key)
  }
  // Orders and deletions may come without the list itself.
  for (const key of Object.keys(patch)) {
    const name = key.startsWith(orderPrefix)
      ? key.slice(orderPrefix.length)
      : key.startsWith(deletePrefix)
        ? key.slice(deletePrefix.length)
        : undefined
    if (name === undefined || name in patch || !Array.isArray(result[name])) continue
    result[name] = mergeList(result[name], [], fieldOf(node, name), patch, name)
  }
  return result
}

function mergeValue(
  target: unknown,
  value: unknown,
  field: FieldNode | undefined,
  patch: Fields,
  key: string,
): unknown {
  if (field?.type.kind === 'list' && !Array.isArray(value))
    throw invalid({ group: '', kind: '' }, '', [
      {
        field: 'patch',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(clean(patch))}: cannot restore slice from map`,
      },
    ])
  if (Array.isArray(value)) return mergeList(Array.isArray(target) ? target : [], value, field, patch, key)
  const changes = record(value)
  if (!changes) return value
  if (field?.patchStrategy.includes('replace')) return clean(changes)
  if (!record(target)) return changes.$patch === 'delete' ? undefined : mergeObject({}, changes, field?.type)
  if (changes.$patch === 'delete') return undefined
  return mergeObject(record(target)!, changes, field?.type)
}

function mergeList(
  target: unknown[],
  patch: unknown[],
  field: FieldNode | undefined,
  parent: Fields,
  name: string,
): unknown[] {
  if (!field?.patchStrategy.includes('merge')) return patch.map(clean)
  const order = parent[orderPrefix + name]
  if (!field.patchMergeKey) {
    const gone = parent[deletePrefix + name]
    const left = target.filter((item) => !(Array.isArray(gone) && gone.some((value) => sameJson(value, item))))
    const added = patch.filter((item) => !left.some((value) => sameJson(value, item)))
    return ordered([...left, ...added], target, Array.isArray(order) ? order : undefined, JSON.stringify)
  }
  return mergeKeyed(target, patch, field, field.patchMergeKey, Array.isArray(order) ? order : undefined)
}

function mergeKeyed(
  target: unknown[],
  patch: unknown[],
  field: FieldNode,
  key: string,
  order: unknown[] | undefined,
): unknown[] {
  const keyOf = (item: unknown): string => {
    const fields = record(item) ?? {}
    if (fields[key] === undefined) throw plain(`map: ${goText(fields)} does not contain declared merge key: ${key}`)
    return JSON.stringify(fields[key])
  }
  const isReplaceMark = (item: unknown): boolean =>
    record(item)?.$patch === 'replace' && record(item)?.[key] === undefined
  if (patch.some(isReplaceMark)) return patch.filter((item) => !isReplaceMark(item)).map(clean)

  const live = new Map(target.map((item) => [keyOf(item), item]))
  const fresh: unknown[] = []
  for (const item of patch) {
    const fields = record(item) ?? {}
    const id = keyOf(item)
    if (fields.$patch === 'delete') live.delete(id)
    else if (live.has(id)) live.set(id, mergeObject(record(live.get(id)) ?? {}, fields, field.type.items))
    else fresh.push(mergeObject({}, fields, field.type.items))
  }
  // New items go in front unless the patch says the order: so the real server does.
  return ordered([...fresh, ...live.values()], target, order, keyOf)
}

/**
 * Items named by `order` in that order; items that only the server knows keep their place relative to the neighbours they had.
 */
function ordered(
  items: unknown[],
  live: unknown[],
  order: unknown[] | undefined,
  keyOf: (item: unknown) => string,
): unknown[] {
  if (!order) return items
  const place = new Map(order.map((item, index) => [keyOf(item), index]))
  const livePlace = new Map(live.map((item, index) => [keyOf(item), index]))
  const named = items
    .filter((item) => place.has(keyOf(item)))
    .sort((a, b) => place.get(keyOf(a))! - place.get(keyOf(b))!)
  const serverOnly = items
    .filter((item) => !place.has(keyOf(item)))
    .sort((a, b) => (livePlace.get(keyOf(a)) ?? 0) - (livePlace.get(keyOf(b)) ?? 0))
  const result: unknown[] = []
  for (const item of named) {
    const at = livePlace.get(keyOf(item))
    while (at !== undefined && serverOnly.length > 0 && (livePlace.get(keyOf(serverOnly[0])) ?? 0) < at)
      result.push(serverOnly.shift())
    result.push(item)
  }
  return [...result, ...serverOnly]
}

/** Without directives and nulls: what a replaced or new value is made of. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => record(item)?.$patch !== 'delete').map(clean)
  const fields = record(value)
  if (!fields) return value
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, part]) => (key.startsWith('$') || part === null ? [] : [[key, clean(part)]])),
  )
}
