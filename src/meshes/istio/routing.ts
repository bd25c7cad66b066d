/**
 * Where an HTTP request goes from a proxy of its caller: the VirtualService that speaks for its host, the route that
 * takes it, the cluster that is drawn, the endpoint in it. Used for sidecars and for gateways.
 */
import type { Call, HttpRequest } from '../call.ts'
import { draw } from '../chance.ts'
import { normalizePath } from '../match/paths.ts'
import type { Step, Upstream } from '../verdict.ts'
import { type Cluster, clusterOf, pickEndpoint, upstreamTo } from './cluster.ts'
import type { IstioModel } from './compile.ts'
import { corsOf } from './cors.ts'
import type { Asker } from './http-match.ts'
import { nameOf, refOf } from './read.ts'
import { exportedTo, type MeshService } from './registry.ts'
import {
  defaultRetries,
  faultOf,
  type HeaderChanges,
  type OwnAnswer,
  ownAnswer,
  patienceOf,
  rewrite,
} from './route-action.ts'
import { policyDoubt } from './unmodelled.ts'
import { doubtful } from './verdicts.ts'
import { type Destination, destinationsOf, mirrorsOf, routeFor, type VirtualService } from './virtual-service.ts'

export type Routed =
  | { kind: 'cluster'; cluster: Cluster; call: Call; upstream: Upstream; changes?: HeaderChanges; steps: Step[] }
  /** The proxy answers itself, after `delay` milliseconds. */
  | { kind: 'answer'; answer: OwnAnswer; cluster?: string; route?: string; delay?: number; steps: Step[] }
  | { kind: 'unknown'; steps: Step[] }

const step = (outcome: Step['outcome'], says: string, evidence?: Step['evidence']): Step => ({
  at: 'client',
  outcome,
  says,
  ...(evidence === undefined ? {} : { evidence }),
})

const empty = (status: number, flags: string, details: string, says: string): OwnAnswer => ({
  status,
  body: '',
  headers: [],
  flags,
  details,
  says,
})

/** 503 of a proxy whose cluster has nobody to ask (envoy source/common/router/router.cc, no_healthy_upstream). */
export const nobodyHealthy = (says: string): OwnAnswer => ({
  ...empty(503, 'UH', 'no_healthy_upstream', says),
  body: 'no healthy upstream',
})

/** Sends to an endpoint of the cluster, or says that there is none. */
export const toCluster = (
  cluster: Cluster,
  call: Call,
  steps: Step[],
  route: Parameters<typeof upstreamTo>[2] = {},
): Routed => {
  const doubt = policyDoubt(cluster.policy) ?? cluster.service.doubt
  if (doubt !== undefined) return { kind: 'unknown', steps: [...steps, doubtful('client', doubt)] }
  const endpoint = pickEndpoint(cluster, call)
  if (endpoint === undefined) {
    const { subset, service } = cluster
    const where = subset === undefined ? '' : ` in subset ${subset.name}`
    const evidence = subset && { object: refOf(subset.object), field: `spec.subsets[${subset.index}].labels` }
    const says = `${nameOf(refOf(service.object))} has no healthy endpoint${where}: the caller's proxy answers 503`
    const last = step('deny', says, evidence)
    return {
      kind: 'answer',
      answer: nobodyHealthy(says),
      cluster: cluster.name,
      ...(route.name === undefined ? {} : { route: route.name }),
      ...(route.delay === undefined ? {} : { delay: route.delay }),
      steps: [...steps, last],
    }
  }
  const { kubernetes, originalDestination } = cluster.service
  const port = kubernetes?.spec.ports?.find((each) => each.port === cluster.port)
  const { service: _dialled, ...rest } = call
  return {
    kind: 'cluster',
    cluster,
    upstream: upstreamTo(cluster, endpoint, route),
    call: {
      ...rest,
      ...(kubernetes && port ? { service: { object: kubernetes, port } } : {}),
      destination: endpoint.pod,
      port: originalDestination ? call.port : endpoint.port,
    },
    steps,
  }
}

/** The service that a route's destination names, as seen from the proxy's namespace. */
export const destinationService = (model: IstioModel, host: string, from: string): MeshService | undefined => {
  const found = model.registry().byHost.get(host) ?? []
  const visible = found.filter((each) => exportedTo(each.exportTo, each.namespace, from))
  return visible.find((each) => each.namespace === from) ?? visible[0]
}

/**
 * The cluster of a route's destination; the port is the listener's unless one is named or there is only one. A sidecar's
 * HTTP routes know services by the listener's port alone: one that has another single port is not found by it.
 * Upstream: pilot/pkg/networking/core/route/route.go (GetDestinationCluster), httproute.go (servicesByName).
 */
export const destinationCluster = (
  model: IstioModel,
  asker: Asker,
  target: Destination,
  kind: 'http' | 'bytes' = 'http',
): { cluster?: Cluster; name: string } => {
  const named = destinationService(model, target.host, asker.namespace)
  const isSidecar = asker.gateways.has('mesh')
  // A gateway has no caller's address to keep: it asks the endpoints (cluster.go, convertResolution).
  const service = isSidecar ? named : named && { ...named, originalDestination: false }
  const byListener = kind === 'http' && isSidecar
  const only = !byListener && service?.ports.length === 1 ? service.ports[0]?.number : undefined
  const port = target.port ?? only ?? asker.port
  const name = `outbound|${port}|${target.subset ?? ''}|${target.host}`
  const caller = { namespace: asker.namespace, labels: asker.labels }
  const cluster =
    service &&
    clusterOf(model.destinationRules, caller, service, {
      port,
      ...(target.subset === undefined ? {} : { subset: target.subset }),
    })
  return { name, ...(cluster === undefined ? {} : { cluster }) }
}

/** The request as the proxy compares and forwards it. */
export const asSeen = (model: IstioModel, http: HttpRequest): HttpRequest => ({
  ...http,
  path: normalizePath(http.path, model.config.normalization),
})

/** A request whose host a VirtualService speaks for. */
export const throughVirtualService = (
  model: IstioModel,
  call: Call & { http: HttpRequest },
  service: VirtualService,
  asker: Asker,
  scheme: 'http' | 'https' = 'http',
): Routed => {
  const turn = call.turn?.number
  const request = asSeen(model, call.http)
  const whose = asker.gateways.has('mesh') ? "the caller's proxy" : 'the gateway'
  const found = routeFor(service, asker, request)
  const name = nameOf(refOf(service.object))
  if (found === undefined) {
    const says = `No route of ${name} takes ${request.method} ${request.path}: ${whose} answers 404`
    const last = step('deny', says, { object: refOf(service.object), field: 'spec.http' })
    return { kind: 'answer', answer: empty(404, 'NR', 'route_not_found', says), steps: [last] }
  }
  if ('unsure' in found) {
    const says = `${name} (${found.unsure.field}) applies to this call and is not modelled`
    return { kind: 'unknown', steps: [step('unknown', says, found.unsure)] }
  }
  const { route, evidence, match } = found
  const where = `${name} ${evidence.field?.replace('spec.', '')}`
  const fault = faultOf(route, turn)
  const steps = fault.notes.map((note) =>
    step('info', `${where}: ${note}`, { ...evidence, field: `${evidence.field}.fault` }),
  )
  const late = fault.delay === undefined ? {} : { delay: fault.delay }
  if (fault.delay !== undefined)
    steps.push(
      step('info', `${where} delays the request by ${fault.delay} ms`, {
        ...evidence,
        field: `${evidence.field}.fault.delay`,
      }),
    )
  const answer = fault.abort ?? ownAnswer(route, match, request, { scheme, port: asker.port })
  if (answer !== undefined) {
    const field = fault.abort ? 'fault.abort' : route.redirect ? 'redirect' : 'directResponse'
    const last = step('deny', `${where} ${answer.says}`, { ...evidence, field: `${evidence.field}.${field}` })
    return { kind: 'answer', answer, route: found.name, ...late, steps: [...steps, last] }
  }
  const cors = corsOf(route, request)
  const corsField = { ...evidence, field: `${evidence.field}.corsPolicy` }
  if (cors?.kind === 'unknown') return { kind: 'unknown', steps: [...steps, doubtful('client', corsField)] }
  if (cors?.kind === 'answer') {
    const last = step('deny', `${where} ${cors.answer.says}`, corsField)
    return { kind: 'answer', answer: cors.answer, route: found.name, ...late, steps: [...steps, last] }
  }
  const targets = destinationsOf(route, service.namespace)
  const weights = targets.map((each) => each.weight)
  const index = draw(weights, turn)
  const target = targets[index]
  if (target === undefined) {
    const says = `${where} has no destination: not modelled`
    return { kind: 'unknown', steps: [...steps, step('unknown', says, evidence)] }
  }
  const share = targets.length > 1 ? ` (weights ${weights.join('/')})` : ''
  const { cluster, name: clusterName } = destinationCluster(model, asker, target)
  const chosen = { object: evidence.object, field: `${evidence.field}.route[${index}].destination` }
  if (cluster === undefined) {
    const says = `${where} leads to ${clusterName}, which does not exist: ${whose} answers 503`
    const missing = empty(503, 'NC', 'cluster_not_found', says)
    return {
      kind: 'answer',
      answer: missing,
      route: found.name,
      ...late,
      steps: [...steps, step('deny', says, chosen)],
    }
  }
  steps.push(
    step('info', `${where} routes to ${target.host}${target.subset ? ` subset ${target.subset}` : ''}${share}`, chosen),
  )
  for (const copy of mirrorsOf(route)) {
    const says = `${where} sends a copy of the request to ${copy}, whose answer nobody waits for`
    steps.push(step('info', says, { ...evidence, field: `${evidence.field}.${route.mirror ? 'mirror' : 'mirrors'}` }))
  }
  const { request: sent, changes } = rewrite(route, match, target.headers, request)
  changes.responseSet.push(...(cors?.headers ?? []))
  const routed = toCluster(cluster, { ...call, http: sent }, steps, { name: found.name, ...patienceOf(route), ...late })
  return routed.kind === 'cluster' ? { ...routed, changes } : routed
}

/** A request to a service that no VirtualService speaks for. */
export const straightTo = (model: IstioModel, call: Call, asker: Asker, service: MeshService): Routed => {
  const cluster = clusterOf(model.destinationRules, asker, service, { port: asker.port })
  if (cluster === undefined) {
    const says = `${nameOf(refOf(service.object))} has no port ${asker.port}: the caller's proxy answers 404`
    return { kind: 'answer', answer: empty(404, 'NR', 'route_not_found', says), steps: [step('deny', says)] }
  }
  const http = call.http && { http: asSeen(model, call.http) }
  const named = call.http ? { name: 'default', retries: defaultRetries } : {}
  return toCluster(cluster, { ...call, ...http }, [], named)
}
