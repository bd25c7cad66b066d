/** Puts the learner's work back into a fresh lab. */
import type { KubeObject } from '../kube/api.ts'
import type { Client } from '../kube/client.ts'
import { StatusError } from '../kube/errors.ts'
import type { Pod } from '../kube/kinds.ts'
import { waitUntilReady } from '../kube/seed.ts'
import type { Mesh } from '../meshes/mesh.ts'
import { workloadOf } from '../meshes/workloads.ts'
import { nameOf, refOf, type Work } from './work.ts'

/** Workloads of which every pod is in the mesh. */
export const meshedWorkloads = (pods: readonly KubeObject[], mesh: Mesh | undefined): string[] => {
  if (!mesh) return []
  const meshed = new Map<string, boolean>()
  for (const pod of pods as readonly Pod[]) {
    const workload = workloadOf(pod)
    meshed.set(workload, (meshed.get(workload) ?? true) && mesh.isMeshed(pod))
  }
  return [...meshed].filter(([, all]) => all).map(([workload]) => workload)
}

/** What a replaced object must keep of the live one. */
const placeOver = (live: KubeObject, object: KubeObject): KubeObject => {
  const placed = { ...object, metadata: { ...object.metadata, resourceVersion: live.metadata.resourceVersion } }
  if (object.kind !== 'Service') return placed
  const { clusterIP, clusterIPs } = live.spec as { clusterIP?: string; clusterIPs?: string[] }
  return { ...placed, spec: { clusterIP, clusterIPs, ...(object.spec as object) } }
}

/**
 * Creates, replaces and deletes until the lab has the learner's objects, and has pods made again where they were in the
 * mesh or out of it by the time they were made. Returns what could not be put back, in the server's words.
 */
export const restoreWork = async (
  client: Client,
  work: Work,
  mesh: Mesh | undefined,
  signal?: AbortSignal,
): Promise<string[]> => {
  if (work.present.length + work.absent.length === 0) return []
  const refused: string[] = []
  const attempt = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    signal?.throwIfAborted()
    try {
      await act()
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      refused.push(`${what}: ${error.message}`)
    }
  }
  for (const object of work.present) {
    await attempt(nameOf(object), async () => {
      const live = await client.find(refOf(object))
      if (live) await client.replace(placeOver(live, object))
      else await client.create(object)
    })
  }
  for (const ref of work.absent) await attempt(`${ref.kind} ${ref.name}`, () => client.delete(ref))
  await waitUntilReady(client, { signal })

  const { items: pods } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { signal })
  const wanted = new Set(work.meshed)
  const stale = mesh ? pods.filter((pod) => isStray(pod, mesh, wanted)) : []
  for (const pod of stale) await attempt(nameOf(pod), () => client.delete(refOf(pod), { gracePeriodSeconds: 0 }))
  if (stale.length) await waitUntilReady(client, { signal })
  return refused
}

/** In the mesh though its workload was not, or the other way round; only pods that a controller makes again. */
const isStray = (pod: Pod, mesh: Mesh, wanted: Set<string>): boolean =>
  (pod.metadata.ownerReferences?.length ?? 0) > 0 && wanted.has(workloadOf(pod)) && !mesh.isMeshed(pod)
