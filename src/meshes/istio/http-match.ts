/**
 * `match` of a VirtualService's HTTP route, as Envoy's route matcher reads it. Upstream:
 * pilot/pkg/networking/core/route/route.go (TranslateRouteMatch, sourceMatchHTTP), envoy source/common/router/config_impl.cc.
 */
import type { HttpRequest } from '../call.ts'
import { hasLabels, type Labels } from '../match/labels.ts'
import { withoutQuery } from '../match/paths.ts'
import { claimAt } from './claims.ts'
import { type Fields, fields, isFields, labelMap, list, text, texts } from './read.ts'

/** `unknown`: a field of the match is not modelled. */
export type Answer = 'yes' | 'no' | 'unknown'

/** RE2 as JavaScript runs it, over the whole text; undefined: an expression that JavaScript does not know. */
export const fullRegex = (source: string): RegExp | undefined => {
  const folded = /^\(\?i\)/.test(source)
  try {
    return new RegExp(`^(?:${folded ? source.slice(4) : source})$`, folded ? 'is' : 's')
  } catch {
    return undefined
  }
}

/** Nothing to compare with asks for presence only, and so does `*`, which is no expression (canBeConvertedToPresentMatch). */
const isPresence = (match: Fields): boolean =>
  match.exact === undefined && match.prefix === undefined && (match.regex === undefined || match.regex === '*')

/** A StringMatch. */
export const testText = (match: Fields, value: string | undefined, ignoreCase = false): Answer => {
  if (value === undefined) return 'no'
  if (isPresence(match)) return 'yes'
  const fold = (each: string): string => (ignoreCase ? each.toLowerCase() : each)
  const exact = text(match.exact)
  if (exact !== undefined) return fold(value) === fold(exact) ? 'yes' : 'no'
  const prefix = text(match.prefix)
  if (prefix !== undefined) return fold(value).startsWith(fold(prefix)) ? 'yes' : 'no'
  const expression = fullRegex(text(match.regex) ?? '')
  if (expression === undefined) return 'unknown'
  return expression.test(value) ? 'yes' : 'no'
}

const inverted: Record<Answer, Answer> = { yes: 'no', no: 'yes', unknown: 'unknown' }

/** One of several texts has to match. */
const testAny = (match: Fields, values: readonly string[]): Answer => {
  const answers = values.map((value) => testText(match, value))
  return answers.find((each) => each === 'yes') ?? answers.find((each) => each === 'unknown') ?? 'no'
}

/** `@request.auth.claims.a.b` and `@request.auth.claims[a][b]`; undefined: an ordinary header (pkg/jwt/routing.go). */
const routingClaim = (header: string): string[] | undefined => {
  const path = /^@request\.auth\.claims(?:\.(.+)|\[(.+)\])$/is.exec(header)
  return path?.[1]?.split('.') ?? path?.[2]?.split('][')
}

/** Texts and lists of texts can be matched; without a token nothing is. */
const testClaim = (match: Fields, claims: Fields | undefined, path: readonly string[]): Answer => {
  if (isPresence(match)) return 'unknown'
  const value = claimAt(claims, path)
  return testAny(
    match,
    [value].flat().filter((each) => typeof each === 'string'),
  )
}

/** Envoy takes the scheme from X-Forwarded-Proto, which a gateway writes (source/common/http/conn_manager_utility.cc). */
const schemeOf = ({ headers }: HttpRequest): string =>
  headers.find(([name, value]) => name === 'x-forwarded-proto' && /^https?$/.test(value))?.[1] ?? 'http'

/** Repeated lines count as one, joined with commas. */
const headerOf = (request: HttpRequest, name: string): string | undefined => {
  const pseudo: Record<string, string> = {
    ':authority': request.authority,
    host: request.authority,
    ':method': request.method,
    ':path': request.path,
    ':scheme': schemeOf(request),
  }
  if (Object.hasOwn(pseudo, name)) return pseudo[name]
  const values = request.headers.filter(([key]) => key === name).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(',')
}

const queryOf = (path: string, name: string): string | undefined => {
  const start = path.indexOf('?')
  return start < 0 ? undefined : (new URLSearchParams(path.slice(start + 1)).get(name) ?? undefined)
}

const knownKeys = new Set(
  'name uri scheme method authority headers port sourceLabels gateways queryParams ignoreUriCase withoutHeaders sourceNamespace statPrefix'.split(
    ' ',
  ),
)

/** Who asks, for the parts of a match that istiod settles before it configures a proxy. */
export interface Asker {
  labels: Labels
  namespace: string
  /** Port that the proxy listens on: the Service port for a sidecar, the server's for a gateway. */
  port: number
  /** `mesh`, or `namespace/name` of the Gateways that the proxy serves. */
  gateways: ReadonlySet<string>
  /** Of the token that the proxy itself accepted; a sidecar accepts none from its own application. */
  claims?: Fields | undefined
}

/**
 * Whether the proxy gets this match at all. Of HTTP, `gateways` stand in for `sourceLabels` and `sourceNamespace`
 * (route.go, sourceMatchHTTP); of TCP and TLS all must agree (tls.go, matchTCP and matchTLS).
 */
export const isConfigured = (match: Fields, asker: Asker, home: string, kind: 'http' | 'tls' | 'tcp'): boolean => {
  if (typeof match.port === 'number' && match.port !== 0 && match.port !== asker.port) return false
  const gateways = texts(match.gateways)
  if (gateways.length > 0) {
    const isAmong = gateways.some((each) => asker.gateways.has(each === 'mesh' ? each : qualify(each, home)))
    if (kind === 'http' || !isAmong) return isAmong
  }
  // Of matches of connections a gateway asks no more (networking/core/gateway.go, l4SingleMatch).
  if (kind !== 'http' && !asker.gateways.has('mesh')) return true
  if (!hasLabels(labelMap(match.sourceLabels), asker.labels)) return false
  const namespace = text(match.sourceNamespace) ?? ''
  return namespace === '' || namespace === asker.namespace
}

/** `public` written in namespace `shop` is the Gateway `shop/public`. */
export const qualify = (gateway: string, home: string): string =>
  gateway === 'mesh' || gateway.includes('/') ? gateway : `${home}/${gateway}`

const conditions = ['headers', 'withoutHeaders', 'queryParams', 'method', 'authority', 'scheme']

/** Whether it takes every request, as a route without a match does (networking/core/route/route.go, IsCatchAllRoute). */
export const takesAll = (match: Fields | undefined): boolean => {
  const { prefix = '/', regex, exact } = fields(match?.uri)
  const isAnyPath = exact === undefined && (text(regex) === undefined ? prefix === '/' : regex === '.*')
  return isAnyPath && conditions.every((key) => Object.keys(fields(match?.[key])).length === 0)
}

/** Whether a request meets every part of the match; `claims` as for Asker. */
export const matchesRequest = (match: Fields, request: HttpRequest, claims?: Fields): Answer => {
  if (Object.keys(match).some((key) => !knownKeys.has(key))) return 'unknown'
  const answers: Answer[] = []
  const ask = (part: unknown, value: string | undefined, ignoreCase = false): void => {
    if (isFields(part) && !isPresence(part)) answers.push(testText(part, value, ignoreCase))
  }
  ask(match.uri, withoutQuery(request.path), match.ignoreUriCase === true)
  ask(match.method, request.method)
  ask(match.authority, request.authority)
  ask(match.scheme, schemeOf(request))
  for (const [name, value] of Object.entries(fields(match.headers))) {
    const [wanted, claim] = [fields(value), routingClaim(name)]
    answers.push(claim ? testClaim(wanted, claims, claim) : testText(wanted, headerOf(request, name.toLowerCase())))
  }
  for (const [name, value] of Object.entries(fields(match.withoutHeaders))) {
    const [wanted, claim] = [fields(value), routingClaim(name)]
    // A header that is not there counts as empty (treat_missing_header_as_empty), but for presence.
    const seen = headerOf(request, name.toLowerCase()) ?? (isPresence(wanted) ? undefined : '')
    answers.push(inverted[claim ? testClaim(wanted, claims, claim) : testText(wanted, seen)])
  }
  for (const [name, wanted] of Object.entries(fields(match.queryParams)))
    answers.push(testText(fields(wanted), queryOf(request.path, name)))
  if (answers.includes('no')) return 'no'
  return answers.includes('unknown') ? 'unknown' : 'yes'
}

/** Whether nothing that follows can be reached: the route takes every request. */
export const matchesOf = (route: Fields): Fields[] => list(route.match).map(fields)
