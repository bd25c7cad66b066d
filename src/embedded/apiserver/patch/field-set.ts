/**
 * Sets of field paths, and their wire form `fieldsV1`: `f:name` a field, `k:{…}` an item of a keyed list, `v:…` a member of
 * a set, `.` the container itself. A trie; every operation gives a new one.
 */
export interface FieldSet {
  /** The path that ends here is in the set. */
  member: boolean
  children: ReadonlyMap<string, FieldSet>
}

export const emptySet: FieldSet = { member: false, children: new Map() }
export const isEmptySet = (set: FieldSet): boolean => !set.member && set.children.size === 0

/** A set under construction. */
export class FieldSetBuilder implements FieldSet {
  member = false
  readonly children = new Map<string, FieldSetBuilder>()

  child(element: string): FieldSetBuilder {
    let found = this.children.get(element)
    if (!found) {
      found = new FieldSetBuilder()
      this.children.set(element, found)
    }
    return found
  }

  /** Drops branches that hold nothing. */
  finish(): FieldSet {
    for (const [element, child] of this.children) if (isEmptySet(child.finish())) this.children.delete(element)
    return this
  }
}

const combine = (
  a: FieldSet,
  b: FieldSet,
  member: (a: boolean, b: boolean) => boolean,
  onlyInA: (child: FieldSet) => FieldSet,
  onlyInB: (child: FieldSet) => FieldSet,
): FieldSet => {
  const children = new Map<string, FieldSet>()
  for (const [element, child] of a.children) {
    const other = b.children.get(element)
    const made = other ? combine(child, other, member, onlyInA, onlyInB) : onlyInA(child)
    if (!isEmptySet(made)) children.set(element, made)
  }
  for (const [element, child] of b.children) {
    if (a.children.has(element)) continue
    const made = onlyInB(child)
    if (!isEmptySet(made)) children.set(element, made)
  }
  return { member: member(a.member, b.member), children }
}

const same = (set: FieldSet): FieldSet => set
const none = (): FieldSet => emptySet

export const union = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (x, y) => x || y, same, same)
export const difference = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (x, y) => x && !y, same, none)
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (x, y) => x && y, none, none)

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a.member !== b.member || a.children.size !== b.children.size) return false
  for (const [element, child] of a.children) {
    const other = b.children.get(element)
    if (!other || !equalSets(child, other)) return false
  }
  return true
}

/** Every path in the set, as lists of elements, in the order of conflict messages: at each level what ends there first. */
export function* paths(set: FieldSet, at: readonly string[] = []): Generator<readonly string[]> {
  const elements = [...set.children.keys()].sort()
  for (const element of elements) if (set.children.get(element)!.member) yield [...at, element]
  for (const element of elements) yield* paths(set.children.get(element)!, [...at, element])
}

/** `.spec.template.spec.containers[name="c"].image`, as conflict messages write it. */
export const pathText = (path: readonly string[]): string =>
  path
    .map((element) => {
      const body = element.slice(2)
      if (element.startsWith('f:')) return `.${body}`
      if (element.startsWith('v:')) return `[=${body}]`
      if (element.startsWith('i:')) return `[${body}]`
      const keys = Object.entries(JSON.parse(body) as Record<string, unknown>)
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`
    })
    .join('')

export type FieldsV1 = { [element: string]: FieldsV1 }

export function toFieldsV1(set: FieldSet): FieldsV1 {
  const fields: FieldsV1 = {}
  if (set.member && set.children.size > 0) fields['.'] = {}
  for (const element of [...set.children.keys()].sort()) fields[element] = toFieldsV1(set.children.get(element)!)
  return fields
}

export function fromFieldsV1(fields: FieldsV1, isRoot = true): FieldSet {
  const entries = Object.entries(fields)
  const children = new Map<string, FieldSet>()
  for (const [element, child] of entries) if (element !== '.') children.set(element, fromFieldsV1(child, false))
  return { member: '.' in fields || (!isRoot && entries.length === 0), children }
}

/** Whether the two have a path in common, without building the set. */
export function overlaps(fields: FieldsV1, set: FieldSet, isRoot = true): boolean {
  if (set.member && ('.' in fields || (!isRoot && Object.keys(fields).length === 0))) return true
  for (const [element, child] of set.children) {
    const part = fields[element]
    if (part && overlaps(part, child, false)) return true
  }
  return false
}
