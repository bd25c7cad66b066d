/** Who can reach whom: every source to every target, as the engine predicts it or as probes saw it. */
import type { Lab } from '../content/schema.ts'
import type { Cluster } from '../kube/api.ts'
import type { Pod, Service } from '../kube/kinds.ts'
import { findWorkload, isReady, parseTarget, type Resolution, resolve, workloadOf } from '../meshes/network.ts'
import { isAskedFor } from '../meshes/network-policy/index.ts'
import type { Transport } from '../meshes/verdict.ts'
import type { Outcome, OutcomeKind } from './outcome.ts'
import { mapLimited } from './pool.ts'
import { type Glimpse, glimpse, glimpseOf, type Prediction, predict, sourceOf } from './predict.ts'
import { type Observation, probe } from './probe.ts'
import type { ClusterWorld } from './world.ts'

/** `M` mTLS, `T` one-way TLS, `P` plaintext, `x` 403, `r` refused, `~` dropped, `e` error, `.` self, `?` unknown. */
export type MatrixLetter = 'M' | 'T' | 'P' | 'x' | 'r' | '~' | 'e' | '.' | '?'

export interface MatrixCell {
  letter: MatrixLetter
  /** One sentence for people. */
  says: string
  /** The verdict's steps as sentences. */
  steps: string[]
}

export interface Matrix {
  sources: string[]
  /** Names of the columns, and the request that stands for each. */
  targets: string[]
  urls: string[]
  /** `cells[row][column]` */
  cells: MatrixCell[][]
}

const outcomes: Record<Exclude<OutcomeKind, 'ok' | 'status'>, MatrixLetter> = {
  denied: 'x',
  refused: 'r',
  dropped: '~',
  unreachable: 'e',
}

const transports: Record<Transport, MatrixLetter> = { mtls: 'M', tls: 'T', plaintext: 'P', none: '?' }

const transportWords: Record<MatrixLetter, string> = {
  M: 'over mTLS',
  T: 'over TLS',
  P: 'in plaintext',
  '?': 'whether encrypted is unknown',
  x: '',
  r: '',
  '~': '',
  e: '',
  '.': '',
}

/** Its sentences are made when they are read: most cells show a letter only. */
const predictedCell = (from: string, to: string, { outcome, transport, explain }: Glimpse): MatrixCell => {
  const reaches = outcome === 'ok' ? transports[transport] : undefined
  return {
    letter:
      reaches ?? (outcome === 'unknown' ? '?' : outcome === 'ok' || outcome === 'status' ? 'e' : outcomes[outcome]),
    get says() {
      const { because } = explain()
      if (reaches !== undefined) return `${from} reaches ${to} ${transportWords[reaches]}: ${because}`
      return outcome === 'unknown' ? `${from} to ${to}: ${because}` : `${from} does not reach ${to}: ${because}`
    },
    get steps() {
      return explain().steps
    },
  }
}

const self = (from: string): MatrixCell => ({ letter: '.', says: `${from} itself`, steps: [] })

interface Target {
  name: string
  url: string
}

/** Namespaces of the machinery, which are no part of anybody's lab. */
const isSystem = (namespace: string | undefined): boolean =>
  namespace === undefined || /^(kube-|istio-|linkerd|cilium|consul$|local-path-storage$)/.test(namespace)

const runs = (pod: Pod): boolean => isReady(pod) && !isSystem(pod.metadata.namespace)

/** A request that stands for the Service: its first TCP port, as HTTP unless the port says that it is something else. */
const serviceTargets = (service: Service): Target[] => {
  const { name, namespace } = service.metadata
  const port = service.spec.ports?.find((each) => (each.protocol ?? 'TCP') === 'TCP')
  if (port === undefined || isSystem(namespace) || !service.spec.selector) return []
  const says = port.appProtocol ?? port.name ?? 'http'
  const scheme = /^https/.test(says) ? 'https' : /^(tcp|tls|mysql|redis|mongo)/.test(says) ? 'tcp' : 'http'
  return [{ name: `${namespace}/${name}`, url: `${scheme}://${name}.${namespace}:${port.port}/` }]
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The rows and columns of a lab, or of everything that runs on the cluster. */
const axes = (world: ClusterWorld, lab?: Lab): { sources: string[]; targets: Target[] } => {
  if (lab !== undefined) return lab.spec.matrix
  const sources = new Set([...world.network.pods.values()].filter(runs).map(workloadOf))
  const targets = [...world.network.services.values()].flatMap(serviceTargets)
  return { sources: [...sources].sort(byName), targets: targets.sort((a, b) => byName(a.name, b.name)) }
}

/** Whether the target is the source's own pods. */
const isOwn = (pod: Pod, target: Resolution): boolean => {
  if (target.kind === 'service') {
    const own = workloadOf(pod)
    return target.endpoints.some((each) => workloadOf(each.pod) === own)
  }
  return target.kind === 'pod' && target.pod === pod
}

const isSelf = (world: ClusterWorld, from: string, url: string): boolean => {
  const pod = findWorkload(world.network, from)
  return pod !== undefined && isOwn(pod, resolve(world.network, pod, url))
}

/** A column's URL, resolved once for all pods of a namespace: their names are completed in the same way. */
const resolver = ({ network }: ClusterWorld, url: string) => {
  const target = parseTarget(url)
  const byNamespace = new Map<string | undefined, Resolution>()
  const resolvedFor = (pod: Pod): Resolution => {
    // Its own name, and addresses, each pod reads for itself.
    if (target === undefined || !isAskedFor(target.host, pod)) return resolve(network, pod, target ?? url)
    const { namespace } = pod.metadata
    const resolution = byNamespace.get(namespace) ?? resolve(network, pod, target)
    byNamespace.set(namespace, resolution)
    return resolution
  }
  return { url, target, resolvedFor }
}

/** What the engine says for every pair: of the lab's matrix, or of all workloads and Services without one. */
export const matrix = (world: ClusterWorld, lab?: Lab): Matrix => {
  const { sources, targets } = axes(world, lab)
  const columns = targets.map(({ name, url }) => ({ name, ...resolver(world, url) }))
  const rowOf = (from: string): MatrixCell[] => {
    const source = sourceOf(world, from)
    return columns.map(({ name, url, target, resolvedFor }) => {
      if (source === undefined || target === undefined)
        return predictedCell(from, name, glimpseOf(predict(world, from, url)))
      const resolution = resolvedFor(source.pod)
      if (isOwn(source.pod, resolution)) return self(from)
      return predictedCell(from, name, glimpse(world, source, { url, target, resolution }))
    })
  }
  return {
    sources,
    targets: targets.map(({ name }) => name),
    urls: targets.map(({ url }) => url),
    cells: sources.map(rowOf),
  }
}

const reached = (outcome: Outcome): boolean => outcome.kind === 'ok' || outcome.kind === 'status'

/** What a probe saw. How an answered request travelled is taken from the engine when the application cannot show it. */
const observedCell = (from: string, to: string, seen: Observation, prediction: Prediction): MatrixCell => {
  const { steps, because } = prediction
  if (!seen.ran) return { letter: '?', says: `${from} to ${to}: ${seen.says}`, steps }
  const { outcome, witness } = seen
  if (!reached(outcome)) {
    const letter = outcomes[outcome.kind as keyof typeof outcomes]
    return { letter, says: `${from} does not reach ${to}: ${outcome.says}; ${because}`, steps }
  }
  const predicted = prediction.outcome === 'ok' ? transports[prediction.transport] : '?'
  const letter = witness === undefined ? predicted : witness.mtls ? 'M' : predicted === 'T' ? 'T' : 'P'
  const source = witness === undefined ? ' (as predicted: the application does not show it)' : ''
  return { letter, says: `${from} reaches ${to} ${transportWords[letter]}${source}: ${because}`, steps }
}

/**
 * One pair of the matrix as it really is: probed, unless the target is the source itself. Pass a world that has just been
 * read. Rejects only when the cluster cannot be reached, or when `signal` aborts.
 */
export const observePair = async (
  cluster: Cluster,
  world: ClusterWorld,
  { from, name, url }: { from: string; name: string; url: string },
  signal?: AbortSignal,
): Promise<MatrixCell> => {
  if (isSelf(world, from, url)) return self(from)
  const request = { from, url, method: 'GET', headers: {}, witness: true }
  const seen = await probe(cluster, world.network, request, signal, world.mesh?.identityHeader)
  return observedCell(from, name, seen, predict(world, from, url))
}

/**
 * The lab's matrix as it really is: every pair is probed. Pass the world when it has just been read.
 * Rejects only when the cluster cannot be reached.
 */
export const observeMatrix = async (
  cluster: Cluster,
  lab: Lab,
  world: ClusterWorld,
  options: { signal?: AbortSignal; limit?: number } = {},
): Promise<Matrix> => {
  const { sources, targets } = lab.spec.matrix
  const pairs = sources.flatMap((from) => targets.map((target) => ({ from, ...target })))
  const cells = await mapLimited(pairs, options.limit ?? 8, (pair) => observePair(cluster, world, pair, options.signal))
  return {
    sources,
    targets: targets.map(({ name }) => name),
    urls: targets.map(({ url }) => url),
    cells: sources.map((_, row) => cells.slice(row * targets.length, (row + 1) * targets.length)),
  }
}
