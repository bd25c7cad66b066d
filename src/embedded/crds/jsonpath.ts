/**
 * The JSONPath of printer columns and scale paths: `.a.b`, `['a.b']`, `.a\.b`, `[0]`, `[-1]`, `[*]`,
 * `[?(@.type=="Ready")]`. Not modelled: recursive descent, slices, unions, comparisons other than equality.
 */
import { isFields } from './schema.ts'

type Step = (value: unknown) => unknown[]

const field =
  (name: string): Step =>
  (value) =>
    isFields(value) && Object.hasOwn(value, name) ? [value[name]] : []

const index =
  (at: number): Step =>
  (value) => {
    const item = Array.isArray(value) ? value.at(at) : undefined
    return item === undefined ? [] : [item]
  }

const every: Step = (value) => (Array.isArray(value) ? value : isFields(value) ? Object.values(value) : [])

const filter = (path: Step[], operator: string, wanted: string): Step => {
  const test = (item: unknown) => String(run(path, item)[0] ?? '') === wanted
  return (value) => (Array.isArray(value) ? value.filter((item) => test(item) === (operator === '==')) : [])
}

const run = (steps: readonly Step[], value: unknown): unknown[] =>
  steps.reduce<unknown[]>((values, step) => values.flatMap(step), [value])

const unquote = (text: string): string => text.replace(/^(['"])(.*)\1$/s, '$2').replace(/\\(.)/gs, '$1')

const bracket = (inner: string): Step => {
  if (inner === '*') return every
  if (/^-?\d+$/.test(inner)) return index(Number(inner))
  const condition = /^\?\(@(.*?)\s*(==|!=)\s*(.*?)\)$/s.exec(inner)
  if (condition) return filter(parse(condition[1] ?? ''), condition[2] ?? '', unquote(condition[3] ?? ''))
  if (/^(['"]).*\1$/s.test(inner)) return field(unquote(inner))
  throw new Error(`array index or filter [${inner}] is not supported`)
}

const parse = (path: string): Step[] => {
  const steps: Step[] = []
  const token =
    /\.?\[((?:\?\((?:[^"')]|"[^"]*"|'[^']*')*\)|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\]])*)\]|\.((?:[^.[\\]|\\.)*)/gsy
  while (token.lastIndex < path.length) {
    const at = token.lastIndex
    const match = token.exec(path)
    if (!match) throw new Error(`unrecognized character in ${JSON.stringify(path.slice(at))}`)
    const [, inner, name] = match
    if (inner !== undefined) steps.push(bracket(inner.trim()))
    else if (name === '*') steps.push(every)
    else if (name) steps.push(field(unquote(name)))
    else if (path !== '.') throw new Error(`unexpected end of path ${JSON.stringify(path)}`)
  }
  return steps
}

/** All values a path finds, in order. @throws Error when the path is not of this subset */
export const compileJsonPath = (path: string): ((object: unknown) => unknown[]) => {
  const bare = path.replace(/^\{(.*)\}$/s, '$1')
  const steps = parse(/^[.[]/.test(bare) ? bare : `.${bare}`)
  return (object) => run(steps, object)
}
