/**
 * Every wrong version of a value: a part missing, something else in its place, its opposite, or one list item split in
 * two. The same for manifests and for JSON patches.
 */
import { type Neighbours, opposite, wrongKeys, wrongValues } from './values.ts'

type Path = readonly (string | number)[]
export type Tree = Record<string, unknown>

/** One edit of a value: what it does, and what comes out. */
export interface Edit {
  says: string
  value: unknown
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

const spell = (path: Path): string =>
  path
    .map((part, index) =>
      typeof part === 'number'
        ? `[${part}]`
        : /^[\w-]+$/.test(part)
          ? `${index === 0 ? '' : '.'}${part}`
          : `[${JSON.stringify(part)}]`,
    )
    .join('')

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** The value with the one at `path` replaced; `undefined` takes it out. */
const put = (root: unknown, [first, ...rest]: Path, value: unknown): unknown => {
  if (first === undefined) return value
  if (Array.isArray(root)) {
    const next = rest.length === 0 ? value : put(root[first as number], rest, value)
    return root.flatMap((item, index) => (index !== first ? [item] : next === undefined ? [] : [next]))
  }
  const { [String(first)]: old, ...others } = isTree(root) ? root : {}
  const next = rest.length === 0 ? value : put(old, rest, value)
  if (next === undefined) return others
  // The key keeps its place, so that the mutant reads like the solution.
  return Object.fromEntries(
    Object.entries(isTree(root) ? root : {}).map(([key, each]) => [key, key === String(first) ? next : each]),
  )
}

/** What is joined by "and" in one list item becomes two items, joined by "or": the slip of one dash. */
const splitItem = (list: unknown[], index: number, path: Path): Edit[] => {
  const item = list[index]
  const inner = isTree(item) ? Object.keys(item) : []
  const wrapper = inner.length === 1 && ['source', 'operation'].includes(inner[0]!) ? inner[0]! : undefined
  const fields = wrapper === undefined ? item : (item as Tree)[wrapper]
  const isRule = path.at(-1) === 'rules'
  if (!isTree(fields) || Object.keys(fields).length < 2 || (wrapper === undefined && !isRule)) return []
  const parts = Object.entries(fields).map(([key, value]) => {
    const part = { [key]: value }
    return wrapper === undefined ? part : { [wrapper]: part }
  })
  return [{ says: `split ${spell([...path, index])} into ${parts.length}`, value: list.toSpliced(index, 1, ...parts) }]
}

/** Every edit of the value at `path`, as edits of the whole. */
export const edits = (root: unknown, neighbours: Neighbours, path: Path = [], value: unknown = root): Edit[] => {
  const at = (says: string, next: unknown, where: Path = path): Edit => ({ says, value: put(root, where, next) })
  if (Array.isArray(value))
    return value.flatMap((item, index) => {
      const here = [...path, index]
      const dropped = value.length > 1 ? [at(`drop ${spell(here)}`, undefined, here)] : []
      const split = splitItem(value, index, path).map((edit) => at(edit.says, edit.value))
      return [...dropped, ...split, ...edits(root, neighbours, here, item)]
    })
  if (isTree(value))
    return Object.entries(value).flatMap(([key, item]) => {
      const here = [...path, key]
      const renamed = (to: string): Edit =>
        at(
          `${spell(here)} becomes ${to}`,
          Object.fromEntries(Object.entries(value).map(([each, inner]) => [each === key ? to : each, inner])),
        )
      const turned = opposite(key)
      return [
        at(`drop ${spell(here)}`, undefined, here),
        ...(turned === undefined ? [] : [renamed(turned)]),
        ...wrongKeys(path, key).map(renamed),
        ...edits(root, neighbours, here, item),
      ]
    })
  // A text of several lines is a file of its own, like the mesh's settings in a ConfigMap.
  if (typeof value === 'string' && value.trim().includes('\n')) {
    const lines = value.split('\n')
    return lines.flatMap((text, index) =>
      text.trim() === ''
        ? []
        : [at(`${spell(path)}: drop line "${text.trim()}"`, lines.toSpliced(index, 1).join('\n'))],
    )
  }
  return wrongValues(path, value, root, neighbours).map((wrong) =>
    at(`${spell(path)}: ${show(value)} -> ${show(wrong)}`, wrong),
  )
}
