/**
 * Strategic merge patch for built-in kinds: lists that merge by a key, and the `$patch`, `$setElementOrder`,
 * `$deleteFromPrimitiveList` and `$retainKeys` directives, with what the API server makes of odd ones
 * (k8s.io/apimachinery pkg/util/strategicpatch/patch.go). Compared with it case by case over random patches.
 */
import { record } from '../equality.ts'
import { badRequest, invalid, plain } from '../errors.ts'
import { goKind } from './json-patch.ts'
import type { FieldNode, TypeNode } from './schema.ts'
import { checkOrder, inOrder, mergeKeyed, mergePrimitives, placesAfter, withoutPrimitives } from './strategic-lists.ts'

type Fields = Record<string, unknown>

const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

/** A patched copy. @throws StatusError 400 (no object, a malformed directive), 422 (a list where none belongs), 500 (an item without its key) */
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

const listOf = (value: unknown, problem: string): unknown[] => {
  if (!Array.isArray(value)) throw badRequest(problem)
  return value
}

function mergeObject(target: Fields, patch: Fields, node: TypeNode | undefined): Fields {
  if ('$patch' in patch) {
    const { $patch: directive, ...rest } = patch
    if (directive === 'delete') return {}
    if (directive === 'replace') return rest
    throw plain(`unknown patch type: ${String(directive)} in map: ${JSON.stringify(patch)}`)
  }
  const { $retainKeys, ...changes } = patch
  const result: Fields = $retainKeys === undefined ? { ...target } : retain(target, changes, $retainKeys)
  for (const [key, order] of Object.entries(changes)) {
    if (!key.startsWith(orderPrefix)) continue
    const name = key.slice(orderPrefix.length)
    if (name in result || name in changes) result[name] = orderedList(result[name], changes[name], order, node, name)
    delete changes[key]
    delete changes[name]
  }
  for (const [key, value] of Object.entries(changes)) {
    if (key.startsWith(deletePrefix)) {
      const name = key.slice(deletePrefix.length)
      const gone = listOf(value, 'invalid patch format of primitive list')
      if (Array.isArray(result[name])) result[name] = withoutPrimitives(result[name], gone)
    } else if (value === null) delete result[key]
    else if (value !== undefined) mergeField(result, key, value, fieldOf(node, key), patch)
  }
  return result
}

/** The target's fields that the patch retains; the patch may only speak of those. */
function retain(target: Fields, changes: Fields, keys: unknown): Fields {
  const problem = 'invalid patch format of retainKeys'
  const retained = listOf(keys, problem)
  for (const [key, value] of Object.entries(changes))
    if (value !== null && !key.startsWith(orderPrefix) && !key.startsWith(deletePrefix) && !retained.includes(key))
      throw badRequest(problem)
  return Object.fromEntries(Object.entries(target).filter(([key]) => retained.includes(key)))
}

/** A list together with the order that the patch wants its items in. */
function orderedList(
  target: unknown,
  patch: unknown,
  order: unknown,
  node: TypeNode | undefined,
  name: string,
): unknown[] {
  const problem = 'invalid patch format of setElementOrder list'
  const wanted = listOf(order, problem)
  const live = target === undefined ? [] : listOf(target, problem)
  const changes = patch === undefined || patch === null ? [] : listOf(patch, problem)
  const field = fieldOf(node, name)
  if (!field) throw plain(`unable to find api field "${name}"`)
  checkOrder(changes, wanted, field.patchMergeKey)
  if (live.length + changes.length === 0) throw plain('no elements in any of the given slices')
  const merged =
    target === undefined ? withoutDirectives(changes) : patch === undefined ? live : mergeList(live, changes, field)
  const merges = field.patchStrategy.includes('merge') && field.patchMergeKey
  const places = merges ? placesAfter(live, changes, merges) : live
  return inOrder(merged as unknown[], places, wanted, field.patchMergeKey)
}

function mergeField(result: Fields, key: string, value: unknown, field: FieldNode | undefined, patch: Fields): void {
  if (field?.type.kind === 'list' && !Array.isArray(value))
    throw invalid({ group: '', kind: '' }, '', [
      {
        field: 'patch',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(patch)}: cannot restore slice from map`,
      },
    ])
  const live = result[key]
  const changes = record(value)
  if (Array.isArray(value) && Array.isArray(live)) result[key] = mergeList(live, value, field)
  else if (changes && record(live))
    result[key] = field?.patchStrategy.includes('replace') ? changes : mergeObject(record(live)!, changes, field?.type)
  else {
    const made = withoutDirectives(withoutNulls(value))
    if (made === dropped) delete result[key]
    else result[key] = made
  }
}

function mergeList(live: unknown[], patch: unknown[], field: FieldNode | undefined): unknown[] {
  if (!field?.patchStrategy.includes('merge')) return patch
  if (live.length + patch.length === 0) return live
  const mergeItem = (item: Fields, changes: Fields): Fields => mergeObject(item, changes, field.type.items)
  return field.patchMergeKey ? mergeKeyed(live, patch, field.patchMergeKey, mergeItem) : mergePrimitives(live, patch)
}

const dropped = Symbol('dropped')

/** A value that the target lacked: whatever carries a `$patch` directive is not taken over. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== dropped)
  const fields = record(value)
  if (!fields) return value
  if ('$patch' in fields) return dropped
  return Object.fromEntries(
    Object.entries(fields)
      .map(([key, part]) => [key, withoutDirectives(part)] as const)
      .filter(([, part]) => part !== dropped),
  )
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  const fields = record(value)
  if (!fields) return value
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, part]) => (part === null ? [] : [[key, withoutNulls(part)]])),
  )
}
