/** What the guards over a mesh's CRDs share: which fields there are, and which of them a decision asks for. */
import type { KubeObject } from '../../src/kube/api.ts'

export interface Schema {
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | boolean
}

/** Two paths that count as one get the same name. */
type Canonical = (path: string) => string
const same: Canonical = (path) => path

/** Paths of fields that have nothing below them; keys of maps are `*`, and lists and maps of scalars are one field. */
export const leaves = (schema: Schema, canonical: Canonical = same, path = ''): string[] => {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`)
  if (schema.properties)
    return Object.entries(schema.properties).flatMap(([name, each]) => leaves(each, canonical, below(name)))
  if (schema.items?.properties) return leaves(schema.items, canonical, `${path}[]`)
  const values = schema.additionalProperties
  return typeof values === 'object' && values.properties ? leaves(values, canonical, below('*')) : [canonical(path)]
}

/** The object, telling `seen` of every field of its spec that somebody asks for. */
export const watched = (
  object: KubeObject,
  schema: Schema | undefined,
  seen: Set<string>,
  canonical: Canonical = same,
): KubeObject => {
  const watch = (value: unknown, at: Schema | undefined, path: string): unknown => {
    if (typeof value !== 'object' || value === null || at === undefined) return value
    return new Proxy(value, {
      get(target, key) {
        const own = Reflect.get(target, key)
        if (typeof key !== 'string') return own
        if (Array.isArray(target)) return /^\d+$/.test(key) ? watch(own, at.items, `${path}[]`) : own
        const { properties, additionalProperties: values } = at
        const name = properties ? key : '*'
        const next = properties ? properties[key] : typeof values === 'object' ? values : undefined
        const full = path === '' ? name : `${path}.${name}`
        seen.add(canonical(full))
        return watch(own, next, full)
      },
    })
  }
  return { ...object, spec: watch(object.spec, schema, '') }
}

/** The spec's schema of each kind, by `nameOf`; of several versions the last that is stored. */
export const specsOf = (
  crds: readonly KubeObject[],
  nameOf: (kind: string, group: string) => string = (kind) => kind,
): Map<string, Schema | undefined> =>
  new Map(
    crds.map((crd) => {
      const { group, names, versions } = crd.spec as {
        group: string
        names: { kind: string }
        versions: { storage: boolean; schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[]
      }
      const stored = versions.find(({ storage }) => storage) ?? versions[0]
      return [nameOf(names.kind, group), stored?.schema.openAPIV3Schema.properties.spec]
    }),
  )

/** Whether the entry is the field, or stands for it as one above. */
export const covers = (entry: string, path: string): boolean =>
  path === entry || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`)

/** The spec with the field set; `[]` is the first of the list. A value that names siblings replaces the parent. */
export const withField = (spec: unknown, path: string, value: unknown): unknown => {
  const steps = path.split('.').flatMap((step) => (step.endsWith('[]') ? [step.slice(0, -2), 0] : [step]))
  const last = String(steps.at(-1))
  const hasSiblings = typeof value === 'object' && value !== null && Object.hasOwn(value, last)
  const put = (at: unknown, [step, ...rest]: (string | number)[]): unknown => {
    if (step === undefined || (hasSiblings && rest.length === 0)) return value
    if (typeof step === 'number') {
      const [first, ...others] = Array.isArray(at) ? at : []
      return [put(first, rest), ...others]
    }
    const own = (at ?? {}) as Record<string, unknown>
    return { ...own, [step]: put(own[step], rest) }
  }
  return put(spec, steps)
}
