/**
 * Deletes what has lost all its owners, and carries out foreground and orphan deletion. Follows
 * k8s.io/kubernetes/pkg/controller/garbagecollector, with the whole object graph at hand instead of lookups.
 */
import type { KubeObject, OwnerReference } from '../../kube/api.ts'
import type { GroupResource } from '../registry.ts'
import { asManager, type Controller, stopAll } from './controller.ts'
import { eventRecorder } from './events.ts'
import { workQueue } from './queue.ts'

const foreground = 'foregroundDeletion'
const orphan = 'orphan'

interface Node {
  kind: GroupResource
  object: KubeObject
}

/** Objects by uid, and from each owner's uid to those who name it. */
const createGraph = () => {
  const nodes = new Map<string, Node>()
  const dependents = new Map<string, Set<string>>()
  const ownersOf = (uid: string): OwnerReference[] => nodes.get(uid)?.object.metadata.ownerReferences ?? []
  const unlink = (uid: string) => {
    for (const owner of ownersOf(uid)) {
      const named = dependents.get(owner.uid)
      named?.delete(uid)
      if (named?.size === 0) dependents.delete(owner.uid)
    }
  }
  return {
    get: (uid: string) => nodes.get(uid),
    put: (uid: string, node: Node) => {
      unlink(uid)
      nodes.set(uid, node)
      for (const owner of ownersOf(uid)) {
        const named = dependents.get(owner.uid) ?? new Set()
        dependents.set(owner.uid, named.add(uid))
      }
    },
    remove: (uid: string) => {
      unlink(uid)
      nodes.delete(uid)
    },
    dependents: (uid: string): string[] => [...(dependents.get(uid) ?? [])],
  }
}

const isWaiting = ({ metadata }: KubeObject, finalizer: string): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(finalizer)

export const garbageCollector: Controller = ({ registry, clock }) => {
  const graph = createGraph()
  const events = eventRecorder({ registry, clock, component: 'garbage-collector-controller' })

  const change = ({ kind, object }: Node, edit: (draft: KubeObject) => void | false) =>
    registry.mutate(kind, object.metadata.name, object.metadata.namespace, edit, asManager)

  const dropFinalizer = (node: Node, finalizer: string) =>
    change(node, ({ metadata }) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((other) => other !== finalizer)
      if (metadata.finalizers.length === 0) delete metadata.finalizers
    })

  const dropOwners = (node: Node, uids: Set<string>) =>
    change(node, ({ metadata }) => {
      metadata.ownerReferences = (metadata.ownerReferences ?? []).filter(({ uid }) => !uids.has(uid))
      if (metadata.ownerReferences.length === 0) delete metadata.ownerReferences
    })

  /** Frees the dependents of an owner that is deleted without them. */
  const releaseDependents = (uid: string, node: Node) => {
    for (const dependent of graph.dependents(uid)) {
      const found = graph.get(dependent)
      if (found) dropOwners(found, new Set([uid]))
    }
    dropFinalizer(node, orphan)
  }

  /** Lets an owner go once nothing that blocks it is left; until then its dependents are looked at again. */
  const awaitDependents = (uid: string, node: Node) => {
    const blocking = graph.dependents(uid).filter((dependent) => {
      queue.add(dependent)
      const references = graph.get(dependent)?.object.metadata.ownerReferences ?? []
      return references.some((owner) => owner.uid === uid && owner.blockOwnerDeletion)
    })
    if (blocking.length === 0) dropFinalizer(node, foreground)
  }

  /** An owner is there when its uid is, in the same namespace or in none. */
  const ownerOf = (node: Node, { uid }: OwnerReference): KubeObject | undefined => {
    const owner = graph.get(uid)?.object
    const { namespace } = owner?.metadata ?? {}
    if (!owner || namespace === undefined || namespace === node.object.metadata.namespace) return owner
    const says = `ownerRef [${owner.apiVersion}/${owner.kind}, namespace: ${node.object.metadata.namespace ?? ''}, name: ${owner.metadata.name}, uid: ${uid}] does not exist in namespace "${node.object.metadata.namespace ?? ''}"`
    events.record(node.object, { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message: says })
    return undefined
  }

  const collect = (uid: string, node: Node) => {
    const references = node.object.metadata.ownerReferences ?? []
    if (references.length === 0 || node.object.metadata.deletionTimestamp) return
    const owners = references.map((reference) => ({ reference, owner: ownerOf(node, reference) }))
    const gone = owners.filter(({ owner }) => !owner || isWaiting(owner, foreground))
    if (gone.length < owners.length) {
      if (gone.length > 0) dropOwners(node, new Set(gone.map(({ reference }) => reference.uid)))
      return
    }
    const awaited = owners.some(({ owner }) => owner)
    const inForeground = awaited && graph.dependents(uid).length > 0
    const { name, namespace } = node.object.metadata
    registry.delete(node.kind, name, namespace, {
      preconditions: { uid },
      propagationPolicy: inForeground ? 'Foreground' : 'Background',
    })
  }

  const queue = workQueue(clock, (uid) => {
    const node = graph.get(uid)
    if (!node) return
    if (isWaiting(node.object, orphan)) releaseDependents(uid, node)
    else if (isWaiting(node.object, foreground)) awaitDependents(uid, node)
    else collect(uid, node)
  })

  const onEvent = (type: string, kind: GroupResource, object: KubeObject) => {
    const { uid, ownerReferences = [], deletionTimestamp } = object.metadata
    if (!uid) return
    const before = graph.get(uid)?.object.metadata.ownerReferences ?? []
    if (type === 'DELETED') {
      graph.remove(uid)
      for (const dependent of graph.dependents(uid)) queue.add(dependent)
    } else {
      graph.put(uid, { kind, object })
      if (ownerReferences.length > 0 || deletionTimestamp) queue.add(uid)
    }
    // An owner in foreground deletion waits for exactly this.
    for (const owner of [...before, ...ownerReferences]) {
      const waits = graph.get(owner.uid)?.object
      if (waits && isWaiting(waits, foreground)) queue.add(owner.uid)
    }
  }

  return stopAll(
    queue,
    registry.watchAll(({ type, object }, kind) => onEvent(type, kind, object), { replay: true }),
  )
}
