/** RFC 7386: objects merge, `null` deletes, everything else replaces. */
import { record } from '../equality.ts'
import { badRequest } from '../errors.ts'
import { goKind } from './json-patch.ts'

/** A patched copy. @throws StatusError 400 when the patch is no object */
export function mergePatch<T extends object>(target: T, patch: unknown): T {
  if (!record(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type map[string]interface {}`,
    )
  return merged(target, patch) as T
}

function merged(target: unknown, patch: unknown): unknown {
  const changes = record(patch)
  if (!changes) return patch
  const result = new Map(Object.entries(record(target) ?? {}))
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) result.delete(key)
    else if (value !== undefined) result.set(key, merged(result.get(key), value))
  }
  return Object.fromEntries(result)
}
