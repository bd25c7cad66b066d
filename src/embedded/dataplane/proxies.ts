/**
 * What the proxies of the cluster remember between requests: whose turn it is, who is ejected, how many requests run,
 * how many tokens are left. It belongs to one proxy and one cluster each, as in Envoy, and is lost with the pod.
 */
import type { Pod } from '../../kube/kinds.ts'
import type { Turn } from '../../meshes/call.ts'
import type { Inbound, Limits, RateLimit, Upstream } from '../../meshes/verdict.ts'
import { createDetector, type Detector } from './outlier.ts'
import { createPool, type Pool } from './pool.ts'
import { createTokenBucket, type Taken, type TokenBucket } from './token-bucket.ts'

interface ProxyState {
  turns: Map<string, number>
  detectors: Map<string, { config: string; detector: Detector }>
  pools: Map<string, Pool>
  buckets: Map<string, { limit: string; bucket: TokenBucket }>
  /** Since when nobody was there, by Service. */
  deserted: Map<string, number>
}

export interface Proxies {
  /** A new request of the pod to that host: how many there were before. */
  turn(pod: Pod, host: string): number
  /** Addresses that are ejected now, by cluster. */
  ejected(pod: Pod): NonNullable<Turn['ejected']>
  /** Room in the pool of a cluster (`upstream` or `inbound`); undefined: overflow. */
  enter(pod: Pod, cluster: string, limits: Limits, signal: AbortSignal): Promise<(() => void) | undefined>
  /** Room for a connection of bytes, which never waits (envoy source/common/tcp_proxy/tcp_proxy.cc); undefined: overflow. */
  connect(pod: Pod, cluster: string, limits: Limits): (() => void) | undefined
  /** Leave to ask again, which never waits; undefined: enough are asked again already. */
  retry(pod: Pod, cluster: string, limits: Limits | undefined): (() => void) | undefined
  /** How an attempt ended. */
  report(pod: Pod, upstream: Upstream, address: string, status: number): void
  /** The first limit that turns the request away; `tell` hears of every one that was asked. */
  limited(
    pod: Pod,
    inbound: Inbound,
    chain: string,
    first: boolean,
    tell: (limit: RateLimit, taken: Taken) => void,
  ): RateLimit | undefined
  /** Nobody is there to send to: how much of `patience` (milliseconds) is left. */
  deserted(pod: Pod, service: string, patience: number): number
  /** Somebody is there again. */
  peopled(pod: Pod, service: string): void
  /** Forgets the proxies of pods that are gone. */
  keep(exists: (uid: string) => boolean): void
}

const keyOf = (pod: Pod): string => pod.metadata.uid ?? `${pod.metadata.namespace}/${pod.metadata.name}`

const remembered = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

/** `now` gives milliseconds since the epoch. */
export const createProxies = (now: () => number): Proxies => {
  const states = new Map<string, ProxyState>()
  const stateOf = (pod: Pod): ProxyState =>
    remembered(states, keyOf(pod), () => ({
      turns: new Map(),
      detectors: new Map(),
      pools: new Map(),
      buckets: new Map(),
      deserted: new Map(),
    }))
  return {
    turn(pod, host) {
      const { turns } = stateOf(pod)
      const number = turns.get(host) ?? 0
      turns.set(host, number + 1)
      return number
    },
    ejected(pod) {
      const out = new Map<string, ReadonlySet<string>>()
      for (const [cluster, { detector }] of stateOf(pod).detectors) {
        const ejected = detector.ejected()
        if (ejected.size > 0) out.set(cluster, ejected)
      }
      return out
    },
    enter(pod, cluster, limits, signal) {
      return remembered(stateOf(pod).pools, cluster, createPool).enter(limits, signal)
    },
    connect(pod, cluster, { connections }) {
      return remembered(stateOf(pod).pools, cluster, createPool).take(connections)
    },
    retry(pod, cluster, limits) {
      return remembered(stateOf(pod).pools, `${cluster} retries`, createPool).take(limits?.retries)
    },
    report(pod, { cluster, outlierDetection, endpoints }, address, status) {
      const { detectors } = stateOf(pod)
      if (outlierDetection === undefined) {
        detectors.delete(cluster)
        return
      }
      // A changed cluster is a new one (envoy cluster_manager_impl.cc, addOrUpdateCluster): nobody is ejected from it.
      const config = JSON.stringify(outlierDetection)
      const known = detectors.get(cluster)
      const { detector } = known?.config === config ? known : { detector: createDetector(now) }
      detectors.set(cluster, { config, detector })
      detector.configure(outlierDetection, endpoints)
      detector.report(address, status)
    },
    limited(pod, { rateLimits = [] }, chain, first, tell) {
      const { buckets } = stateOf(pod)
      // What a removed filter remembered is gone with it.
      const keys = new Set(rateLimits.map((limit) => `${limit.key} ${chain}`))
      for (const key of buckets.keys()) if (key.endsWith(` ${chain}`) && !keys.has(key)) buckets.delete(key)
      return rateLimits.find((limit) => {
        if (limit.first !== first) return false
        const said = JSON.stringify(limit)
        const key = `${limit.key} ${chain}`
        const known = buckets.get(key)
        // A changed configuration starts with a full bucket.
        const held = known?.limit === said ? known : { limit: said, bucket: createTokenBucket(now) }
        buckets.set(key, held)
        const taken = held.bucket.take(limit)
        tell(limit, taken)
        return taken === 'enforced'
      })
    },
    deserted(pod, service, patience) {
      return Math.max(0, remembered(stateOf(pod).deserted, service, now) + patience - now())
    },
    peopled(pod, service) {
      states.get(keyOf(pod))?.deserted.delete(service)
    },
    keep(exists) {
      for (const key of states.keys()) if (!exists(key)) states.delete(key)
    },
  }
}
