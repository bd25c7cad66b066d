/**
 * Reading specs of any shape without throwing: what is not of the expected type reads as absent. The API server has
 * checked types against the CRD already; files and foreign clusters have not.
 */
import type { KubeObject, ObjectRef } from '../kube/api.ts'

export type Fields = Readonly<Record<string, unknown>>

export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const texts = (value: unknown): string[] =>
  list(value).filter((each): each is string => typeof each === 'string')

/** `matchLabels` of a selector. */
export const labelMap = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )

export const refOf = (object: KubeObject): ObjectRef => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  name: object.metadata.name,
})

/** `PeerAuthentication production/default`, as sentences name objects. */
export const nameOf = (object: ObjectRef): string =>
  object.namespace === undefined ? `${object.kind} ${object.name}` : `${object.kind} ${object.namespace}/${object.name}`

/** Oldest first; the same second is settled by name, then namespace (istio/istio pilot/pkg/model/config.go, sortConfigByCreationTime). */
export const byAge = (a: KubeObject, b: KubeObject): number => {
  const key = (object: KubeObject): string[] => [
    object.metadata.creationTimestamp ?? '',
    object.metadata.name,
    object.metadata.namespace ?? '',
  ]
  const [left, right] = [key(a), key(b)]
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return (left[i] ?? '') < (right[i] ?? '') ? -1 : 1
  return 0
}
