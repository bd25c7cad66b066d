/** Printer columns that many kinds share, and a short way to write the others. */
import type { KubeObject } from '../../kube/api.ts'
import { since } from './duration.ts'
import type { Column } from './kind.ts'
import type { ContainerSpec, PodTemplateSpec } from './types.ts'

/** A string column. Pass the kind's own type to read its fields: `text<PodObject>('Status', podStatus)`. */
export const text = <T extends KubeObject>(name: string, cell: (object: T, now: number) => string | null): Column => ({
  name,
  type: 'string',
  cell: (object, now) => cell(object as T, now),
})

export const integer = <T extends KubeObject>(name: string, cell: (object: T) => number | null): Column => ({
  name,
  type: 'integer',
  cell: (object) => cell(object as T),
})

/** Shows the column only with `-o wide`. */
export const wide = (column: Column): Column => ({ ...column, priority: 1 })

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  cell: (object) => object.metadata.name,
}

/** Time since creation. */
export const ageColumn: Column = text('Age', (object, now) => since(object.metadata.creationTimestamp, now))

/** The newer way of some kinds: the date itself, RFC 3339. */
export const createdAtColumn: Column = text('Created At', (object) => object.metadata.creationTimestamp ?? '<unknown>')

/** `Containers` and `Images` of a pod template, both wide. */
export const templateColumns = (template: (object: KubeObject) => PodTemplateSpec | undefined): Column[] => {
  const join = (object: KubeObject, part: (container: ContainerSpec) => string | undefined) =>
    (template(object)?.spec?.containers ?? []).map((container) => part(container) ?? '').join(',')
  return [
    wide(text('Containers', (object) => join(object, (container) => container.name))),
    wide(text('Images', (object) => join(object, (container) => container.image))),
  ]
}

/** `a=b,c=d` in the order of the keys; `<none>` when there are none. */
export const formatLabels = (labels: Record<string, string> | undefined): string => {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0 ? '<none>' : pairs.map(([key, value]) => `${key}=${value}`).join(',')
}

/** At most `most` of them, then how many there are besides: `a,b,c + 2 more...`. */
export const shortened = (items: string[], most: number, separator = ','): string =>
  items.length <= most
    ? items.join(separator)
    : `${items.slice(0, most).join(separator)} + ${items.length - most} more...`
