/** Waits until a change has arrived: rollouts are through, and no pod is coming or going. */

import type { Client } from '../kube/client.ts'
import type { Deployment, Pod } from '../kube/kinds.ts'
import { isReady } from '../meshes/network.ts'

export interface SettleOptions {
  /** Milliseconds until it gives up. */
  timeout?: number
  signal?: AbortSignal
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** Why the Deployment is not there yet; undefined when it is. */
const unsettledDeployment = ({ metadata, spec, status = {} }: Deployment): string | undefined => {
  const wanted = spec.replicas ?? 1
  const name = `Deployment ${metadata.namespace}/${metadata.name}`
  if (number(status.observedGeneration) < number(metadata.generation)) return `${name} has not been looked at`
  if (number(status.updatedReplicas) < wanted)
    return `${name} has ${number(status.updatedReplicas)} of ${wanted} new pods`
  if (number(status.replicas) > wanted) return `${name} still has old pods`
  if (number(status.availableReplicas) < wanted) return `${name} has pods that are not available`
  return undefined
}

const unsettledPod = (pod: Pod): string | undefined => {
  const name = `pod ${pod.metadata.namespace}/${pod.metadata.name}`
  if (pod.metadata.deletionTimestamp !== undefined) return `${name} is being deleted`
  const phase = pod.status?.phase
  return isReady(pod) || phase === 'Succeeded' || phase === 'Failed' ? undefined : `${name} is not ready`
}

/** What is still moving in these namespaces; empty when nothing is. */
export const unsettled = async (client: Client, namespaces: readonly string[]): Promise<string[]> => {
  const within = async (namespace: string): Promise<string[]> => {
    const [deployments, pods] = await Promise.all([
      client.list<Deployment>({ group: 'apps', version: 'v1', resource: 'deployments' }, { namespace }),
      client.list<Pod>({ group: '', version: 'v1', resource: 'pods' }, { namespace }),
    ])
    const found = [...deployments.items.map(unsettledDeployment), ...pods.items.map(unsettledPod)]
    return found.filter((each) => each !== undefined)
  }
  return (await Promise.all(namespaces.map(within))).flat()
}

/** Resolves when nothing moves any more; rejects with what still does when the time is over. */
export const settle = async (
  client: Client,
  namespaces: readonly string[],
  { timeout = 60_000, signal }: SettleOptions = {},
): Promise<void> => {
  const end = Date.now() + timeout
  for (let pause = 2; ; pause = Math.min(pause * 2, 500)) {
    const moving = await unsettled(client, namespaces)
    if (moving.length === 0) return
    signal?.throwIfAborted()
    if (Date.now() > end) throw new Error(`not settled after ${Math.round(timeout / 1000)} s: ${moving.join('; ')}`)
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}
