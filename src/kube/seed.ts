/** Putting a world into a cluster: its objects, and then waiting until its workloads run. */

import type { KubeObject } from './api.ts'
import { ApplyFailed, withLastApplied } from './apply.ts'
import { type Client, createClient } from './client.ts'
import { StatusError } from './errors.ts'
import type { Deployment, Pod } from './kinds.ts'

/** Kinds that others need to be there first. */
const isGround = ({ kind }: KubeObject): boolean => kind === 'Namespace' || kind === 'CustomResourceDefinition'

/**
 * Creates the objects in a fresh cluster as `kubectl apply` would leave them; ones that exist are applied. Throws
 * `ApplyFailed` when any is refused.
 */
export const seed = async (client: Client, objects: readonly KubeObject[], fieldManager?: string): Promise<void> => {
  const put = async (object: KubeObject): Promise<void> => {
    const resource = await client.resourceOf(object)
    const namespace = resource.namespaced ? (object.metadata.namespace ?? 'default') : undefined
    const placed = { ...object, metadata: { ...object.metadata, ...(namespace ? { namespace } : {}) } }
    try {
      await client.create(withLastApplied(placed), { fieldManager, fieldValidation: 'Strict' })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      if (error.reason === 'AlreadyExists') await client.apply([object], { fieldManager })
      else {
        const { apiVersion, kind, metadata } = placed
        const ref = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace }
        throw new ApplyFailed([{ ref, outcome: 'failed', error }])
      }
    }
  }
  await Promise.all(objects.filter(isGround).map(put))
  // ServiceAccounts, ConfigMaps and policies before what uses them, as the order of the list says.
  const rest = objects.filter((object) => !isGround(object))
  const workloads = rest.filter(({ kind }) => /^(Pod|Deployment|ReplicaSet|StatefulSet|DaemonSet|Job)$/.test(kind))
  await Promise.all(rest.filter((object) => !workloads.includes(object)).map(put))
  await Promise.all(workloads.map(put))
}

const isRolledOut = ({ metadata, spec, status = {} }: Deployment): boolean => {
  const wanted = spec.replicas ?? 1
  return (
    Number(status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    [status.replicas, status.updatedReplicas, status.readyReplicas].every((count) => Number(count ?? 0) === wanted)
  )
}

const isPodReady = ({ status }: Pod): boolean =>
  status?.phase === 'Succeeded' ||
  (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false)

/** Watches one kind until all of them are as they should be; rejects with what is not, after `timeout` milliseconds. */
const waitForAll = <T extends KubeObject>(
  client: Client,
  collection: { apiVersion: string; kind: string },
  isDone: (object: T) => boolean,
  { signal, timeout }: { signal?: AbortSignal; timeout: number },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const objects = new Map<string, T>()
    let synced = false
    const missing = (): string[] =>
      [...objects].filter(([, object]) => !isDone(object)).map(([name]) => `${collection.kind} ${name}`)
    const end = (finish: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      watch.stop()
      finish()
    }
    const look = (): void => {
      if (synced && missing().length === 0) end(resolve)
    }
    const onAbort = (): void => end(() => reject(signal?.reason))
    const timer = setTimeout(() => {
      const what = missing().join(', ') || collection.kind
      end(() => reject(new Error(`not ready after ${timeout / 1000} s: ${what}; look at it with "kubectl describe"`)))
    }, timeout)
    signal?.addEventListener('abort', onAbort)
    const watch = client.watch<T>(collection, {
      onEvent: ({ type, object }) => {
        const key = `${object.metadata.namespace}/${object.metadata.name}`
        if (type === 'DELETED') objects.delete(key)
        else objects.set(key, object)
        look()
      },
      onSync: () => {
        synced = true
        look()
      },
    })
    if (signal?.aborted) onAbort()
  })

export interface WaitOptions {
  /** Only these; absent: all. */
  namespaces?: ReadonlySet<string>
  signal?: AbortSignal
  /** Milliseconds. */
  timeout?: number
}

/** Resolves when every Deployment is rolled out and every Pod without a controller is ready. */
export const waitUntilReady = async (
  client: Client,
  { namespaces, signal, timeout = 60_000 }: WaitOptions = {},
): Promise<void> => {
  const isElsewhere = ({ metadata }: KubeObject): boolean => namespaces?.has(metadata.namespace ?? '') === false
  const isOwned = ({ metadata }: KubeObject): boolean => (metadata.ownerReferences?.length ?? 0) > 0
  const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' }
  const pods = { apiVersion: 'v1', kind: 'Pod' }
  await Promise.all([
    waitForAll<Deployment>(client, deployments, (each) => isElsewhere(each) || isRolledOut(each), { signal, timeout }),
    waitForAll<Pod>(client, pods, (pod) => isElsewhere(pod) || isOwned(pod) || isPodReady(pod), { signal, timeout }),
  ])
}

/** The marker of a cluster that may be changed: a ConfigMap that names the lab. */
export const labMarker = (lab: string, mesh: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'meshdojo-lab', namespace: 'kube-public', labels: { 'meshdojo.dev/lab': lab } },
  data: { lab, mesh },
})

/** Seeds a lab and waits for it, at most `timeout` milliseconds. */
export const seedLab = async (
  cluster: Client['cluster'],
  lab: { name: string; mesh: string; objects: readonly KubeObject[] },
  options: { signal?: AbortSignal; client?: Client; timeout?: number } = {},
): Promise<void> => {
  const client = options.client ?? createClient(cluster)
  await seed(client, [labMarker(lab.name, lab.mesh), ...lab.objects], 'meshdojo')
  const namespaces = new Set(lab.objects.map(({ metadata }) => metadata.namespace ?? 'default'))
  await waitUntilReady(client, { signal: options.signal, timeout: options.timeout, namespaces })
}
