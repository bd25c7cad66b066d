/**
 * Objects walked along their schema: what an object holds (`fieldsOf`), what changed between two (`compare`), one laid
 * over the other (`mergeApplied`). After structured-merge-diff's rules of ownership.
 */
import { record, sameJson } from '../equality.ts'
import { type FieldSet, FieldSetBuilder } from './field-set.ts'
import type { TypeNode } from './schema.ts'

const deducedNode: TypeNode = { kind: 'deduced' }

/** The node as it applies to this value: without a schema the value itself says what it is. */
export function resolve(node: TypeNode | undefined, value: unknown): TypeNode {
  if (!node) return { kind: 'leaf' }
  if (node.kind !== 'deduced' || node.atomic) return node
  return record(value) ? { kind: 'map', items: deducedNode } : { kind: 'leaf' }
}

export const isGranular = (node: TypeNode, value: unknown): boolean => {
  if (node.atomic || node.kind === 'leaf') return false
  return node.kind === 'list' ? node.listType !== undefined && Array.isArray(value) : record(value) !== undefined
}

/** How a list item is named in a field set. */
export function elementOf(node: TypeNode, item: unknown): string {
  if (node.listType === 'set') return `v:${JSON.stringify(item)}`
  const fields = record(item) ?? {}
  const keys = (node.keys ?? []).flatMap((key) => {
    const value = fields[key] ?? node.keyDefaults?.[key]
    return value === undefined ? [] : [[key, value] as const]
  })
  return `k:${JSON.stringify(Object.fromEntries(keys.sort(([a], [b]) => (a < b ? -1 : 1))))}`
}

/** A container's parts as elements of a field set, each with its own schema. */
export function* parts(node: TypeNode, value: unknown): Generator<[element: string, part: unknown, node: TypeNode]> {
  if (Array.isArray(value)) {
    for (const item of value) yield [elementOf(node, item), item, node.items ?? deducedNode]
    return
  }
  for (const [name, part] of Object.entries(record(value) ?? {})) {
    if (part === undefined || part === null) continue
    const child = node.kind === 'struct' ? node.field?.(name)?.type : node.items
    yield [`f:${name}`, part, child ?? deducedNode]
  }
}

/** The fields that an applied configuration claims. */
export function fieldsOf(value: unknown, node: TypeNode): FieldSet {
  const set = new FieldSetBuilder()
  claim(value, node, set)
  set.member = false
  return set.finish()
}

/** After structured-merge-diff typed/tofieldset.go: an empty list claims nothing, an empty map itself. */
function claim(value: unknown, declared: TypeNode, into: FieldSetBuilder): void {
  const node = resolve(declared, value)
  if (!isGranular(node, value)) {
    into.member = true
    return
  }
  for (const [element, part, partNode] of parts(node, value)) {
    const child = into.child(element)
    claim(part, partNode, child)
    const fields = record(part)
    if (node.kind !== 'struct' || (fields && Object.keys(fields).length === 0)) child.member = true
  }
}

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

/** What is different in `next`. Either may be undefined at the root. */
export function compare(previous: unknown, next: unknown, node: TypeNode): Comparison {
  const sets = { added: new FieldSetBuilder(), modified: new FieldSetBuilder(), removed: new FieldSetBuilder() }
  walk(previous ?? {}, next ?? {}, node, sets, true)
  return { added: sets.added.finish(), modified: sets.modified.finish(), removed: sets.removed.finish() }
}

interface Sets {
  added: FieldSetBuilder
  modified: FieldSetBuilder
  removed: FieldSetBuilder
}

/** `there`: the previous object had this place, if only as Go's zero value. */
function walk(previous: unknown, next: unknown, declared: TypeNode, sets: Sets, there: boolean): void {
  const node = resolve(declared, next ?? previous)
  if (previous !== undefined && next !== undefined && sameJson(previous, next)) return
  const granular = isGranular(node, previous ?? next) && isGranular(node, next ?? previous)
  if (!granular || (previous !== undefined && next !== undefined && Array.isArray(previous) !== Array.isArray(next))) {
    if (next === undefined) sets.removed.member = true
    else if (previous === undefined) sets.added.member = true
    else sets.modified.member = true
    return
  }
  if (previous === undefined && !there) sets.added.member = true
  if (next === undefined) sets.removed.member = true

  const before = new Map([...parts(node, previous)].map(([element, part]) => [element, part]))
  const seen = new Set<string>()
  for (const [element, part, partNode] of parts(node, next)) {
    seen.add(element)
    const implied = there && node.kind === 'struct' && (node.field?.(element.slice(2))?.alwaysPresent ?? false)
    walk(before.get(element), part, partNode, childSets(sets, element), implied)
  }
  for (const [element, part, partNode] of parts(node, previous))
    if (!seen.has(element)) walk(part, undefined, partNode, childSets(sets, element), false)
}

const childSets = (sets: Sets, element: string): Sets => ({
  added: sets.added.child(element),
  modified: sets.modified.child(element),
  removed: sets.removed.child(element),
})

/** The applied configuration laid over the live value: granular parts merge, everything else is replaced. */
export function mergeApplied(live: unknown, config: unknown, declared: TypeNode): unknown {
  const node = resolve(declared, config)
  if (live === undefined || !isGranular(node, config) || !isGranular(node, live)) return withoutNulls(config)
  if (Array.isArray(config) && Array.isArray(live)) {
    return mergeItems(live, config, node)
  }
  const merged: Record<string, unknown> = { ...record(live) }
  for (const [element, part, partNode] of parts(node, config)) {
    const name = element.slice(2)
    merged[name] = mergeApplied(merged[name], part, partNode)
  }
  return merged
}

/**
 * A keyed list: the applied items come in their order, each after the live-only items that stood before it
 * (structured-merge-diff typed/merge.go, visitListItems).
 */
function mergeItems(live: readonly unknown[], config: readonly unknown[], node: TypeNode): unknown[] {
  const named = (list: readonly unknown[]) => list.map((item) => [elementOf(node, item), item] as const)
  const liveItems = named(live)
  const wanted = named(config)
  const known = new Map(liveItems)
  const applied = new Set(wanted.map(([element]) => element))
  const shared = wanted.map(([element]) => element).filter((element) => known.has(element))
  const done = new Set<string>()
  const out: unknown[] = []
  let at = 0
  for (const [element, item] of wanted) {
    // Live items up to the next one that both have; one that is already in, or whose turn comes later, is passed over.
    for (; at < liveItems.length && liveItems[at]![0] !== element; at++) {
      const [other, value] = liveItems[at]!
      if (!applied.has(other)) out.push(value)
      else if (!done.has(other) && (shared.length === 0 || shared[0] === other)) break
    }
    if (liveItems[at]?.[0] === element) at++
    if (shared[0] === element) shared.shift()
    done.add(element)
    out.push(mergeApplied(known.get(element), item, node.items ?? deducedNode))
  }
  for (const [other, value] of liveItems.slice(at)) if (!applied.has(other)) out.push(value)
  return out
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  const fields = record(value)
  if (!fields) return value
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, part]) =>
      part === null || part === undefined ? [] : [[key, withoutNulls(part)]],
    ),
  )
}
