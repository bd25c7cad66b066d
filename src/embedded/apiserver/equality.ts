/** JSON values: compared, copied, read and written by path. */

/** Deep equality; a key that is `undefined` counts as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]))
  if (Array.isArray(b)) return false
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  for (const key in left) if (!sameJson(left[key], right[key])) return false
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false
  return true
}

/** A deep copy of a JSON value; several times faster than `structuredClone`, which must expect anything. */
export function cloneJson<T>(value: T): T
export function cloneJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => cloneJson(item))
  const source = value as Record<string, unknown>
  const copy: Record<string, unknown> = {}
  for (const key in source) {
    // As a plain assignment this one key would change what the copy inherits.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: cloneJson(source[key]), enumerable: true })
    else copy[key] = cloneJson(source[key])
  }
  return copy
}

/** A record of JSON, or undefined for anything else: the safe way into `unknown` fields. */
export const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined

/** Reads `spec.replicas` in an object. */
export const atPath = (object: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (key === '' ? at : record(at)?.[key]), object)

/** Writes `spec.replicas`, making the objects on the way. */
export function setAtPath(object: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.').filter((key) => key !== '')
  const last = keys.pop()!
  let at = object
  for (const key of keys) {
    const next = record(at[key]) ?? {}
    at[key] = next
    at = next
  }
  at[last] = value
}

/** A copy with the keys of every object in order, as Go writes maps. */
export function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys)
  const fields = record(value)
  if (!fields) return value
  return Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((key) => [key, sortedKeys(fields[key])]),
  )
}
