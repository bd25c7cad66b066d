/**
 * `kubectl apply` as its client side does it: the last applied manifest is kept in an annotation, and a JSON merge patch
 * joins it with the manifest at hand and the live object. So a learner's own kubectl and this program can take turns on
 * the same object.
 *
 * Not modelled: kubectl sends a strategic merge patch for built-in kinds. Here a list that the manifest changed is
 * replaced whole, and one that it did not change is left alone, defaults included.
 */
import type { KubeObject, ObjectRef } from './api.ts'
import type { Client } from './client.ts'
import { StatusError } from './errors.ts'

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

export interface ApplyOptions {
  /** Who writes, in `managedFields`; default `meshdojo`. */
  fieldManager?: string
  signal?: AbortSignal
}

export interface ApplyResult {
  ref: ObjectRef
  outcome: 'created' | 'configured' | 'unchanged' | 'failed'
  /** The object as it is now; absent when it failed. */
  object?: KubeObject
  error?: StatusError
}

/** Some objects were refused. The message is the server's words, one object a line. */
export class ApplyFailed extends Error {
  override readonly name = 'ApplyFailed'
  readonly results: ApplyResult[]
  constructor(results: ApplyResult[]) {
    super(
      results
        .filter((result) => result.error)
        .map(
          ({ ref, error }) => `${ref.kind} ${ref.namespace ? `${ref.namespace}/` : ''}${ref.name}: ${error?.message}`,
        )
        .join('\n'),
    )
    this.results = results
  }
}

/** A JSON object whose values are looked at one by one. */
type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON with sorted keys, as Go writes maps: equal objects give equal text. */
const stableJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    isFields(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  ) ?? 'null'

/** Whether `live` has all that `wanted` says; more fields (a server's defaults) are fine, more list items are not. */
const covers = (live: unknown, wanted: unknown): boolean => {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) && live.length === wanted.length && wanted.every((item, index) => covers(live[index], item))
    )
  }
  if (isFields(wanted)) return isFields(live) && Object.keys(wanted).every((key) => covers(live[key], wanted[key]))
  return live === wanted || (wanted === null && live === undefined)
}

/**
 * The merge patch that brings `live` to `wanted`, deleting what `last` had and `wanted` has not, and leaving alone what
 * others have added. Undefined: nothing to do.
 */
export const threeWayPatch = (last: unknown, wanted: Fields, live: Fields): Fields | undefined => {
  const patch: Record<string, unknown> = {}
  const before = isFields(last) ? last : {}
  for (const key of Object.keys(before)) if (wanted[key] === undefined && live[key] !== undefined) patch[key] = null
  for (const [key, value] of Object.entries(wanted)) {
    if (value === undefined) continue
    const current = live[key]
    if (isFields(value) && isFields(current)) {
      const inner = threeWayPatch(before[key], value, current)
      if (inner) patch[key] = inner
    } else if (value === null) {
      if (current !== undefined) patch[key] = null
    } else if (!covers(current, value) || (Array.isArray(value) && isChanged(before[key], value, current))) {
      patch[key] = value
    }
  }
  return Object.keys(patch).length ? patch : undefined
}

/** A list whose manifest changed since it was last applied is sent, unless the live one is the very same. */
const isChanged = (last: unknown, wanted: unknown, live: unknown): boolean =>
  last !== undefined && stableJson(last) !== stableJson(wanted) && stableJson(live) !== stableJson(wanted)

/** The manifest with itself in the annotation, as kubectl writes it. */
export const withLastApplied = (object: KubeObject): KubeObject => {
  const { [lastAppliedAnnotation]: _, ...annotations } = object.metadata.annotations ?? {}
  const bare = { ...object, metadata: { ...object.metadata, annotations } }
  const text = `${stableJson(bare)}\n`
  return { ...bare, metadata: { ...bare.metadata, annotations: { ...annotations, [lastAppliedAnnotation]: text } } }
}

const lastApplied = (object: KubeObject): unknown => {
  const text = object.metadata.annotations?.[lastAppliedAnnotation]
  if (!text) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const applyOne = async (client: Client, object: KubeObject, options: ApplyOptions): Promise<ApplyResult> => {
  const resource = await client.resourceOf(object)
  const namespace = resource.namespaced ? (object.metadata.namespace ?? 'default') : undefined
  const { apiVersion, kind } = object
  const ref: ObjectRef = { apiVersion, kind, name: object.metadata.name, ...(namespace ? { namespace } : {}) }
  const placed = namespace ? { ...object, metadata: { ...object.metadata, namespace } } : object
  const wanted = withLastApplied(placed)
  const write = { fieldManager: options.fieldManager, fieldValidation: 'Strict' as const, signal: options.signal }

  // Twice, because somebody else may create it between the look and the create.
  for (let attempt = 0; ; attempt++) {
    const live = await client.find(ref)
    if (!live) {
      try {
        return { ref, outcome: 'created', object: await client.create(wanted, write) }
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'AlreadyExists' && attempt === 0) continue
        throw error
      }
    }
    const patch = threeWayPatch(lastApplied(live), wanted, live)
    if (!patch) return { ref, outcome: 'unchanged', object: live }
    const updated = await client.patch(ref, 'merge', patch, write)
    const same = updated.metadata.resourceVersion === live.metadata.resourceVersion
    return { ref, outcome: same ? 'unchanged' : 'configured', object: updated }
  }
}

/** Applies in order. Goes on after a refusal, then throws `ApplyFailed` with every result. */
export const applyAll = async (
  client: Client,
  objects: readonly KubeObject[],
  options: ApplyOptions = {},
): Promise<ApplyResult[]> => {
  const results: ApplyResult[] = []
  for (const object of objects) {
    try {
      results.push(await applyOne(client, object, options))
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      const { apiVersion, kind, metadata } = object
      results.push({
        ref: { apiVersion, kind, name: metadata.name, namespace: metadata.namespace },
        outcome: 'failed',
        error,
      })
    }
  }
  if (results.some(({ outcome }) => outcome === 'failed')) throw new ApplyFailed(results)
  return results
}
