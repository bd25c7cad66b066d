/** Which pods people mean by `namespace/name`: a pod, what owns it, or its app label. */
import type { Pod } from '../kube/kinds.ts'
import { isReady, type World } from './world.ts'

/** The name of what made the pod: the Deployment behind its ReplicaSet, another controller, or the pod itself. */
export const ownerName = (pod: Pod): string => {
  const owners = pod.metadata.ownerReferences ?? []
  const owner = owners.find((reference) => reference.controller) ?? owners[0]
  if (owner === undefined) return pod.metadata.name
  const hash = pod.metadata.labels?.['pod-template-hash']
  if (owner.kind === 'ReplicaSet' && hash && owner.name.endsWith(`-${hash}`))
    return owner.name.slice(0, -hash.length - 1)
  return owner.name
}

/** `namespace/name` of the workload that a pod belongs to, as people and scenario files write it; a host's name outside. */
export const workloadOf = (pod: Pod): string =>
  pod.metadata.namespace === undefined ? pod.metadata.name : `${pod.metadata.namespace}/${ownerName(pod)}`

const matchers: ((pod: Pod, name: string) => boolean)[] = [
  (pod, name) => pod.metadata.name === name,
  (pod, name) => ownerName(pod) === name,
  (pod, name) => (pod.metadata.ownerReferences ?? []).some((reference) => reference.name === name),
  (pod, name) => pod.metadata.labels?.app === name,
  (pod, name) => pod.metadata.labels?.['app.kubernetes.io/name'] === name,
]

const preference = (pod: Pod): number => {
  if (isReady(pod)) return 0
  if (pod.metadata.deletionTimestamp !== undefined) return 3
  return pod.status?.phase === 'Running' ? 1 : 2
}

/**
 * The pods that `namespace/name` means, ready ones first, then by name. The first way of naming that finds any wins:
 * pod, Deployment (or other controller), ReplicaSet, `app` label, `app.kubernetes.io/name` label.
 */
export const findWorkloadPods = (world: World, workload: string): Pod[] => {
  const slash = workload.indexOf('/')
  const namespace = workload.slice(0, Math.max(slash, 0))
  const name = workload.slice(slash + 1)
  const candidates = [...world.pods.values()].filter((pod) => pod.metadata.namespace === namespace)
  for (const matches of matchers) {
    const found = candidates.filter((pod) => matches(pod, name))
    if (found.length > 0)
      return found.sort((a, b) => preference(a) - preference(b) || (a.metadata.name < b.metadata.name ? -1 : 1))
  }
  return []
}

/** The pod that speaks for `namespace/name`, or undefined when there is none. */
export const findWorkload = (world: World, workload: string): Pod | undefined => findWorkloadPods(world, workload)[0]
