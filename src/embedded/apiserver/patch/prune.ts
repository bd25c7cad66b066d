/**
 * What disappears when a manager applies less than before (structured-merge-diff/v6 merge/update.go, prune): what it
 * applied last, except what somebody owns now, and except what then hangs on something that stays.
 */
import { record } from '../equality.ts'
import { difference, type FieldSet, intersection, union } from './field-set.ts'
import type { TypeNode } from './schema.ts'
import { fieldsOf, isGranular, parts, resolve } from './typed.ts'

/**
 * @param merged the live object with the new configuration laid over it
 * @param last what the manager applied before
 * @param owned what anybody owns now, this manager with the new configuration
 */
export function pruned(merged: unknown, schema: TypeNode, last: FieldSet, owned: FieldSet): unknown {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, schema)
  const setOf = (value: unknown): FieldSet => named(fieldsOf(value, schema))
  const all = setOf(merged)
  const bare = without(merged, schema, named(last))
  const withOwned = without(merged, schema, difference(all, union(setOf(bare), named(owned))))
  return without(merged, schema, intersection(difference(all, setOf(withOwned)), named(last)))
}

/** The set with the struct fields that lead to its paths: whoever owns a field needs what it stands in. */
function withNamedFields(set: FieldSet, node: TypeNode | undefined): FieldSet {
  const children = new Map<string, FieldSet>()
  for (const [element, child] of set.children) {
    const name = element.startsWith('f:') ? element.slice(2) : undefined
    const declared = node?.kind === 'struct' && name !== undefined ? node.field?.(name)?.type : undefined
    const inside = withNamedFields(child, declared ?? (node?.kind === 'struct' ? undefined : node?.items))
    children.set(element, declared && child.children.size > 0 ? { ...inside, member: true } : inside)
  }
  return { member: set.member, children }
}

/** The value without the paths of the set; a container that loses everything stays, empty. */
function without(value: unknown, declared: TypeNode, gone: FieldSet): unknown {
  const node = resolve(declared, value)
  if (gone.children.size === 0 || !isGranular(node, value)) return value
  const kept: [string, unknown][] = []
  for (const [element, part, partNode] of parts(node, value)) {
    const lost = gone.children.get(element)
    if (!lost?.member) kept.push([element.slice(2), lost ? without(part, partNode, lost) : part])
  }
  return record(value) ? Object.fromEntries(kept) : kept.map(([, part]) => part)
}
