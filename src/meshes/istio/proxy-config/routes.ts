/**
 * Routes of a sidecar as `/config_dump` shows them. Upstream: pilot/pkg/networking/core/httproute.go
 * (buildSidecarOutboundHTTPRouteConfig, generateVirtualHostDomains), pilot/pkg/networking/core/route/route.go.
 * Not modelled: retry policies, header changes, mirrors and CORS of a route.
 */
import type { KubeObject } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import type { IstioModel } from '../compile.ts'
import { literalRoutes } from '../host-routes.ts'
import { type Asker, isConfigured, matchesOf, takesAll } from '../http-match.ts'
import { type Fields, fields, text } from '../read.ts'
import type { MeshService } from '../registry.ts'
import { destinationCluster } from '../routing.ts'
import type { Scope } from '../sidecar.ts'
import { destinationsOf, type VirtualService, virtualServiceFor } from '../virtual-service.ts'
import { type KnownPort, outboundPorts, scopeFor } from './services.ts'

type Json = Record<string, unknown>

export const routesType = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration'

const stringMatch = (value: Fields): Json => {
  const regex = text(value.regex)
  return regex === undefined ? { ...value } : { safe_regex: { regex } }
}

const headerMatch = (name: string, value: unknown, invert: boolean): Json => {
  const wanted = fields(value)
  const says = Object.keys(wanted).length === 0 ? { present_match: true } : { string_match: stringMatch(wanted) }
  return { name, ...says, ...(invert ? { invert_match: true } : {}) }
}

const byName = (headers: unknown): [string, unknown][] =>
  Object.entries(fields(headers)).sort(([a], [b]) => (a < b ? -1 : 1))

const pathMatch = (uri: Fields): Json => {
  const [exact, prefix, regex] = [text(uri.exact), text(uri.prefix), text(uri.regex)]
  if (exact !== undefined) return { path: exact }
  if (regex !== undefined) return { safe_regex: { regex } }
  return { prefix: prefix ?? '/' }
}

const pseudo = { method: ':method', authority: ':authority', scheme: ':scheme' } as const

const matchOf = (match: Fields | undefined): Json => {
  if (match === undefined) return { prefix: '/' }
  const headers = [
    ...byName(match.withoutHeaders).map(([name, value]) => headerMatch(name, value, true)),
    ...byName(match.headers).map(([name, value]) => headerMatch(name, value, false)),
    ...(Object.keys(pseudo) as (keyof typeof pseudo)[]).flatMap((key) =>
      match[key] === undefined ? [] : [headerMatch(pseudo[key], match[key], false)],
    ),
  ]
  const parameters = Object.entries(fields(match.queryParams)).map(([name, value]) => ({
    name,
    string_match: stringMatch(fields(value)),
  }))
  return {
    ...pathMatch(fields(match.uri)),
    case_sensitive: match.ignoreUriCase !== true,
    ...(headers.length > 0 ? { headers } : {}),
    ...(parameters.length > 0 ? { query_parameters: parameters } : {}),
  }
}

const redirectCodes: Readonly<Record<number, string>> = {
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
}

/** What the proxy does with a request that the route takes. */
const actionOf = (model: IstioModel, asker: Asker, route: Fields, home: string): Json => {
  if (route.redirect !== undefined) {
    const { uri, authority, redirectCode } = fields(route.redirect)
    return {
      redirect: {
        ...(text(authority) === undefined ? {} : { host_redirect: authority }),
        ...(text(uri) === undefined ? {} : { path_redirect: uri }),
        ...(redirectCodes[Number(redirectCode)] ? { response_code: redirectCodes[Number(redirectCode)] } : {}),
      },
    }
  }
  if (route.directResponse !== undefined) {
    const { status, body } = fields(route.directResponse)
    const inline_string = text(fields(body).string)
    return { direct_response: { status, ...(inline_string === undefined ? {} : { body: { inline_string } }) } }
  }
  const targets = destinationsOf(route, home).map((target) => ({
    name: destinationCluster(model, asker, target).name,
    weight: target.weight,
  }))
  const prefix_rewrite = text(fields(route.rewrite).uri)
  return {
    route: {
      ...(targets.length === 1 ? { cluster: targets[0]?.name } : { weighted_clusters: { clusters: targets } }),
      timeout: text(route.timeout) ?? '0s',
      ...(prefix_rewrite === undefined ? {} : { prefix_rewrite }),
    },
  }
}

const configOf = ({ metadata }: KubeObject): Json => ({
  filter_metadata: {
    istio: { config: `/apis/networking.istio.io/v1/namespaces/${metadata.namespace}/virtual-service/${metadata.name}` },
  },
})

/** The routes of a VirtualService that this proxy gets, one for each match; `last` takes every request that comes to it. */
export interface ServiceRoutes {
  routes: Json[]
  last?: Json
}

/** istiod sends none after one that takes every request (BuildHTTPRoutesForVirtualService). */
export const routesOfService = (model: IstioModel, asker: Asker, service: VirtualService): ServiceRoutes => {
  const routes: Json[] = []
  for (const route of service.http) {
    const given = matchesOf(route)
    for (const match of given.length === 0 ? [undefined] : given) {
      if (match && !isConfigured(match, asker, service.namespace, 'http')) continue
      const name = [text(route.name), text(match?.name)].filter(Boolean).join('.')
      const made = {
        ...(name === '' ? {} : { name }),
        match: matchOf(match),
        ...actionOf(model, asker, route, service.namespace),
        metadata: configOf(service.object),
      }
      if (takesAll(match)) return { routes, last: made }
      routes.push(made)
    }
  }
  return { routes }
}

const inTheirOrder = ({ routes, last }: ServiceRoutes): Json[] => (last === undefined ? routes : [...routes, last])

export type VirtualHost = Json & { name: string }

const straight = (cluster: string): Json => ({
  name: 'default',
  match: { prefix: '/' },
  route: { cluster, timeout: '0s' },
})

/** The names that a Host header may use for the service, in istiod's order. */
const domainsOf = (service: MeshService, from: string): string[] => {
  const { host, namespace, kubernetes, addresses } = service
  if (kubernetes === undefined) return [host, `${host}.`, ...addresses]
  const { name } = kubernetes.metadata
  const near = namespace === from ? [name, `${name}.${namespace}.svc`, `${name}.${namespace}`] : []
  const far = namespace === from ? [] : [`${name}.${namespace}`, `${name}.${namespace}.svc`]
  const names = [host, `${host}.`, ...near, ...far]
  // The pods of a headless Service have names below its own.
  return [...names, ...(service.originalDestination ? names.map((each) => `*.${each}`) : []), ...addresses]
}

const catchAll = (scope: Scope): Json =>
  scope.outboundPolicy === 'ALLOW_ANY'
    ? {
        name: 'allow_any',
        domains: ['*'],
        routes: [
          { name: 'allow_any', match: { prefix: '/' }, route: { cluster: 'PassthroughCluster', timeout: '0s' } },
        ],
      }
    : {
        name: 'block_all',
        domains: ['*'],
        routes: [{ name: 'block_all', match: { prefix: '/' }, direct_response: { status: 502 } }],
      }

export const routeConfiguration = (name: string, virtual_hosts: Json[]): Json => ({
  '@type': routesType,
  name,
  virtual_hosts,
  validate_clusters: false,
})

export const sidecarRoutes = (model: IstioModel, pod: Pod): Json[] => {
  const scope = scopeFor(model, pod)
  const asker = (port: number): Asker => ({
    labels: pod.metadata.labels,
    namespace: scope.from,
    port,
    gateways: new Set(['mesh']),
  })
  const ports = outboundPorts(model, scope)
  const virtualHost = ({ service, port }: KnownPort): VirtualHost => {
    const own = virtualServiceFor(model.virtualServices, service.host, asker(port.number), scope.seesRoutes)
    return {
      name: `${service.host}:${port.number}`,
      // A name that a VirtualService has written out may be its own.
      domains: domainsOf(service, scope.from).filter(
        (domain) => literalRoutes(model, domain, asker(port.number), scope, service) === undefined,
      ),
      routes: own
        ? inTheirOrder(routesOfService(model, asker(port.number), own))
        : [straight(`outbound|${port.number}||${service.host}`)],
    }
  }
  /** Hosts outside the registry that VirtualServices speak for. */
  const strangers = (port: number): VirtualHost[] => {
    const known = new Set(ports.map(({ service }) => service.host))
    const hosts = new Set(model.virtualServices.all.flatMap((service) => service.hosts))
    return [...hosts]
      .filter((host) => !known.has(host))
      .flatMap((host) => {
        const own = literalRoutes(model, host, asker(port), scope)
        return own
          ? [
              {
                name: `${host}:${port}`,
                domains: [host],
                routes: inTheirOrder(routesOfService(model, asker(port), own)),
              },
            ]
          : []
      })
  }
  const byPort = new Map<number, KnownPort[]>()
  for (const known of ports)
    if (known.port.protocol === 'http') byPort.set(known.port.number, [...(byPort.get(known.port.number) ?? []), known])
  const shared = [...byPort].map(([port, known]) =>
    routeConfiguration(String(port), [
      ...[...known.map(virtualHost), ...strangers(port)].sort((a, b) => (a.name < b.name ? -1 : 1)),
      catchAll(scope),
    ]),
  )
  const detected = ports
    .filter(({ port }) => port.protocol === 'auto')
    .map((known) => {
      const host = virtualHost(known)
      return routeConfiguration(host.name, [{ ...host, domains: ['*'] }])
    })
  return [...shared, ...detected]
}
