/** Waits until a change has arrived: rollouts are through, no pod comes or goes, Services lead to the pods there are. */
import type { KubeObject } from '../kube/api.ts'
import type { Client } from '../kube/client.ts'
import type { Deployment, Pod, Service } from '../kube/kinds.ts'
import { buildWorld, isReady } from '../meshes/network.ts'

/** A clock to wait on: the cluster's own, where that is not the real one. */
export interface WaitingClock {
  /** Milliseconds. */
  now(): number
  after(milliseconds: number, callback: () => void): unknown
}

const realTime: WaitingClock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => setTimeout(callback, milliseconds),
}

export interface SettleOptions {
  clock?: WaitingClock
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

/** Services whose EndpointSlices are not yet what their selector and the ready pods say. */
const unsettledServices = (services: Service[], slices: KubeObject[], pods: Pod[]): string[] => {
  const addresses = (objects: KubeObject[], key: string): string =>
    (buildWorld(objects).endpoints.get(key) ?? [])
      .filter(({ ready }) => ready)
      .map(({ address, port, portName }) => `${address}:${port} ${portName}`)
      .sort()
      .join()
  return services.flatMap((service) => {
    const key = `${service.metadata.namespace}/${service.metadata.name}`
    if (!service.spec.selector) return []
    const wanted = addresses([service, ...pods], key)
    const own = slices.filter(
      ({ metadata }) =>
        metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name &&
        // Not one of a Service of that name that was there before.
        (metadata.ownerReferences ?? []).every(({ uid }) => uid === service.metadata.uid),
    )
    const found = own.length === 0 ? '' : addresses([service, ...pods, ...own], key)
    return wanted === found ? [] : [`Service ${key} does not lead to its pods`]
  })
}

/** What is still moving in these namespaces; empty when nothing is. */
const unsettled = async (client: Client, namespaces: readonly string[]): Promise<string[]> => {
  const within = async (namespace: string): Promise<string[]> => {
    const [deployments, pods, services, slices] = await Promise.all([
      client.list<Deployment>({ group: 'apps', version: 'v1', resource: 'deployments' }, { namespace }),
      client.list<Pod>({ group: '', version: 'v1', resource: 'pods' }, { namespace }),
      client.list<Service>({ group: '', version: 'v1', resource: 'services' }, { namespace }),
      client.list({ group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' }, { namespace }),
    ])
    const found = [
      ...deployments.items.map(unsettledDeployment),
      ...pods.items.map(unsettledPod),
      ...unsettledServices(services.items, slices.items, pods.items),
    ]
    return found.filter((each) => each !== undefined)
  }
  return (await Promise.all(namespaces.map(within))).flat()
}

/** Resolves when nothing moves any more; rejects with what still does when the time is over. */
export const settle = async (
  client: Client,
  namespaces: readonly string[],
  { timeout = 60_000, signal, clock = realTime }: SettleOptions = {},
): Promise<void> => {
  const end = clock.now() + timeout
  for (let pause = 2; ; pause = Math.min(pause * 2, 500)) {
    const moving = await unsettled(client, namespaces)
    if (moving.length === 0) return
    signal?.throwIfAborted()
    if (clock.now() > end) throw new Error(`not settled after ${Math.round(timeout / 1000)} s: ${moving.join('; ')}`)
    await new Promise<void>((resolve) => void clock.after(pause, resolve))
  }
}
