/**
 * HTTPRoutes on a Server: which one takes a request. Upstream: linkerd2-proxy linkerd/http/route/src (http.rs find,
 * http/match/{path,header,query_param}.rs), linkerd2 policy-controller/k8s/index/src/inbound/routes.rs.
 * Not modelled, and `unknown`: filters that the policy controller cannot index (the route as it was before stays in force).
 */
import type { KubeObject } from '../../kube/api.ts'
import type { HttpRequest } from '../call.ts'
import { type Fields, fields, list, refOf, text } from '../read.ts'
import type { Evidence } from '../verdict.ts'
import { isPolicyKind } from './authorization.ts'
import { type Filter, readFilter } from './filters.ts'

/** How good a match is: the greater wins, number by number. A path counts by its length alone (path.rs, Ord). */
export type Rank = readonly [host: number, path: number, headers: number, query: number, method: number]

export interface RouteRule {
  evidence: Evidence
  /** How well it takes the request; undefined: not at all. */
  rank(request: HttpRequest): Rank | undefined
  filters: readonly Filter[]
}

export interface Route {
  object: KubeObject
  rules: readonly RouteRule[]
  /** A filter because of which the policy controller does not take the route. */
  unread?: Evidence
}

export const isRouteKind = ({ kind, apiVersion }: KubeObject): boolean =>
  kind === 'HTTPRoute' && /^(policy\.linkerd\.io|gateway\.networking\.k8s\.io)\//.test(apiVersion)

export const groupOf = (object: KubeObject): string => object.apiVersion.split('/')[0] ?? ''

/**
 * The Servers that a route hangs on. One reference to a Server by namespace, port or section, and the whole route counts
 * for nothing (inbound/routes.rs, InvalidParentRef).
 */
export const serversOf = (object: KubeObject): string[] => {
  const refs = list(fields(object.spec).parentRefs)
    .map(fields)
    .filter((ref) => isPolicyKind(ref, 'Server') && text(ref.name))
  const isWrong = refs.some(
    ({ namespace, port, sectionName }) =>
      port !== undefined ||
      sectionName !== undefined ||
      (text(namespace) !== undefined && namespace !== object.metadata.namespace),
  )
  return isWrong ? [] : refs.flatMap(({ name }) => text(name) ?? [])
}

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

export const better = (a: Rank, b: Rank): boolean => {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value > (b[index] ?? 0)
  return false
}

/** An exact host before a wildcard before none, the longer first; undefined: the route is for other hosts. */
export const hostRank = (hosts: readonly string[], authority: string): number | undefined => {
  if (hosts.length === 0) return 0
  const asked = authority.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase()
  const ranks = hosts.flatMap((host) => {
    const wanted = host.toLowerCase()
    if (wanted.startsWith('*.')) return asked.endsWith(wanted.slice(1)) ? [wanted.length] : []
    return asked === wanted ? [1000 + wanted.length] : []
  })
  return ranks.length === 0 ? undefined : Math.max(...ranks)
}

export const readRoute = (object: KubeObject): Route => {
  const spec = fields(object.spec)
  const hosts = list(spec.hostnames).flatMap((each) => text(each) ?? [])
  const ref = refOf(object)
  const wrong = list(spec.rules).flatMap((rule, index) =>
    list(fields(rule).filters).some((each) => readFilter(each) === undefined)
      ? [{ object: ref, field: `spec.rules[${index}].filters`, rule: index }]
      : [],
  )[0]
  return {
    object,
    ...(wrong === undefined ? {} : { unread: wrong }),
    rules: list(spec.rules).map((each, index) => {
      const rule = fields(each)
      const matches = list(rule.matches).map(fields)
      const field = `spec.rules[${index}]`
      return {
        evidence: { object: ref, field, rule: index },
        filters: list(rule.filters).flatMap((each) => readFilter(each) ?? []),
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
): { route: Route; rule: RouteRule; rank: Rank } | undefined => {
  let best: { route: Route; rule: RouteRule; rank: Rank } | undefined
  for (const route of routes)
    for (const rule of route.rules) {
      const rank = rule.rank(request)
      if (rank && (!best || better(rank, best.rank))) best = { route, rule, rank }
    }
  return best
}
