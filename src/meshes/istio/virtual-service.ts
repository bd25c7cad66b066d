/**
 * VirtualServices: which one speaks for a host, and which of its routes takes a request. Upstream:
 * pilot/pkg/model/push_context.go (VirtualServicesForGateway), pilot/pkg/networking/core/httproute.go
 * (BuildSidecarOutboundVirtualHosts: the first of a host wins), pilot/pkg/networking/core/route/route.go.
 * Not modelled, and `unknown` where they would count: delegates.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { HttpRequest } from '../call.ts'
import { fullName, hostCovers } from '../match/hosts.ts'
import type { Evidence } from '../verdict.ts'
import { type Asker, isConfigured, matchesOf, matchesRequest, qualify } from './http-match.ts'
import { type Fields, fields, isFields, list, refOf, text, texts } from './read.ts'
import { routeDoubt } from './unmodelled.ts'

export interface VirtualService {
  object: KubeObject
  namespace: string
  /** Full names, lower case. */
  hosts: readonly string[]
  /** `mesh` or `namespace/name`. */
  gateways: ReadonlySet<string>
  exportTo: readonly string[]
  http: readonly Fields[]
  tls: readonly Fields[]
  tcp: readonly Fields[]
}

export const readVirtualService = (object: KubeObject): VirtualService => {
  const spec = fields(object.spec)
  const namespace = object.metadata.namespace ?? 'default'
  const gateways = texts(spec.gateways)
  return {
    object,
    namespace,
    hosts: texts(spec.hosts).map((host) => fullName(host, namespace).toLowerCase()),
    gateways: new Set(gateways.length === 0 ? ['mesh'] : gateways.map((each) => qualify(each, namespace))),
    exportTo: texts(spec.exportTo),
    http: list(spec.http).map(fields),
    tls: list(spec.tls).map(fields),
    tcp: list(spec.tcp).map(fields),
  }
}

/** Private ones first, then those exported by name, then public ones; each in their order of age. */
const rank = ({ exportTo, namespace }: VirtualService, from: string): number => {
  if (exportTo.length === 1 && (exportTo[0] === '.' || exportTo[0] === namespace)) return 0
  return exportTo.includes(from) || exportTo.includes('.') ? 1 : 2
}

/** The routes that the proxy gets of it. */
export const configured = (service: VirtualService, kind: 'http' | 'tls' | 'tcp', asker: Asker): boolean =>
  service[kind].some((route) => {
    const matches = matchesOf(route)
    return matches.length === 0 || matches.some((match) => isConfigured(match, asker, service.namespace, kind))
  })

/** By host, so that finding one does not depend on how many there are. Each in their order of age. */
export interface VirtualServices {
  all: readonly VirtualService[]
  exact: ReadonlyMap<string, readonly VirtualService[]>
  /** Longest first. */
  wildcard: readonly { host: string; service: VirtualService }[]
}

export const indexVirtualServices = (all: readonly VirtualService[]): VirtualServices => {
  const exact = new Map<string, VirtualService[]>()
  const wildcard: { host: string; service: VirtualService }[] = []
  for (const service of all)
    for (const host of service.hosts) {
      const found = exact.get(host)
      if (host.startsWith('*')) wildcard.push({ host, service })
      else if (found === undefined) exact.set(host, [service])
      else found.push(service)
    }
  return { all, exact, wildcard: wildcard.sort((a, b) => b.host.length - a.host.length) }
}

/** In istiod's order for proxies of that namespace; `found` are in order of age. */
export const inOrder = (found: readonly VirtualService[], from: string): VirtualService[] =>
  found.toSorted((a, b) => rank(a, from) - rank(b, from))

/**
 * The VirtualService that routes requests to a service of the registry, among those the sidecar `sees`: the first that
 * names its host and has a route for the asker. A wildcard counts where none names it, the longest and its first, even if
 * that has no route for the asker (pilot/pkg/model/sidecar.go, computeWildcardHostVirtualServiceIndex).
 */
export const virtualServiceFor = (
  { exact, wildcard }: VirtualServices,
  host: string,
  asker: Asker,
  sees: (service: VirtualService) => boolean,
): VirtualService | undefined => {
  const usable = (service: VirtualService): boolean => service.gateways.has('mesh') && sees(service)
  const naming = (exact.get(host) ?? []).filter(usable)
  const named = inOrder(naming, asker.namespace).find((each) => configured(each, 'http', asker))
  if (naming.length > 0 || wildcard.length === 0) return named
  const covering = wildcard.filter((each) => hostCovers(each.host, host) && usable(each.service))
  const longest = covering.filter((each) => each.host === covering[0]?.host).map(({ service }) => service)
  const first = inOrder(longest, asker.namespace)[0]
  return first && configured(first, 'http', asker) ? first : undefined
}

const firstOf = (
  found: readonly VirtualService[],
  asker: Asker,
  counts: (service: VirtualService) => boolean,
): VirtualService | undefined =>
  inOrder(found, asker.namespace).find(
    (each) => each.gateways.has('mesh') && counts(each) && configured(each, 'http', asker),
  )

/** For a host that no service has: the first that names it, counts and has a route for the asker. */
export const namedStranger = (
  { exact }: VirtualServices,
  host: string,
  asker: Asker,
  counts: (service: VirtualService) => boolean,
): VirtualService | undefined => firstOf(exact.get(host) ?? [], asker, counts)

/** The same by the longest wildcard; one that `isServices` is for the services that it covers alone. */
export const wildcardStranger = (
  { wildcard }: VirtualServices,
  host: string,
  asker: Asker,
  counts: (service: VirtualService) => boolean,
  isServices: (wildcard: string) => boolean,
): VirtualService | undefined => {
  const covering = wildcard.filter((each) => hostCovers(each.host, host) && !isServices(each.host))
  for (const each of covering) {
    const alike = covering.filter((other) => other.host === each.host).map(({ service }) => service)
    const found = firstOf(alike, asker, counts)
    if (found !== undefined) return found
  }
  return undefined
}

/** Which of two comes first in istiod's order for callers in that namespace. */
export const isBefore = (all: VirtualServices, a: VirtualService, b: VirtualService, from: string): boolean =>
  rank(a, from) === rank(b, from) ? all.all.indexOf(a) < all.all.indexOf(b) : rank(a, from) < rank(b, from)

/** Connections go by the first whose hosts cover that of the service, however long (networking/core/tls.go, getConfigsForHost). */
export const connectionServiceFor = (
  all: VirtualServices,
  host: string,
  kind: 'tls' | 'tcp',
  asker: Asker,
  sees: (service: VirtualService) => boolean,
): VirtualService | undefined => {
  const covering = all.wildcard.filter((each) => hostCovers(each.host, host)).map(({ service }) => service)
  return [...(all.exact.get(host) ?? []), ...covering]
    .filter((each) => each.gateways.has('mesh') && sees(each) && configured(each, kind, asker))
    .reduce<VirtualService | undefined>(
      (best, each) => (best === undefined || isBefore(all, each, best, asker.namespace) ? each : best),
      undefined,
    )
}

export interface FoundRoute {
  route: Fields
  /** `spec.http[0]` */
  evidence: Evidence
  /** The `match` that took the request; absent for a route without one. */
  match?: Fields
  /** `%ROUTE_NAME%` */
  name: string
}

const routeKeys = new Set(
  'name match route redirect directResponse rewrite timeout retries fault headers corsPolicy mirror mirrors mirror_percent mirrorPercent mirrorPercentage'.split(
    ' ',
  ),
)

/** What of a route is not modelled: the field's name. */
const unmodelled = (route: Fields): string | undefined =>
  Object.keys(route).find((key) => !routeKeys.has(key)) ?? routeDoubt(route)

/** The first route that takes the request; undefined: none does, which Envoy answers with 404. */
export const routeFor = (
  service: VirtualService,
  asker: Asker,
  request: HttpRequest,
): FoundRoute | { unsure: Evidence } | undefined => {
  for (const [index, route] of service.http.entries()) {
    const object = refOf(service.object)
    const found = (match?: Fields): FoundRoute | { unsure: Evidence } => {
      const field = unmodelled(route)
      if (field !== undefined) return { unsure: { object, field: `spec.http[${index}].${field}` } }
      const name = text(route.name) ?? ''
      const own = text(match?.name)
      return {
        route,
        evidence: { object, field: `spec.http[${index}]` },
        ...(match === undefined ? {} : { match }),
        name: own === undefined ? name : `${name}.${own}`,
      }
    }
    const matches = matchesOf(route)
    if (matches.length === 0) return found()
    for (const [at, match] of matches.entries()) {
      if (!isConfigured(match, asker, service.namespace, 'http')) continue
      const answer = matchesRequest(match, request, asker.claims)
      if (answer === 'unknown') return { unsure: { object, field: `spec.http[${index}].match[${at}]` } }
      if (answer === 'yes') return found(match)
    }
  }
  return undefined
}

export interface Destination {
  /** Full name, lower case. */
  host: string
  port?: number
  subset?: string
  weight: number
  headers: Fields
}

/** Where copies of requests go, as people wrote it; a share of 0 % is none (route.go, MirrorPercent). */
export const mirrorsOf = (route: Fields): string[] => {
  const share = fields(route.mirrorPercentage).value ?? route.mirrorPercent ?? route.mirror_percent
  const single = isFields(route.mirror) && share !== 0 ? [fields(route.mirror)] : []
  const several = list(route.mirrors)
    .map(fields)
    .filter((each) => fields(each.percentage).value !== 0)
    .map((each) => fields(each.destination))
  return [...single, ...several].map(({ host }) => text(host) ?? '')
}

/** `route[]` of an HTTP, TCP or TLS route. A single one without a weight takes everything. */
export const destinationsOf = (route: Fields, namespace: string): Destination[] => {
  const targets = list(route.route).map(fields)
  return targets.map((target) => {
    const destination = fields(target.destination)
    const number = fields(destination.port).number
    const subset = text(destination.subset)
    return {
      host: fullName(text(destination.host) ?? '', namespace).toLowerCase(),
      ...(typeof number === 'number' ? { port: number } : {}),
      ...(subset === undefined || subset === '' ? {} : { subset }),
      weight: typeof target.weight === 'number' ? target.weight : targets.length === 1 ? 100 : 0,
      headers: fields(target.headers),
    }
  })
}

export type FoundConnectionRoute = { route: Fields; evidence: Evidence } | { unsure: Evidence }

/** What of a match is not modelled; `evidence` is of its route. A gateway asks for no subnets (gateway.go, l4SingleMatch). */
const connectionDoubt = (match: Fields, asker: Asker, evidence: Evidence): { unsure: Evidence } | undefined =>
  asker.gateways.has('mesh') && (match.destinationSubnets !== undefined || match.sourceSubnet !== undefined)
    ? { unsure: { ...evidence, field: `${evidence.field}.match` } }
    : undefined

/** The TCP or TLS route that takes a connection. */
export const connectionRouteFor = (
  service: VirtualService,
  kind: 'tls' | 'tcp',
  asker: Asker,
  serverName: string,
): FoundConnectionRoute | undefined => {
  for (const [index, route] of service[kind].entries()) {
    const evidence = { object: refOf(service.object), field: `spec.${kind}[${index}]` }
    const matches = matchesOf(route)
    if (matches.length === 0 && kind === 'tcp') return { route, evidence }
    for (const match of matches) {
      if (!isConfigured(match, asker, service.namespace, kind)) continue
      const names = texts(match.sniHosts)
      if (names.length > 0 && !names.some((name) => hostCovers(name, serverName))) continue
      return connectionDoubt(match, asker, evidence) ?? { route, evidence }
    }
  }
  return undefined
}
