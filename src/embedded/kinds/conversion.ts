/** Kinds that show the objects of another one in a form of their own: both forms, and the way there and back. */
import type { KubeObject } from '../../kube/api.ts'
import type { Column, Kind } from './kind.ts'

/** Columns of the stored kind, for objects in the other form. */
export const columnsThrough = (columns: readonly Column[], toStored: (object: KubeObject) => KubeObject): Column[] =>
  columns.map((column) => ({ ...column, cell: (object, now) => column.cell(toStored(object), now) }))

/** A copy without fields that are undefined, so that nothing empty gets stored. */
export const defined = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

/** The object in the form of the kind that was asked for. */
export const fromStored = (kind: Kind, object: KubeObject, apiVersion: string): KubeObject =>
  kind.stored && object.apiVersion !== apiVersion ? kind.stored.fromStored(object) : object
