/**
 * Who owns which field: `metadata.managedFields`, kept for every write. Server-side apply (apply.ts) reads it to find
 * conflicts.
 */
import type { Json, KubeObject } from '../../../kube/api.ts'
import type { Kind } from '../../kinds/kind.ts'
import { record } from '../equality.ts'
import { badRequest } from '../errors.ts'
import { withAncientChanges } from './ancient-changes.ts'
import {
  difference,
  emptySet,
  equalSets,
  type FieldSet,
  type FieldsV1,
  fromFieldsV1,
  isEmptySet,
  overlaps,
  toFieldsV1,
  union,
} from './field-set.ts'
import { schemaOf } from './schema.ts'
import { compare } from './typed.ts'

export interface Manager {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource?: string
  time?: string
  /** In the wire form: most entries are only passed on. */
  fields: FieldsV1
}

export interface WriteBy {
  fieldManager?: string
  subresource?: string
  /** RFC 3339. */
  time: string
}

/** The entries as they were sent or stored. @throws StatusError 400 for a shape that the server refuses */
export function decodeManagers(entries: readonly Json[] | undefined): Manager[] {
  return (entries ?? []).map((entry) => {
    const fields = record(entry) ?? {}
    const { manager = '', operation, apiVersion = '', subresource, time, fieldsType, fieldsV1 } = fields
    if (operation !== 'Apply' && operation !== 'Update')
      throw badRequest(
        `metadata.managedFields.operation: Invalid value: ${JSON.stringify(operation ?? '')}: must be \`Apply\` or \`Update\``,
      )
    if (fieldsType !== 'FieldsV1')
      throw badRequest(
        `metadata.managedFields.fieldsType: Invalid value: ${JSON.stringify(fieldsType ?? '')}: must be \`FieldsV1\``,
      )
    return {
      manager: String(manager),
      operation,
      apiVersion: String(apiVersion),
      ...(subresource ? { subresource: String(subresource) } : {}),
      ...(time ? { time: String(time) } : {}),
      fields: (record(fieldsV1) ?? {}) as FieldsV1,
    }
  })
}

/** The entry without these fields. */
export const withoutFields = (entry: Manager, lost: FieldSet): Manager =>
  overlaps(entry.fields, lost) ? { ...entry, fields: toFieldsV1(difference(fromFieldsV1(entry.fields), lost)) } : entry

/** Sorted as the server does: Apply before Update, then by time, then by name. Empty entries are gone. */
export function encodeManagers(managers: readonly Manager[]): Json[] {
  const order = (a: string | undefined, b: string | undefined): number =>
    (a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0
  return managers
    .filter(({ fields }) => Object.keys(fields).length > 0)
    .sort(
      (a, b) =>
        order(a.operation, b.operation) ||
        order(a.time, b.time) ||
        order(a.manager, b.manager) ||
        order(a.apiVersion, b.apiVersion) ||
        order(a.subresource, b.subresource),
    )
    .map(({ manager, operation, apiVersion, subresource, time, fields }) => ({
      manager,
      operation,
      apiVersion,
      ...(time ? { time } : {}),
      fieldsType: 'FieldsV1',
      fieldsV1: fields,
      ...(subresource ? { subresource } : {}),
    }))
}

const untracked = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'resourceVersion',
  'selfLink',
  'managedFields',
]

/** The part of an object that somebody can own when writing to this subresource. */
export function ownable(
  kind: Kind,
  object: KubeObject | undefined,
  subresource: string | undefined,
): Record<string, unknown> {
  if (!object) return {}
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object
  const trackedMeta: Record<string, unknown> = { ...metadata }
  for (const name of untracked) delete trackedMeta[name]
  const owned = Object.keys(trackedMeta).length > 0 ? { metadata: trackedMeta } : {}
  if (subresource === 'status') return { status: rest.status, ...(kind.schema ? {} : owned) }
  if (kind.status) delete rest.status
  return { ...rest, ...owned }
}

/** Which entries an update starts from: the sent ones, unless there are none; `[{}]` clears them. */
function baseManagers(object: KubeObject, old: KubeObject | undefined): Manager[] {
  const sent = object.metadata.managedFields
  if (sent?.length === 1 && record(sent[0]) && Object.keys(sent[0] as object).length === 0) return []
  if (!sent?.length) return decodeManagers(old?.metadata.managedFields)
  return decodeManagers(sent)
}

/** The managedFields after a create or update that is no apply. Without a `fieldManager` nobody gains the fields. */
export function trackWrite(
  kind: Kind,
  object: KubeObject,
  old: KubeObject | undefined,
  by: WriteBy,
): Json[] | undefined {
  const managers = baseManagers(object, old)
  if (!by.fieldManager && managers.length === 0) return undefined
  const changes = compare(ownable(kind, old, by.subresource), ownable(kind, object, by.subresource), schemaOf(kind))
  const changed = union(changes.added, changes.modified)
  if (isEmptySet(changed) && isEmptySet(changes.removed)) return encodeManagers(managers)
  const lost = union(changed, changes.removed)

  const isOwn = (entry: Manager): boolean =>
    entry.manager === by.fieldManager &&
    entry.operation === 'Update' &&
    entry.apiVersion === object.apiVersion &&
    entry.subresource === by.subresource
  const own = managers.find(isOwn)
  const others = managers.filter((entry) => entry !== own).map((entry) => withoutFields(entry, lost))
  if (!by.fieldManager) return encodeManagers(others)
  const before = own ? fromFieldsV1(own.fields) : emptySet
  const set = union(difference(before, changes.removed), changed)
  const time = own && equalSets(before, set) ? own.time : by.time
  const entry: Manager = {
    manager: by.fieldManager,
    operation: 'Update',
    apiVersion: object.apiVersion,
    ...(by.subresource ? { subresource: by.subresource } : {}),
    ...(time ? { time } : {}),
    fields: toFieldsV1(set),
  }
  return encodeManagers(withAncientChanges([...others, entry]))
}
