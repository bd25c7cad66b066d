/**
 * An object remembers ten writers besides appliers; the oldest beyond that become one entry per API version
 * (k8s.io/apimachinery pkg/util/managedfields/internal/capmanagers.go).
 */
import { fromFieldsV1, toFieldsV1, union } from './field-set.ts'
import type { Manager } from './managed-fields.ts'

const mostWriters = 10

export function withAncientChanges(managers: readonly Manager[]): Manager[] {
  const writers = managers.filter(({ operation }) => operation === 'Update')
  let excess = writers.length - mostWriters
  if (excess <= 0) return [...managers]
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const oldest = writers.sort((a, b) => order(a.time ?? '', b.time ?? '') || order(a.manager, b.manager))
  const kept = new Set(managers)
  // The first of a version waits for a second one: alone it would only change its name.
  const byVersion = new Map<string, Manager>()
  for (const writer of oldest) {
    if (excess === 0) break
    const first = byVersion.get(writer.apiVersion)
    if (!first) {
      byVersion.set(writer.apiVersion, writer)
      continue
    }
    const { apiVersion, time } = writer
    const fields = toFieldsV1(union(fromFieldsV1(first.fields), fromFieldsV1(writer.fields)))
    const merged: Manager = {
      manager: 'ancient-changes',
      operation: 'Update',
      apiVersion,
      ...(time ? { time } : {}),
      fields,
    }
    byVersion.set(apiVersion, merged)
    kept.delete(first)
    kept.delete(writer)
    kept.add(merged)
    excess--
  }
  return [...kept]
}
