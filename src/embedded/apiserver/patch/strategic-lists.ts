/** The lists of a strategic merge patch: merged by a key or as sets, and the order in which their items end up. */
import { record, sameJson } from '../equality.ts'
import { plain } from '../errors.ts'
import { goText } from './json-patch.ts'

type Fields = Record<string, unknown>

/** How an item is told from the others of its list: by its merge key, or as itself. */
type Identity = (item: unknown) => string

/** @throws StatusError 500 for an item without its key */
const identityBy =
  (key: string | undefined): Identity =>
  (item) => {
    if (key === undefined) return JSON.stringify(item)
    const fields = record(item) ?? {}
    if (fields[key] === undefined) throw plain(`map: ${goText(fields)} does not contain declared merge key: ${key}`)
    return JSON.stringify(fields[key])
  }

/**
 * Items with a `$patch` of their own are told apart first: `delete` takes out what has its key, `replace` makes the
 * rest of the patch the list. Of the rest, known keys merge and new ones join.
 */
export function mergeKeyed(
  live: unknown[],
  patch: unknown[],
  key: string,
  mergeItem: (item: Fields, changes: Fields) => Fields,
): unknown[] {
  const idOf = identityBy(key)
  const plainItems: unknown[] = []
  const gone = new Set<string>()
  let replaces = false
  for (const item of patch) {
    const directive = record(item)?.$patch
    if (directive === undefined) plainItems.push(item)
    else if (directive === 'delete') gone.add(idOf(item))
    else if (directive === 'replace') replaces = true
    else if (directive === 'merge') throw plain('merging lists cannot yet be specified in the patch')
    else throw plain(`unknown patch type: ${String(directive)} in map: ${goText(item)}`)
  }
  if (replaces) {
    plainItems.forEach(idOf)
    return plainItems
  }
  const kept = live.filter((item) => !gone.has(idOf(item)))
  const merged = new Map(kept.map((item) => [idOf(item), item]))
  for (const item of plainItems) {
    const id = idOf(item)
    const known = record(merged.get(id))
    merged.set(id, known ? mergeItem(known, record(item) ?? {}) : item)
  }
  return inOrder([...merged.values()], kept, plainItems, key)
}

/**
 * Where the items of a list stood, as `$setElementOrder` sees it after the patch has taken some out and added others:
 * what is left has moved up, and what is new stands in the places that became free. (The real server removes and
 * appends in the memory of the list that it compares with afterwards; so a replaced item's successor keeps its place.)
 */
export function placesAfter(live: readonly unknown[], patch: readonly unknown[], key: string): unknown[] {
  const idOf = identityBy(key)
  const directiveOf = (item: unknown): unknown => record(item)?.$patch
  if (patch.some((item) => directiveOf(item) === 'replace')) return [...live]
  const slots = [...live]
  let used = slots.length
  for (const item of patch) {
    if (directiveOf(item) !== 'delete') continue
    const at = slots.slice(0, used).findIndex((slot) => idOf(slot) === idOf(item))
    if (at >= 0) slots.copyWithin(at, at + 1, used--)
  }
  for (const item of patch) {
    if (directiveOf(item) !== undefined || slots.slice(0, used).some((slot) => idOf(slot) === idOf(item))) continue
    if (used === slots.length) break
    slots[used++] = item
  }
  return slots
}

/** The union of two sets. */
export const mergePrimitives = (live: unknown[], patch: unknown[]): unknown[] => {
  const all = [...live, ...patch].filter(
    (item, index, both) => both.findIndex((each) => sameJson(each, item)) === index,
  )
  return inOrder(all, live, patch)
}

export const withoutPrimitives = (live: unknown[], gone: readonly unknown[]): unknown[] =>
  live.filter((item) => !gone.some((value) => sameJson(value, item)))

/**
 * Items that the patch names come in its order, the others in the order they had. Where the two meet, one of the others
 * goes first only if it stood before the named one already: so what is new comes to the front.
 */
export function inOrder(items: unknown[], live: unknown[], order: readonly unknown[], key?: string): unknown[] {
  const idOf = identityBy(key)
  // From the end, so that of items with one key the first counts.
  const places = (list: readonly unknown[]) =>
    new Map(list.map((item, index) => [idOf(item), index] as const).reverse())
  const wanted = places(order)
  const had = places(live)
  const by = (place: Map<string, number>) => (a: unknown, b: unknown) =>
    (place.get(idOf(a)) ?? -1) - (place.get(idOf(b)) ?? -1)
  const named = items.filter((item) => wanted.has(idOf(item))).sort(by(wanted))
  const others = items.filter((item) => !wanted.has(idOf(item))).sort(by(had))
  const result: unknown[] = []
  for (const item of named) {
    const place = had.get(idOf(item))
    while (others.length > 0 && place !== undefined && (had.get(idOf(others[0])) ?? Number.POSITIVE_INFINITY) < place)
      result.push(others.shift())
    result.push(item)
  }
  return [...result, ...others]
}

/** The order list has to name the patch's own items, in the order in which the patch has them. @throws StatusError 500 */
export function checkOrder(patch: readonly unknown[], order: readonly unknown[], key?: string): void {
  if (patch.length === 0 || order.length === 0) return
  const idOf = identityBy(key)
  const items = patch.filter((item) => record(item)?.$patch !== 'delete')
  let next = 0
  for (const named of order) {
    while (record(items[next])?.$patch !== undefined) next++
    if (next < items.length && idOf(named) === idOf(items[next])) next++
  }
  if (next < items.length)
    throw plain(`The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`)
}
