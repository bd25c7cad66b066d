/** RFC 6902 over the `rfc6902` package, with the API server's answers to patches that do not apply. */
import { applyPatch, type Operation } from 'rfc6902'
import { cloneJson, record } from '../equality.ts'
import { badRequest, failure, rejected } from '../errors.ts'

const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
const limit = 10_000

/**
 * A patched clone.
 * @throws StatusError 400 for a document that is no patch, 413 for too many operations, 422 for one that does not apply
 */
export function jsonPatch<T>(target: T, patch: unknown): T {
  if (!Array.isArray(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type []handlers.jsonPatchOp`,
    )
  if (patch.length > limit)
    throw failure(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${limit}, got ${patch.length}`,
    )
  for (const operation of patch) {
    const op = record(operation)?.op
    if (typeof op !== 'string' || !operations.has(op))
      throw badRequest(`invalid operation ${JSON.stringify(operation)}: unsupported operation`)
  }
  // Inside a holder, so that the root can be replaced as well.
  const holder = { root: cloneJson(target) }
  for (const operation of patch as Operation[]) {
    if (operation.op === 'add' && parentOf(holder.root, operation.path) === undefined) throw rejected()
    const inside = { ...operation, path: `/root${operation.path}` }
    if ('from' in inside) inside.from = `/root${inside.from}`
    if (inside.op === 'remove' && operation.path === '') throw rejected()
    if (applyPatch(holder, [inside])[0] !== null) throw rejected()
  }
  return holder.root
}

/** The value that an `add` goes into, or undefined when the path leads nowhere. */
function parentOf(target: unknown, pointer: string): unknown {
  if (pointer === '') return undefined
  const keys = pointer.split('/').slice(1, -1)
  let at: unknown = target
  for (const key of keys) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~')
    // Own keys only: `/__proto__` leads nowhere.
    const fields = record(at)
    at = Array.isArray(at) ? at[Number(name)] : fields && Object.hasOwn(fields, name) ? fields[name] : undefined
    if (at === undefined) return undefined
  }
  return typeof at === 'object' && at !== null ? at : undefined
}

/** As Go's decoder names a JSON value's type. */
export const goKind = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value

/** A JSON value as Go prints a map: `map[spec:map[replicas:2]]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  const fields = record(value)
  if (!fields) return String(value)
  const parts = Object.keys(fields)
    .sort()
    .map((key) => `${key}:${goText(fields[key])}`)
  return `map[${parts.join(' ')}]`
}
