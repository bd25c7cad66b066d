/** What a controller is, and the few things that nearly all of them do. */
import type { KubeObject, OwnerReference } from '../../kube/api.ts'
import type { Clock } from '../clock.ts'
import type { GroupResource, Registry, WriteOptions } from '../registry.ts'
import type { WorkQueue } from './queue.ts'

export interface ControllerParts {
  registry: Registry
  clock: Clock
  /** PEM of the cluster's CA, for `kube-root-ca.crt` in every namespace. */
  caCertificate?: string
}

/** A controller: starts, and gives the function that stops it. */
export type Controller = (parts: ControllerParts) => () => void

export const resources = {
  controllerRevisions: { group: 'apps', resource: 'controllerrevisions' },
  daemonSets: { group: 'apps', resource: 'daemonsets' },
  deployments: { group: 'apps', resource: 'deployments' },
  endpointSlices: { group: 'discovery.k8s.io', resource: 'endpointslices' },
  endpoints: { group: '', resource: 'endpoints' },
  events: { group: '', resource: 'events' },
  jobs: { group: 'batch', resource: 'jobs' },
  namespaces: { group: '', resource: 'namespaces' },
  nodes: { group: '', resource: 'nodes' },
  pods: { group: '', resource: 'pods' },
  replicaSets: { group: 'apps', resource: 'replicasets' },
  services: { group: '', resource: 'services' },
  statefulSets: { group: 'apps', resource: 'statefulsets' },
} as const satisfies Record<string, GroupResource>

/** Who wrote it, for managedFields. */
export const asManager: WriteOptions = { fieldManager: 'kube-controller-manager' }
export const asManagerStatus: WriteOptions = { ...asManager, subresource: 'status' }

/** Ends watches and a queue together. */
export const stopAll =
  (queue: WorkQueue, ...watches: (() => void)[]) =>
  () => {
    for (const stop of watches) stop()
    queue.stop()
  }

/** The reference that makes `owner` the controller of what carries it. */
export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(({ controller }) => controller)

/**
 * The objects of a kind that `owner` controls. Orphans that match are adopted first, and controlled ones that match no
 * longer are let go, as client-go's ControllerRefManager does; an owner that is being deleted does neither.
 */
export const claim = <T extends KubeObject>(
  registry: Registry,
  kind: GroupResource,
  owner: KubeObject,
  matches: (object: KubeObject) => boolean,
): T[] => {
  const { namespace, uid, deletionTimestamp } = owner.metadata
  const claimed: KubeObject[] = []
  for (const object of registry.list(kind, { namespace })) {
    const controller = controllerOf(object)
    const isMine = controller?.uid === uid
    if (!isMine && (controller || deletionTimestamp || object.metadata.deletionTimestamp || !matches(object))) continue
    if (isMine && (deletionTimestamp || matches(object))) claimed.push(object)
    else {
      const change = (draft: KubeObject) => {
        const others = (draft.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid)
        draft.metadata.ownerReferences = isMine ? others : [...others, controllerReference(owner)]
      }
      const changed = registry.mutate(kind, object.metadata.name, namespace, change, asManager)
      if (changed && !isMine) claimed.push(changed)
    }
  }
  return claimed as T[]
}
