/**
 * What a model had worked out that still holds after a change of policies. Each memory names what it is made of; a change
 * of anything but AuthorizationPolicies, RequestAuthentications and PeerAuthentications forgets all of it.
 */
import type { Pod } from '../../kube/kinds.ts'
import { hasLabels } from '../match/labels.ts'
import type { AuthorizationPolicy } from './authorization-policy.ts'
import { type Callers, noCallers } from './callers.ts'
import type { RequestAuthentication } from './jwt/rules.ts'
import type { PeerAuthentication } from './peer-authentication.ts'
import type { Guard, Receiver } from './receiver.ts'
import { type Doors, keepWays, type Way } from './ways.ts'

/** It never changes an answer. */
export interface Memory {
  /** Of no policies. */
  callers: Callers
  /** Of the AuthorizationPolicies and RequestAuthentications that select the pod. */
  guards: Map<Pod, Guard>
  /** Of the same, and of the PeerAuthentications of its namespace and the root namespace. */
  receivers: Map<Pod, Receiver>
  /** Of the same, and of the PeerAuthentications of the namespace of the Service that was asked for. */
  doors: Doors
}

export const emptyMemory = (callerLabels: readonly string[]): Memory => ({
  callers: noCallers(callerLabels),
  guards: new Map(),
  receivers: new Map(),
  doors: new Map(),
})

/** Policies that are there before or after a change and not both. */
export interface PolicyChange {
  guards: readonly (AuthorizationPolicy | RequestAuthentication)[]
  peers: readonly PeerAuthentication[]
}

const without = <T>(known: ReadonlyMap<Pod, T>, isOld: (pod: Pod) => boolean): Map<Pod, T> =>
  new Map([...known].filter(([pod]) => !isOld(pod)))

export const remember = (memory: Memory, { guards, peers }: PolicyChange, root: string): Memory => {
  const isGuarded = (pod: Pod): boolean =>
    guards.some(({ object, labels }) => {
      const home = object.metadata.namespace
      return (home === root || home === pod.metadata.namespace) && hasLabels(labels, pod.metadata.labels)
    })
  const homes = new Set(peers.map(({ object }) => object.metadata.namespace ?? ''))
  const isPeered = (namespace = ''): boolean => homes.has(root) || homes.has(namespace)
  const isOld = (pod: Pod): boolean => isPeered(pod.metadata.namespace) || isGuarded(pod)
  const concerns = (pod: Pod, { sent }: Way): boolean =>
    isOld(pod) || (sent?.cluster !== undefined && isPeered(sent.cluster.service.namespace))
  return {
    callers: memory.callers,
    guards: without(memory.guards, isGuarded),
    receivers: without(memory.receivers, isOld),
    doors: keepWays(memory.doors, (pod) => peers.length === 0 && !isGuarded(pod), concerns),
  }
}
