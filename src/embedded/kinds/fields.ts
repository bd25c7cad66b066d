/**
 * What Go knows about the built-in types: JSON names, protobuf numbers, Go types, merge keys. Strict decoding, protobuf
 * bodies, strategic merge, server-side apply and OpenAPI are all driven by this one table (`data/kubernetes-fields.json`).
 *
 * The table is read on the first question and parsed struct by struct as they are asked for.
 */
import { readFileSync } from 'node:fs'
import { packagePath } from '../../root.ts'
import { once } from '../once.ts'

export interface GoField {
  /** The JSON name; for inline structs the Go name, which never appears in JSON. */
  name: string
  /** Protobuf field number; 0 when the field is not in protobuf (TypeMeta). */
  number: number
  /** As Go prints it in decode errors, without the pointer star: `int32`, `[]v1.Container`, `map[string]string`. */
  goType: string
  pointer: boolean
  omitEmpty: boolean
  repeated: boolean
  map: boolean
  /** Flattened in JSON, a message of its own in protobuf. */
  inline: boolean
  /** What a value (an item, a map value) is: a struct or leaf of the table, or absent for scalars. */
  struct?: string
  /** Strategic merge: `merge`, `retainKeys`, `replace`; empty when not declared. */
  patchStrategy: readonly string[]
  patchMergeKey?: string
  /** Server-side apply. Lists without one are atomic, maps and structs without one granular. */
  listType?: 'atomic' | 'set' | 'map'
  listMapKeys?: readonly string[]
  mapType?: 'atomic' | 'granular'
  /** The default that the type declares (not the ones of defaults.go). */
  default?: unknown
}

export interface GoStruct {
  /** `core/v1.Pod` */
  name: string
  /** As Go prints it in decode errors: `PodSpec`. */
  shortName: string
  /** As declared, inline structs included: what protobuf sees. */
  declared: readonly GoField[]
  /** Inline structs flattened, in order: what JSON sees. */
  fields: readonly GoField[]
  byName: ReadonlyMap<string, GoField>
  byNumber: ReadonlyMap<number, GoField>
  /** Applied as one value by server-side apply. */
  atomic: boolean
}

/** Types whose JSON form is their own; they have no fields in the table. */
export type Leaf =
  | 'meta/v1.Time'
  | 'meta/v1.MicroTime'
  | 'meta/v1.FieldsV1'
  | 'resource.Quantity'
  | 'intstr.IntOrString'
  | 'runtime.RawExtension'
  | 'apiextensions/v1.JSON'
  | 'apiextensions/v1.JSONSchemaPropsOrBool'
  | 'apiextensions/v1.JSONSchemaPropsOrArray'
  | 'apiextensions/v1.JSONSchemaPropsOrStringArray'

export interface FieldTable {
  /** By table name (`apps/v1.Deployment`); undefined for leaves and unknown names. */
  struct(name: string): GoStruct | undefined
  /** The struct of a kind: `kindStruct('apps', 'v1', 'Deployment')`. The group is empty for core. */
  kindStruct(group: string, version: string, kind: string): GoStruct | undefined
  /** Whether any built-in kind of that group, version and name exists in Kubernetes 1.36, served here or not. */
  knowsKind(group: string, version: string, kind: string): boolean
}

interface TableFile {
  kinds: Record<string, string>
  structs: Record<string, string[]>
}

const parseField = (row: string): GoField => {
  const [name = '', number = '0', type = '', flags = '', ...rest] = row.split(' ')
  const extra = new Map(rest.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]))
  const field: GoField = {
    name,
    number: Number(number),
    goType: type.replace(/^\*/, ''),
    pointer: type.startsWith('*'),
    omitEmpty: flags.includes('o'),
    repeated: flags.includes('r'),
    map: flags.includes('m'),
    inline: flags.includes('i'),
    patchStrategy: extra.get('ps')?.split(',') ?? [],
  }
  if (extra.has('s')) field.struct = extra.get('s')
  if (extra.has('pk')) field.patchMergeKey = extra.get('pk')
  if (extra.has('lt')) field.listType = extra.get('lt') as GoField['listType']
  if (extra.has('lk')) field.listMapKeys = extra.get('lk')?.split(',')
  if (extra.has('mt')) field.mapType = extra.get('mt') as GoField['mapType']
  if (extra.has('def')) field.default = JSON.parse(extra.get('def') ?? 'null')
  return field
}

const load = (): FieldTable => {
  const file = JSON.parse(readFileSync(packagePath('data/kubernetes-fields.json'), 'utf8')) as TableFile
  const parsed = new Map<string, GoStruct>()

  const struct = (name: string): GoStruct | undefined => {
    const known = parsed.get(name)
    if (known) return known
    const rows = file.structs[name]
    if (!rows) return undefined
    const declared = rows.filter((row) => !row.startsWith('@')).map(parseField)
    const fields = declared.flatMap((field) => (field.inline ? (struct(field.struct ?? '')?.fields ?? []) : [field]))
    const made: GoStruct = {
      name,
      shortName: name.slice(name.lastIndexOf('.') + 1),
      declared,
      fields,
      byName: new Map(fields.map((field) => [field.name, field])),
      byNumber: new Map(declared.filter((field) => field.number > 0).map((field) => [field.number, field])),
      atomic: rows.includes('@atomic'),
    }
    parsed.set(name, made)
    return made
  }

  const kindKey = (group: string, version: string, kind: string) =>
    `${group === '' ? '' : `${group}/`}${version}/${kind}`
  return {
    struct,
    kindStruct: (group, version, kind) => struct(file.kinds[kindKey(group, version, kind)] ?? ''),
    knowsKind: (group, version, kind) => file.kinds[kindKey(group, version, kind)] !== undefined,
  }
}

/** The field table; the first call reads it from disk (about 110 KB). */
export const fieldTable: () => FieldTable = once(load)

/** The struct of a kind record, by its `goType` or else by its group, version and kind; undefined for CRDs' kinds. */
export const structOfKind = (kind: {
  group: string
  version: string
  kind: string
  goType?: string
  prune?: unknown
}): GoStruct | undefined => {
  if (kind.prune) return undefined
  return kind.goType === undefined
    ? fieldTable().kindStruct(kind.group, kind.version, kind.kind)
    : fieldTable().struct(kind.goType)
}
