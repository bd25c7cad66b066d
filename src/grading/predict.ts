/**
 * What should happen to a request, by the engine, from objects read through the API: nothing is sent.
 * Not modelled: a Service whose ready endpoints are treated differently answers by chance; the first endpoint that is
 * not simply let through is reported then, and says so.
 */
import type { Pod } from '../kube/kinds.ts'
import type { Call } from '../meshes/call.ts'
import type { Outside } from '../meshes/mesh.ts'
import { findWorkload, parseTarget, type Resolution, resolve, workloadOf } from '../meshes/network.ts'
import { askNameServer, behindPolicies, dropped, isAskedFor } from '../meshes/network-policy/index.ts'
import { findOutsideHost, outsidePod } from '../meshes/outside.ts'
import type { Transport, Verdict } from '../meshes/verdict.ts'
import { classify, type OutcomeKind } from './outcome.ts'
import type { ClusterWorld } from './world.ts'

export interface PredictOptions {
  method?: string
  /** Header names in any case. */
  headers?: Readonly<Record<string, string>>
}

export interface Prediction {
  /** `unknown` when a field that matters is not modelled, or nothing is known of the mesh. */
  outcome: OutcomeKind | 'unknown'
  /** What fits as well: a proxy that waits for somebody to be there may wait longer than the probe does. */
  also?: OutcomeKind
  /** One sentence: the deciding one. */
  because: string
  /** Every question that was asked, in order, as sentences. */
  steps: string[]
  transport: Transport
  /** `namespace/workload` that answers, when one would be asked. */
  destination?: string
  /** Absent when the request does not get as far as two proxies. */
  verdict?: Verdict
}

const stop = (outcome: Prediction['outcome'], because: string): Prediction => ({
  outcome,
  because,
  steps: [because],
  transport: 'none',
})

/** The verdict's effect in the words of a check: an answer is read as a probe would read it. */
const outcomeOf = ({ outcome, effect }: Verdict): Prediction['outcome'] => {
  if (outcome === 'unknown' || effect === undefined) return 'unknown'
  if (effect.kind === 'forward') return 'ok'
  if (effect.kind === 'reset' || effect.kind === 'close') return 'refused'
  if (effect.kind === 'drop') return 'dropped'
  if (effect.kind === 'refuse') return 'unreachable'
  const { status, headers, body } = effect
  const { kind } = classify({ exitCode: 0, status, headers, body })
  return kind === 'ok' ? 'status' : kind
}

const unresolved = (resolution: Resolution, url: string): Prediction | undefined => {
  switch (resolution.kind) {
    case 'nxdomain':
      return stop('unreachable', `the name ${resolution.host} does not exist in the cluster`)
    case 'no-endpoints': {
      const { name, namespace } = resolution.service.metadata
      return { ...stop('unreachable', `Service ${namespace}/${name} has no ready endpoint`), also: 'dropped' }
    }
    case 'no-port': {
      const { name, namespace } = resolution.service.metadata
      return stop('dropped', `Service ${namespace}/${name} has no port ${resolution.port}`)
    }
    case 'external':
      return isKnownOutside(resolution.host)
        ? undefined
        : stop('unknown', `${url} leads out of the cluster, to a host that is not modelled`)
    default:
      return undefined
  }
}

const isKnownOutside = (host: string): boolean => findOutsideHost(host) !== undefined

/** What a client on that port speaks: the URL's scheme, with TLS of the application's own kept apart. */
const protocolOf = (scheme: string): Call['protocol'] => {
  if (scheme === 'https' || scheme === 'tls') return 'tls'
  return scheme === 'http' ? 'http' : 'tcp'
}

/** Names that no name server answers for, because NetworkPolicies drop the question. */
const silent = (world: ClusterWorld, source: Pod, host: string): Prediction | undefined => {
  if (!isAskedFor(host, source)) return undefined
  const decision = askNameServer(world.policies, world.network, source)
  if (decision.allowed) return undefined
  const { because, ...verdict } = dropped(decision)
  const says = `The name ${host} cannot be resolved. ${because}`
  return { ...stop('dropped', says), steps: [because, says], verdict: { ...verdict, because: says } }
}

const callTo = (
  source: Pod,
  target: NonNullable<ReturnType<typeof parseTarget>>,
  destination: { pod: Pod; port: number },
  service: Call['service'],
  options: PredictOptions,
): Call => {
  const protocol = protocolOf(target.scheme)
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  const authority = headers.find(([name]) => name === 'host')?.[1] ?? target.authority
  const http = {
    method: options.method ?? 'GET',
    path: target.path,
    authority,
    headers: headers.filter(([name]) => name !== 'host'),
  }
  const call: Call = { source, destination: destination.pod, port: destination.port, protocol }
  return {
    ...call,
    ...(service ? { service } : {}),
    ...(protocol === 'http' ? { http } : {}),
    ...(protocol === 'tls' ? { tls: { serverName: target.host, http } } : {}),
  }
}

/** `dialled`: what the caller asked for; its proxy may have picked another. */
const toPrediction = (verdict: Verdict, dialled: Pod): Prediction => ({
  outcome: outcomeOf(verdict),
  // A redirect, or an answer that a proxy gives itself, is one that a client is content with.
  ...(verdict.effect?.kind === 'respond' && verdict.effect.status < 400 ? { also: 'ok' as const } : {}),
  because: verdict.because,
  steps: verdict.steps.map((step) => step.says),
  transport: verdict.transport,
  destination: workloadOf(verdict.upstream?.destination ?? dialled),
  verdict,
})

/** The calls that a request may become, one per endpoint; or the prediction when it does not get that far. */
const callsOf = (world: ClusterWorld, from: string, url: string, options: PredictOptions): Prediction | Call[] => {
  const source = findWorkload(world.network, from)
  if (source === undefined) return stop('unknown', `there is no pod of ${from}`)
  const target = parseTarget(url)
  if (target === undefined) return stop('unknown', `${url} is not a URL`)
  const unnamed = silent(world, source, target.host)
  if (unnamed !== undefined) return unnamed
  const resolution = resolve(world.network, source, target)
  const stopped = unresolved(resolution, url)
  if (stopped !== undefined) return stopped
  if (world.mesh === undefined) return stop('unknown', 'no mesh is known on this cluster: nothing can be predicted')
  const endpoints =
    resolution.kind === 'service'
      ? resolution.endpoints
      : resolution.kind === 'pod'
        ? [{ pod: resolution.pod, port: resolution.port }]
        : resolution.kind === 'external'
          ? [{ pod: outsidePod(resolution.host), port: resolution.port }]
          : []
  const service = resolution.kind === 'service' ? { object: resolution.service, port: resolution.port } : undefined
  return endpoints.map((endpoint) => callTo(source, target, endpoint, service, options))
}

const decideAll = ({ mesh, model, policies }: ClusterWorld, calls: readonly Call[], url: string): Prediction => {
  const predictions = calls.flatMap((call) =>
    mesh === undefined
      ? []
      : [toPrediction(behindPolicies(policies, call, mesh.decide(model, call)), call.destination)],
  )
  const worst = predictions.find((each) => each.outcome !== 'ok') ?? predictions[0]
  if (worst === undefined) return stop('unreachable', `nothing answers at ${url}`)
  if (predictions.every((each) => each.outcome === worst.outcome)) return worst
  return { ...worst, because: `${worst.because} (other pods of the Service answer otherwise)` }
}

/**
 * What should happen when `from` (`namespace/workload`) asks for `url`, and why. Never throws. Facts from outside are
 * not looked up: a token that matters makes the outcome `unknown`.
 */
export const predict = (world: ClusterWorld, from: string, url: string, options: PredictOptions = {}): Prediction => {
  const calls = callsOf(world, from, url, options)
  return Array.isArray(calls) ? decideAll(world, calls, url) : calls
}

/** The same, after looking at the clock and verifying tokens; keys that live elsewhere are fetched. */
export const predictNow = async (
  world: ClusterWorld,
  from: string,
  url: string,
  options: PredictOptions & { outside?: Partial<Outside> } = {},
): Promise<Prediction> => {
  const calls = callsOf(world, from, url, options)
  if (!Array.isArray(calls)) return calls
  const fetch = world.fetch ?? (async () => undefined)
  const outside: Outside = { now: Date.now(), fetch, ...options.outside }
  const { mesh, model } = world
  const gathered = await Promise.all(calls.map(async (call) => (await mesh?.gather?.(model, call, outside)) ?? call))
  return decideAll(world, gathered, url)
}
