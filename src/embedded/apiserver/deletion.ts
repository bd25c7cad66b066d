/**
 * What a DELETE makes of an object before anything is removed: preconditions, finalizers of the propagation policy,
 * grace (k8s.io/apiserver/pkg/registry/rest/delete.go and registry/generic/registry/store.go).
 */

import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import type { Kind } from '../kinds/kind.ts'
import type { DeleteOptions } from '../registry.ts'
import { cloneJson } from './equality.ts'
import { failure } from './errors.ts'
import { namespaceFinalizers } from './namespaces.ts'

const foreground = 'foregroundDeletion'
const orphan = 'orphan'
const defaultPodGrace = 30

/**
 * The object marked as being deleted, or undefined when nothing holds it and it can go at once.
 * `now` in milliseconds. Throws a Conflict when a precondition fails.
 */
export function deletionOf(kind: Kind, old: KubeObject, options: DeleteOptions, now: number): KubeObject | undefined {
  checkPreconditions(kind, old, options.preconditions)
  const grace = kind.graceful ? podGrace(old as Pod, options.gracePeriodSeconds) : 0
  const finalizers = finalizersFor(old.metadata.finalizers ?? [], options.propagationPolicy)
  const isNamespace = kind.group === '' && kind.resource === 'namespaces'
  if (grace === 0 && finalizers.length === 0 && !(isNamespace && namespaceFinalizers(old).length > 0)) return undefined

  const draft = cloneJson(old)
  const { metadata } = draft
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
  const seconds = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = seconds(now + grace * 1000)
    metadata.deletionGracePeriodSeconds = grace
    if (metadata.generation) metadata.generation += 1
  } else if (grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    // A second delete may only shorten the grace, counted from the first one.
    const started = Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000
    metadata.deletionTimestamp = seconds(started + grace * 1000)
    metadata.deletionGracePeriodSeconds = grace
  }
  if (isNamespace) draft.status = { ...(draft.status as object | undefined), phase: 'Terminating' }
  return draft
}

/** Seconds. Nothing waits for a pod that no node runs. */
function podGrace(pod: Pod, asked: number | undefined): number {
  const phase = pod.status?.phase
  if (!pod.spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0
  const grace = asked ?? (pod.spec.terminationGracePeriodSeconds as number | undefined) ?? defaultPodGrace
  return grace < 0 ? 1 : grace
}

function finalizersFor(current: readonly string[], policy: DeleteOptions['propagationPolicy']): string[] {
  if (policy === undefined) return [...current]
  const others = current.filter((name) => name !== foreground && name !== orphan)
  if (policy === 'Foreground') return [...others, foreground]
  return policy === 'Orphan' ? [...others, orphan] : others
}

function checkPreconditions(kind: Kind, old: KubeObject, wanted: DeleteOptions['preconditions'] = {}): void {
  const { uid, resourceVersion } = old.metadata
  const refuse = (because: string) =>
    failure(409, 'Conflict', `Operation cannot be fulfilled on ${kind.kind} "${old.metadata.name}": ${because}`, {
      name: old.metadata.name,
      ...(kind.group ? { group: kind.group } : {}),
      kind: kind.kind,
    })
  if (wanted.uid !== undefined && wanted.uid !== uid)
    throw refuse(
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    )
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion)
    throw refuse(
      `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    )
}
