/** Takes a change back: the objects it names as they were before, or not there at all. */
import type { KubeObject, ObjectRef } from '../kube/api.ts'
import type { Client } from '../kube/client.ts'
import { parseManifests } from '../kube/manifests.ts'
import { partsOf } from './change.ts'
import type { Change } from './schema.ts'

/** Kinds whose change makes pods anew: putting the object back would not bring the old pods back. */
const movesPods = new Set(['Deployment', 'Namespace', 'Pod', 'ServiceAccount', 'StatefulSet', 'DaemonSet'])

const refOf = ({ apiVersion, kind, metadata }: KubeObject): ObjectRef => ({
  apiVersion,
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
})

const withoutServerFields = (object: KubeObject): KubeObject => {
  const {
    resourceVersion: _,
    uid: __,
    creationTimestamp: ___,
    generation: ____,
    managedFields: _____,
    ...metadata
  } = object.metadata
  const { status: ______, ...rest } = object
  return { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata }
}

/** An update has to name the version it replaces. */
const withVersion = (object: KubeObject, live: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: live.metadata.resourceVersion },
})

/**
 * Remembers what a change is about to touch. The function it gives puts that back and says whether it could; false
 * means that only a fresh cluster is as it was.
 */
export const takeSnapshot = async (client: Client, change: Change): Promise<() => Promise<boolean>> => {
  const { apply, delete: removed, run } = partsOf(change)
  const named = [apply, removed].flatMap((text) => (text === undefined ? [] : parseManifests(text).objects))
  const objects = named.map(({ object }) => object)
  if (run !== undefined || objects.some(({ kind }) => movesPods.has(kind))) return async () => false
  const before = new Map<ObjectRef, KubeObject | undefined>()
  for (const object of objects) {
    const ref = refOf(object)
    before.set(ref, await client.find(ref))
  }
  return async () => {
    try {
      for (const [ref, object] of before) {
        const live = await client.find(ref)
        if (object === undefined) await client.delete(ref)
        else if (live === undefined) await client.create(withoutServerFields(object))
        else await client.replace(withVersion(withoutServerFields(object), live))
      }
      return true
    } catch {
      return false
    }
  }
}
