/**
 * A cluster's contents as text, and back: what `etcdctl snapshot save` and `restore` are to a real one. The build keeps
 * each lab as it is once its workloads run, so that a learner's cluster starts there instead of rolling everything out.
 *
 * A snapshot is taken of a cluster under `snapshotClock`. When it is restored, its times and revisions are written anew:
 * everything in it happened now. Names, uids and addresses stay as they were.
 */
import type { KubeObject } from '../kube/api.ts'
import type { Mesh, MeshTrust } from '../meshes/mesh.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Authority } from './pki/certificates.ts'
import { revisionFromTime, type Store } from './store.ts'

/** In no lab's manifest, so that a text which starts with it is a time that the cluster wrote. */
const instant = '2999-01-01T00:00:00'

/** Timers run, and it is always the same second. */
export const snapshotClock: Clock = { now: () => Date.parse(`${instant}Z`), after: systemClock.after }

const firstRevision = revisionFromTime(snapshotClock.now())
/** Milliseconds of whole days: the last five digits of the first revision are zeros, enough for any lab's writes. */
const revisions = new RegExp(`"${String(firstRevision).slice(0, -5)}\\d{5}"`, 'g')

type Entry = readonly [bucket: string, key: string, object: KubeObject]

/** Where a cluster goes on from. */
export interface Saved {
  entries: readonly Entry[]
  revision: number
  /** The CA that the objects name; absent: the cluster makes one, and writes it into them. */
  authority?: Authority
}

/** The contents of a cluster under `snapshotClock`, but for keys and certificates that every cluster makes for itself. */
export const saveSnapshot = (store: Store, mesh?: Mesh): string => {
  const own = new Set(mesh?.trust ? ownKeys(mesh.trust) : [])
  return JSON.stringify([...store.contents()].filter(([bucket, key]) => !own.has(`${bucket} ${key}`)))
}

const ownKeys = (trust: MeshTrust): string[] =>
  trust.kind === 'published'
    ? [`/secrets ${trust.namespace}/${trust.ownSecret}`]
    : [
        `/secrets ${trust.namespace}/${trust.issuer.secret}`,
        `/configmaps ${trust.namespace}/${trust.anchors.configMap}`,
        ...trust.webhooks.map(({ secret }) => `/secrets ${trust.namespace}/${secret}`),
      ]

/** The contents as objects of now. @param now RFC 3339 @param revision the highest one that is taken */
export const readSnapshot = (text: string, now: string, revision: number): Saved => {
  let last = revision
  const current = text.replaceAll(instant, now.slice(0, instant.length)).replace(revisions, (quoted) => {
    const moved = revision + Number(quoted.slice(1, -1)) - firstRevision
    if (moved > last) last = moved
    return `"${moved}"`
  })
  return { entries: JSON.parse(current) as Entry[], revision: last }
}
