/**
 * What should happen to a request, by the engine, from objects read through the API: nothing is sent.
 * Not modelled: a Service whose ready endpoints are treated differently answers by chance; the first endpoint that is
 * not simply let through is reported then, and says so.
 */
import type { Pod } from '../kube/kinds.ts'
import type { Call } from '../meshes/call.ts'
import type { Outside } from '../meshes/mesh.ts'
import { findWorkload, parseTarget, type Resolution, resolve, workloadOf } from '../meshes/network.ts'
import {
  askNameServer,
  behindPolicies,
  dropped,
  isAskedFor,
  type PolicyDecision,
} from '../meshes/network-policy/index.ts'
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

const ofGist = { forwarded: 'ok', forbidden: 'denied', refused: 'refused' } as const

/** The verdict's effect in the words of a check: an answer is read as a probe would read it. */
const outcomeOf = (verdict: Verdict): Prediction['outcome'] => {
  if (verdict.gist !== undefined) return ofGist[verdict.gist]
  const { outcome, effect } = verdict
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

/** Whose requests are predicted: what all of them share. */
export interface Source {
  pod: Pod
  /** Whether its questions reach the name server. */
  nameServer: PolicyDecision
}

/** The pod that speaks for `namespace/workload`; undefined: there is none. */
export const sourceOf = ({ network, policies }: ClusterWorld, from: string): Source | undefined => {
  const pod = findWorkload(network, from)
  return pod && { pod, nameServer: askNameServer(policies, network, pod) }
}

/** What is asked for: a URL, as it was parsed and as the source's pod resolves it. */
export interface Asked {
  url: string
  target: NonNullable<ReturnType<typeof parseTarget>>
  resolution: Resolution
}

/** Names that no name server answers for, because NetworkPolicies drop the question. */
const silent = ({ pod, nameServer: decision }: Source, host: string): Prediction | undefined => {
  if (decision.allowed || !isAskedFor(host, pod)) return undefined
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
const toPrediction = (verdict: Verdict, outcome: Prediction['outcome'], dialled: Pod): Prediction => ({
  outcome,
  // A redirect, or an answer that a proxy gives itself, is one that a client is content with.
  ...(verdict.effect?.kind === 'respond' && verdict.effect.status < 400 ? { also: 'ok' as const } : {}),
  because: verdict.because,
  steps: verdict.steps.map((step) => step.says),
  transport: verdict.transport,
  destination: workloadOf(verdict.upstream?.destination ?? dialled),
  verdict,
})

/** The calls that a request may become, one per endpoint; or the prediction when it does not get that far. */
const callsTo = (world: ClusterWorld, source: Source, asked: Asked, options: PredictOptions): Prediction | Call[] => {
  const { url, target, resolution } = asked
  const unnamed = silent(source, target.host)
  if (unnamed !== undefined) return unnamed
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
  return endpoints.map((endpoint) => callTo(source.pod, target, endpoint, service, options))
}

const callsOf = (world: ClusterWorld, from: string, url: string, options: PredictOptions): Prediction | Call[] => {
  const source = sourceOf(world, from)
  if (source === undefined) return stop('unknown', `there is no pod of ${from}`)
  const target = parseTarget(url)
  if (target === undefined) return stop('unknown', `${url} is not a URL`)
  const resolution = resolve(world.network, source.pod, target)
  return callsTo(world, source, { url, target, resolution }, options)
}

/** What comes of a request, at once; why, when it is asked for. */
export interface Glimpse extends Pick<Prediction, 'outcome' | 'transport'> {
  explain(): Prediction
}

export const glimpseOf = (prediction: Prediction): Glimpse => ({
  outcome: prediction.outcome,
  transport: prediction.transport,
  explain: () => prediction,
})

const decideAll = ({ mesh, model, policies }: ClusterWorld, calls: readonly Call[], url: string): Glimpse => {
  const all = calls.flatMap((call) => {
    if (mesh === undefined) return []
    const verdict = behindPolicies(policies, call, mesh.decide(model, call))
    return [{ verdict, outcome: outcomeOf(verdict), dialled: call.destination }]
  })
  const worst = all.find(({ outcome }) => outcome !== 'ok') ?? all[0]
  if (worst === undefined) return glimpseOf(stop('unreachable', `nothing answers at ${url}`))
  const { verdict, outcome, dialled } = worst
  const explain = (): Prediction => {
    const prediction = toPrediction(verdict, outcome, dialled)
    if (all.every((each) => each.outcome === outcome)) return prediction
    return { ...prediction, because: `${prediction.because} (other pods of the Service answer otherwise)` }
  }
  return { outcome, transport: verdict.transport, explain }
}

/**
 * What should happen when `from` (`namespace/workload`) asks for `url`, and why. Never throws. Facts from outside are
 * not looked up: a token that matters makes the outcome `unknown`.
 */
export const predict = (world: ClusterWorld, from: string, url: string, options: PredictOptions = {}): Prediction => {
  const calls = callsOf(world, from, url, options)
  return Array.isArray(calls) ? decideAll(world, calls, url).explain() : calls
}

/** The same without reasons, for whoever asks about many requests of one source. */
export const glimpse = (world: ClusterWorld, source: Source, asked: Asked): Glimpse => {
  const calls = callsTo(world, source, asked, {})
  return Array.isArray(calls) ? decideAll(world, calls, asked.url) : glimpseOf(calls)
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
  return decideAll(world, gathered, url).explain()
}
