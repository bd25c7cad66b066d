/**
 * The cluster's objects, kept current by watches: what the engine reads, and what a learner writes. So a change is known
 * at once, and grading after it needs no listing.
 */
import { coreReads } from '../grading/world.ts'
import type { KubeObject, ResourceRef, WatchEvent } from '../kube/api.ts'
import type { Client } from '../kube/client.ts'
import { ClusterUnreachable, StatusError } from '../kube/errors.ts'
import type { Mesh } from '../meshes/mesh.ts'
import { fingerprint, isAuthored, keyOf } from './work.ts'

export interface Change {
  type: 'created' | 'changed' | 'deleted'
  object: KubeObject
  /** Written by a person, as far as one can tell; pods of a Deployment and the like are not. */
  authored: boolean
}

export interface Live {
  /** Everything watched, as it is now. */
  objects(): KubeObject[]
  /**
   * Takes in objects that this program has just written, before the watches tell of them; resolves once it has. So what
   * is known never lags behind what was applied. Kinds that are not watched are left out.
   */
  wrote(objects: readonly KubeObject[]): Promise<void>
  /** Resolves when everything that was there has been read. */
  synced: Promise<void>
  stop(): void
}

export interface LiveOptions {
  client: Client
  mesh?: Mesh
  onChange: (change: Change) => void
  /** The cluster does not answer. Watching goes on. */
  onLost?: (error: ClusterUnreachable) => void
}

/** What people write in these labs besides what deciding needs. */
const alsoWatched: readonly ResourceRef[] = [
  { group: 'apps', version: 'v1', resource: 'deployments' },
  { group: '', version: 'v1', resource: 'serviceaccounts' },
  { group: '', version: 'v1', resource: 'configmaps' },
  { group: '', version: 'v1', resource: 'secrets' },
  { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' },
]

/** Resource versions of one cluster are numbers that grow, in etcd as here. */
const versionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion ?? 0)

const words = { ADDED: 'created', MODIFIED: 'changed', DELETED: 'deleted' } as const

export const watchCluster = ({ client, mesh, onChange, onLost }: LiveOptions): Live => {
  const objects = new Map<string, KubeObject>()
  const prints = new Map<string, string>()
  let allSynced = false

  const hear = ({ type, object }: WatchEvent): void => {
    if (type === 'BOOKMARK' || type === 'ERROR') return
    const key = keyOf(object)
    const authored = isAuthored(object)
    const print = authored && type !== 'DELETED' ? fingerprint(object) : undefined
    const same = print !== undefined && prints.get(key) === print
    if (type === 'DELETED') objects.delete(key)
    else objects.set(key, object)
    if (print === undefined) prints.delete(key)
    else prints.set(key, print)
    // A status that moves, a leader that renews its claim: nothing that a person did, nothing that decides.
    const isNews = type === 'DELETED' || !same || object.kind === 'Pod'
    if (allSynced && isNews) onChange({ type: words[type], object, authored: authored && !same })
  }

  const collections = [...coreReads, ...(mesh?.reads ?? []), ...alsoWatched]
  const distinct = new Map(collections.map((ref) => [`${ref.group}/${ref.resource}`, ref]))
  const watches = [...distinct.values()].map((ref) => {
    let settle: () => void = () => {}
    const settled = new Promise<void>((resolve) => {
      settle = resolve
    })
    const watch = client.watch(ref, {
      onEvent: hear,
      onSync: () => settle(),
      onError: (error) => {
        // A kind that the cluster does not serve, or that may not be read, counts as empty.
        if (error instanceof StatusError) settle()
        else if (error instanceof ClusterUnreachable) {
          settle()
          onLost?.(error)
        }
      },
    })
    return { settled, stop: () => watch.stop() }
  })
  const takeIn = async (object: KubeObject): Promise<void> => {
    const { group, resource } = await client.resourceOf(object)
    if (!distinct.has(`${group}/${resource}`)) return
    const known = objects.get(keyOf(object))
    // The watch was faster, and perhaps somebody else has written since.
    if (known && versionOf(known) >= versionOf(object)) return
    hear({ type: known ? 'MODIFIED' : 'ADDED', object })
  }
  return {
    objects: () => [...objects.values()],
    wrote: async (written) => {
      for (const object of written) await takeIn(object)
    },
    synced: Promise.all(watches.map(({ settled }) => settled)).then(() => {
      allSynced = true
    }),
    stop: () => {
      for (const watch of watches) watch.stop()
    },
  }
}
