/**
 * A kubelet's questions on their way into a pod: from the node's end of the pod network, in plaintext, without an
 * identity. Where a proxy stands in front of the port, it answers first. NetworkPolicies are not asked: a node always
 * reaches its own pods.
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../../meshes/call.ts'
import type { Mesh } from '../../meshes/mesh.ts'
import type { Registry } from '../registry.ts'
import { attempt, type Ways } from './attempt.ts'
import type { DataPlane, Dial, Door, HttpExchange } from './dataplane.ts'
import type { ExchangeWays } from './exchange.ts'
import { connectionOutcome, observer, type Traffic } from './traffic.ts'

/** The node in the shape of a pod: nothing selects it, and it has no proxy. Its address is the pods' gateway. */
const nodeOf = ({ spec, status }: Pod): Pod => ({
  apiVersion: 'v1',
  kind: 'Node' as 'Pod',
  metadata: { name: spec.nodeName ?? '' },
  spec: { containers: [] },
  status: { podIP: (status?.podIP ?? '10.244.0.1').replace(/\d+$/, '1') },
})

export interface DoorParts {
  ways: Pick<ExchangeWays, 'gather'> & Ways
  mesh: Mesh
  registry: Registry
  model: () => unknown
  /** See `DataPlaneOptions`; the model is not added. */
  observe?: (traffic: Traffic) => void
}

export interface Doors {
  door: DataPlane['door']
  /** Told when proxies may answer differently. Gives what ends that. */
  onPolicies(listener: () => void): () => void
  stop(): void
}

export const createDoors = ({ ways, mesh, registry, model, observe }: DoorParts): Doors => {
  const listeners = new Set<() => void>()
  // Pods, Services and the like come and go all the time, and change nothing for who asks a pod by its address.
  const policies = mesh.reads.filter(({ group }) => group !== '' && group !== 'discovery.k8s.io')
  const stops = policies.map((kind) =>
    registry.watch(kind, () => {
      for (const listener of [...listeners]) listener()
    }),
  )
  // The node is no pod that could be looked up.
  const observed = observer({ clock: ways.clock, current: (node) => node, ...(observe ? { observe } : {}) })

  const ask = async (
    pod: Pod,
    port: number,
    request: HttpExchange['request'],
    how: Pick<Dial, 'tls' | 'timeout'>,
    local: Parameters<DataPlane['door']>[2],
  ): ReturnType<Door['ask']> => {
    const source = nodeOf(pod)
    const dial: Dial = { from: source, host: pod.status?.podIP ?? '', port, ...how }
    const bare: Call = {
      ...{ source, destination: pod, port },
      ...(how.tls ? { protocol: 'tls', tls: { serverName: how.tls.serverName } } : { protocol: 'http', http: request }),
    }
    const call = await ways.gather(bare)
    const verdict = mesh.decide(model(), call)
    const answer = await observed(
      dial,
      0,
      async (notes) => {
        Object.assign(notes, { call, verdict, ...(how.tls ? {} : { request }) })
        const { signal } = new AbortController()
        const left = () => (how.timeout === undefined ? {} : { client: how.timeout })
        // A pod that is being started is not yet known to the node as one that listens.
        const own: Ways = { ...ways, listen: (_pod, at) => local(at) }
        return (await attempt(own, { dial, call, request, notes, signal }, verdict, [], left)).answer
      },
      (result) =>
        'status' in result
          ? { response: result, received: result.body.length }
          : connectionOutcome({ ok: false, failure: result }),
    )
    return { answer, ...(verdict.outcome === 'unknown' ? { unmodelled: verdict.because } : {}) }
  }

  return {
    door: (pod, port, local) =>
      mesh.meetsProbes?.(pod, port) ? { ask: (request, how) => ask(pod, port, request, how, local) } : undefined,
    onPolicies(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop() {
      for (const stop of stops) stop()
      listeners.clear()
    },
  }
}
