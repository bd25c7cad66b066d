/**
 * The typed, in-process door to the embedded cluster's objects. HTTP verbs and controllers share it, so both meet the
 * same defaulting, validation, admission and resourceVersion rules. Everything is synchronous: one JavaScript turn is
 * the lock, so a read-check-write can never interleave. Refusals are thrown as `StatusError` (kube/errors.ts).
 *
 * Objects that come out are frozen and shared; `structuredClone` one before changing it.
 */
import type { KubeObject, WatchEvent } from '../kube/api.ts'
import type { User } from './apiserver/auth.ts'
import type { Kind } from './kinds/kind.ts'

/** A kind by group and plural: `{ group: 'apps', resource: 'deployments' }`. The group is empty for core. */
export interface GroupResource {
  group: string
  resource: string
}

export interface WriteOptions {
  fieldManager?: string
  /** Everything but storing and events. */
  dryRun?: boolean
  /** Write only this part; `status` leaves the rest as it is. */
  subresource?: 'status' | 'scale' | 'binding'
  /** Whose request it is, for admission; absent for what the control plane does itself. */
  user?: User
  /** Called for every admission or validation warning. */
  warn?: (text: string) => void
}

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun?: boolean
  /** Whose request it is, for admission. */
  user?: User
  warn?: (text: string) => void
}

export interface Registry {
  /** The latest resourceVersion, as a number. */
  readonly revision: number
  /** The revision of the kind's latest write, 0 before the first; costs nothing. Tells a cache whether it is current. */
  changed(kind: GroupResource): number

  get(kind: GroupResource, name: string, namespace?: string): KubeObject | undefined
  /** Sorted by namespace, then name. */
  list(kind: GroupResource, options?: { namespace?: string; where?: (object: KubeObject) => boolean }): KubeObject[]
  create(object: KubeObject, options?: WriteOptions): KubeObject
  /** Replaces. With `metadata.resourceVersion` it must match; without, the last write wins. A no-op makes no event. */
  update(object: KubeObject, options?: WriteOptions): KubeObject
  /**
   * Read-modify-write in one turn: `change` gets a clone and mutates it, or returns `false` to leave it.
   * Returns undefined when the object does not exist.
   */
  mutate(
    kind: GroupResource,
    name: string,
    namespace: string | undefined,
    change: (draft: KubeObject) => void | false,
    options?: WriteOptions,
  ): KubeObject | undefined
  /** The object as it is after the call (held by finalizers or grace), or undefined when it is gone. */
  delete(kind: GroupResource, name: string, namespace?: string, options?: DeleteOptions): KubeObject | undefined

  /**
   * Every change from now on, in order, called in a microtask after the write, never inside it.
   * With `replay`, first an ADDED for each existing object. Returns the function that stops it.
   */
  watch(
    kind: GroupResource,
    onEvent: (event: WatchEvent) => void,
    options?: { replay?: boolean; namespace?: string },
  ): () => void

  /** Every kind served now: the built-in ones, then those of established CRDs, one per group and resource (storage version). */
  kinds(): readonly Kind[]
  /** Like `watch`, for objects of every kind, those of later CRDs included. What the garbage collector lives on. */
  watchAll(onEvent: (event: WatchEvent, kind: Kind) => void, options?: { replay?: boolean }): () => void
}
