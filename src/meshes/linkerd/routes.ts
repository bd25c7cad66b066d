/**
 * HTTPRoutes on a Server: which one takes a request. Upstream: linkerd2-proxy linkerd/http/route/src (http.rs find,
 * http/match/{path,header,query_param}.rs), linkerd2 policy-controller/k8s/index/src/inbound/routes.rs.
 * Not modelled, and `unknown`: filters, GRPCRoute.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { HttpRequest } from '../call.ts'
import { type Fields, fields, list, refOf, text } from '../read.ts'
import type { Evidence } from '../verdict.ts'
import { isPolicyKind } from './authorization.ts'

/** How good a match is: the greater wins, number by number. A path counts by its length alone (path.rs, Ord). */
type Rank = readonly [host: number, path: number, headers: number, query: number, method: number]

export interface RouteRule {
  evidence: Evidence
  /** How well it takes the request; undefined: not at all. */
  rank(request: HttpRequest): Rank | undefined
  /** A filter that is not modelled. */
  filter?: Evidence
}

export interface Route {
  object: KubeObject
  rules: readonly RouteRule[]
}

export const isRouteKind = ({ kind, apiVersion }: KubeObject): boolean =>
  kind === 'HTTPRoute' && /^(policy\.linkerd\.io|gateway\.networking\.k8s\.io)\//.test(apiVersion)

export const groupOf = (object: KubeObject): string => object.apiVersion.split('/')[0] ?? ''

/** The Servers that a route hangs on. A parentRef with another namespace, a port or a section does not attach. */
export const serversOf = (object: KubeObject): string[] =>
  list(fields(object.spec).parentRefs).flatMap((each) => {
    const ref = fields(each)
    if (!isPolicyKind(ref, 'Server') || ref.port !== undefined || ref.sectionName !== undefined) return []
    const namespace = text(ref.namespace)
    if (namespace !== undefined && namespace !== object.metadata.namespace) return []
    return text(ref.name) ?? []
  })

const pathOf = (request: HttpRequest): string => request.path.split('?')[0] || '/'

/** A regular expression has to cover the whole text. Rust's and JavaScript's agree on what routes use. */
const covers = (pattern: string, value: string): boolean => {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(value)
  } catch {
    return false
  }
}

/** How much of the path is matched; undefined: it does not match. */
const pathRank = (said: Fields, path: string): number | undefined => {
  const value = text(said.value) ?? '/'
  switch (text(said.type) ?? 'PathPrefix') {
    case 'Exact':
      return value === path ? value.length : undefined
    case 'RegularExpression':
      return covers(value, path) ? path.length : undefined
    default: {
      if (value === '/') return 1
      const prefix = value.replace(/\/+$/, '')
      const asked = path.replace(/\/+$/, '')
      if (!asked.startsWith(prefix)) return undefined
      const rest = asked.slice(prefix.length)
      return rest === '' || rest.startsWith('/') ? prefix.length : undefined
    }
  }
}

const holds = (said: Fields, values: readonly string[]): boolean => {
  const wanted = text(said.value) ?? ''
  return values.some((value) => (said.type === 'RegularExpression' ? covers(wanted, value) : value === wanted))
}

const matchRank = (match: Fields, request: HttpRequest, host: number): Rank | undefined => {
  const path = pathRank(fields(match.path), pathOf(request))
  if (path === undefined) return undefined
  const headers = list(match.headers).map(fields)
  const query = list(match.queryParams).map(fields)
  const method = text(match.method)
  if (method !== undefined && method !== request.method) return undefined
  const named = (name: unknown): string[] =>
    request.headers.filter(([each]) => each === (text(name) ?? '').toLowerCase()).map(([, value]) => value)
  if (!headers.every((each) => holds(each, named(each.name)))) return undefined
  const asked = new URLSearchParams(request.path.split('?')[1] ?? '')
  if (!query.every((each) => holds(each, asked.getAll(text(each.name) ?? '')))) return undefined
  return [host, path, headers.length, query.length, method === undefined ? 0 : 1]
}

const better = (a: Rank, b: Rank): boolean => {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value > (b[index] ?? 0)
  return false
}

/** An exact host before a wildcard before none, the longer first; undefined: the route is for other hosts. */
const hostRank = (hosts: readonly string[], authority: string): number | undefined => {
  if (hosts.length === 0) return 0
  const asked = authority.replace(/:\d+$/, '').toLowerCase()
  const ranks = hosts.flatMap((host) => {
    if (host.startsWith('*.')) return asked.endsWith(host.slice(1)) ? [host.length] : []
    return asked === host.toLowerCase() ? [1000 + host.length] : []
  })
  return ranks.length === 0 ? undefined : Math.max(...ranks)
}

export const readRoute = (object: KubeObject): Route => {
  const spec = fields(object.spec)
  const hosts = list(spec.hostnames).flatMap((each) => text(each) ?? [])
  const ref = refOf(object)
  return {
    object,
    rules: list(spec.rules).map((each, index) => {
      const rule = fields(each)
      const matches = list(rule.matches).map(fields)
      const field = `spec.rules[${index}]`
      return {
        evidence: { object: ref, field, rule: index },
        ...(list(rule.filters).length > 0 ? { filter: { object: ref, field: `${field}.filters`, rule: index } } : {}),
        rank(request) {
          const host = hostRank(hosts, request.authority)
          if (host === undefined) return undefined
          if (matches.length === 0) return [host, 0, 0, 0, 0]
          const ranks = matches.map((match) => matchRank(match, request, host)).filter((rank) => rank !== undefined)
          return ranks.reduce<Rank | undefined>((best, rank) => (best && !better(rank, best) ? best : rank), undefined)
        },
      }
    }),
  }
}

/** The rule that takes the request; of equals the first of the oldest route. */
export const findRoute = (
  routes: readonly Route[],
  request: HttpRequest,
): { route: Route; rule: RouteRule } | undefined => {
  let best: { route: Route; rule: RouteRule; rank: Rank } | undefined
  for (const route of routes)
    for (const rule of route.rules) {
      const rank = rule.rank(request)
      if (rank && (!best || better(rank, best.rank))) best = { route, rule, rank }
    }
  return best
}
