/**
 * A cluster in Envoy's sense: a service port or subset of it as one caller's proxy is configured for it, with its
 * endpoints and its traffic policy. Upstream: pilot/pkg/networking/core/cluster_builder.go, cluster_traffic_policy.go.
 * Not modelled: slow start (any endpoint may be picked), TCP keep-alive; what else is not, policyDoubt names.
 */
import type { Call } from '../call.ts'
import type { Labels } from '../match/labels.ts'
import { hasLabels } from '../match/labels.ts'
import type { Limits, OutlierDetection, Retries, Upstream } from '../verdict.ts'
import { hashKey, placeOfKey } from './consistent-hash.ts'
import {
  type DestinationRules,
  endpointTls,
  findRule,
  type Placed,
  policyFor,
  refOfPlaced,
  type Subset,
  type TrafficPolicy,
} from './destination-rule.ts'
import { milliseconds } from './duration.ts'
import { fields } from './read.ts'
import { addressOf, type Endpoint, type MeshService } from './registry.ts'

export interface Cluster {
  name: string
  service: MeshService
  port: number
  subset?: Subset
  policy: TrafficPolicy
  /** What marks its endpoints where automatic mTLS decides. */
  endpointTls?: Placed
  /** The rule selects its callers: only then do credentials reach a sidecar. */
  selecting: boolean
}

/** Undefined: there is no such subset or port, so no such cluster. */
export const clusterOf = (
  rules: DestinationRules,
  caller: { namespace: string; labels: Labels },
  service: MeshService,
  target: { port: number; subset?: string },
): Cluster | undefined => {
  const { port } = target
  if (!service.ports.some((each) => each.number === port)) return undefined
  const about = { host: service.host, home: service.namespace, from: caller.namespace, labels: caller.labels }
  const rule = findRule(rules, about)
  const subset = rule?.subsets.find((each) => each.name === target.subset)
  if (target.subset !== undefined && subset === undefined) return undefined
  const marks = endpointTls(rule, port, subset)
  return {
    name: `outbound|${port}|${target.subset ?? ''}|${service.host}`,
    service,
    port,
    ...(subset === undefined ? {} : { subset }),
    policy: policyFor(rule, port, subset),
    ...(marks === undefined ? {} : { endpointTls: marks }),
    selecting: rule?.selector !== undefined,
  }
}

export const endpointsOf = ({ service, port, subset }: Cluster): Endpoint[] => {
  const all = service.endpoints(port)
  return subset === undefined ? all : all.filter((each) => hasLabels(subset.labels, each.labels))
}

const count = (value: unknown): number | undefined => (typeof value === 'number' && value > 0 ? value : undefined)

/** Zero counts as not set. */
export const limitsOf = (pool: Placed | undefined): Limits | undefined => {
  if (pool === undefined) return undefined
  const [http, tcp] = [fields(pool.value.http), fields(pool.value.tcp)]
  const requests = count(http.http2MaxRequests)
  const pending = count(http.http1MaxPendingRequests)
  const connections = count(tcp.maxConnections)
  const retries = count(http.maxRetries)
  if ([requests, pending, connections, retries].every((each) => each === undefined)) return undefined
  return {
    ...(requests === undefined ? {} : { requests }),
    ...(pending === undefined ? {} : { pending }),
    ...(connections === undefined ? {} : { connections }),
    ...(retries === undefined ? {} : { retries }),
    evidence: refOfPlaced(pool),
  }
}

/** Envoy's defaults where Istio sets none; gateway errors count only when they are asked for. */
export const outlierOf = (placed: Placed | undefined): OutlierDetection | undefined => {
  if (placed === undefined) return undefined
  const { value } = placed
  const number = (name: string, otherwise: number): number =>
    typeof value[name] === 'number' ? (value[name] as number) : otherwise
  return {
    serverErrors: number('consecutive5xxErrors', 5),
    gatewayErrors: number('consecutiveGatewayErrors', 0),
    interval: milliseconds(value.interval) ?? 10_000,
    baseEjectionTime: milliseconds(value.baseEjectionTime) ?? 30_000,
    maxEjectionPercent: number('maxEjectionPercent', 0) || 10,
    minHealthPercent: number('minHealthPercent', 0),
    evidence: refOfPlaced(placed),
  }
}

/**
 * The endpoint that is asked: the dialled one if it is among those that may be, else whose turn it is. Undefined: none
 * is healthy. For services that keep their caller's destination it is what was dialled.
 */
export const pickEndpoint = (cluster: Cluster, call: Call): Endpoint | undefined => {
  if (cluster.service.originalDestination)
    return { pod: call.destination, port: call.port, labels: call.destination.metadata.labels ?? {} }
  const all = endpointsOf(cluster)
  const avoid = call.turn?.avoid.get(cluster.name)
  // Without outlier detection nothing is ejected, whatever a proxy remembers of the time before.
  const ejected = cluster.policy.outlierDetection && call.turn?.ejected?.get(cluster.name)
  const healthy =
    avoid === undefined && ejected === undefined
      ? all
      : all.filter(({ pod }) => !avoid?.has(addressOf(pod)) && !ejected?.has(addressOf(pod)))
  const key = hashKey(cluster.policy.loadBalancer?.value, call)
  if (key !== undefined) return placeOfKey(key, healthy, (each) => `${addressOf(each.pod)}:${each.port}`)
  const dialled = addressOf(call.destination)
  const kept = healthy.find((each) => addressOf(each.pod) === dialled && each.port === call.port)
  return kept ?? healthy[(call.turn?.number ?? 0) % healthy.length]
}

/** What the caller's proxy watches while it sends to that endpoint. */
export const upstreamTo = (
  cluster: Cluster,
  endpoint: Endpoint,
  route: { name?: string; timeout?: number; retries?: Retries; delay?: number } = {},
): Upstream => {
  const limits = limitsOf(cluster.policy.connectionPool)
  const outlierDetection = outlierOf(cluster.policy.outlierDetection)
  const { name, ...patience } = route
  const connectTimeout = milliseconds(fields(cluster.policy.connectionPool?.value.tcp).connectTimeout)
  return {
    cluster: cluster.name,
    ...(name === undefined ? {} : { route: name }),
    destination: endpoint.pod,
    port: endpoint.port,
    get endpoints() {
      return cluster.service.originalDestination
        ? [addressOf(endpoint.pod)]
        : endpointsOf(cluster).map((each) => addressOf(each.pod))
    },
    ...(limits === undefined ? {} : { limits }),
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
    ...(connectTimeout ? { connectTimeout } : {}),
    ...patience,
  }
}
