/**
 * `match` of a VirtualService's HTTP route, as Envoy's route matcher reads it. Upstream:
 * pilot/pkg/networking/core/route/route.go (TranslateRouteMatch, sourceMatchHTTP), envoy source/common/router/config_impl.cc.
 */
import type { HttpRequest } from '../call.ts'
import { hasLabels, type Labels } from '../match/labels.ts'
import { withoutQuery } from '../match/paths.ts'
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

/** A StringMatch; an empty one asks for presence only. */
const testText = (match: Fields, value: string | undefined, ignoreCase = false): Answer => {
  if (value === undefined) return 'no'
  const fold = (each: string): string => (ignoreCase ? each.toLowerCase() : each)
  const exact = text(match.exact)
  if (exact !== undefined) return fold(value) === fold(exact) ? 'yes' : 'no'
  const prefix = text(match.prefix)
  if (prefix !== undefined) return fold(value).startsWith(fold(prefix)) ? 'yes' : 'no'
  const regex = text(match.regex)
  if (regex === undefined) return 'yes'
  const expression = fullRegex(regex)
  if (expression === undefined) return 'unknown'
  return expression.test(value) ? 'yes' : 'no'
}

const isPresence = (match: Fields): boolean =>
  match.exact === undefined && match.prefix === undefined && match.regex === undefined

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
}

/** Whether the proxy gets this match at all. */
export const isConfigured = (match: Fields, asker: Asker, home: string): boolean => {
  if (typeof match.port === 'number' && match.port !== 0 && match.port !== asker.port) return false
  const gateways = texts(match.gateways)
  if (gateways.length > 0)
    return gateways.some((each) => asker.gateways.has(each === 'mesh' ? each : qualify(each, home)))
  if (!hasLabels(labelMap(match.sourceLabels), asker.labels)) return false
  const namespace = text(match.sourceNamespace) ?? ''
  return namespace === '' || namespace === asker.namespace
}

/** `public` written in namespace `shop` is the Gateway `shop/public`. */
export const qualify = (gateway: string, home: string): string =>
  gateway === 'mesh' || gateway.includes('/') ? gateway : `${home}/${gateway}`

/** Whether a request meets every part of the match. */
export const matchesRequest = (match: Fields, request: HttpRequest): Answer => {
  if (Object.keys(match).some((key) => !knownKeys.has(key))) return 'unknown'
  const answers: Answer[] = []
  const ask = (part: unknown, value: string | undefined, ignoreCase = false): void => {
    if (isFields(part) && !isPresence(part)) answers.push(testText(part, value, ignoreCase))
  }
  ask(match.uri, withoutQuery(request.path), match.ignoreUriCase === true)
  ask(match.method, request.method)
  ask(match.authority, request.authority)
  ask(match.scheme, schemeOf(request))
  for (const [name, wanted] of Object.entries(fields(match.headers)))
    answers.push(testText(fields(wanted), headerOf(request, name.toLowerCase())))
  for (const [name, wanted] of Object.entries(fields(match.withoutHeaders))) {
    const found = testText(fields(wanted), headerOf(request, name.toLowerCase()))
    answers.push(found === 'unknown' ? found : found === 'yes' ? 'no' : 'yes')
  }
  for (const [name, wanted] of Object.entries(fields(match.queryParams)))
    answers.push(testText(fields(wanted), queryOf(request.path, name)))
  if (answers.includes('no')) return 'no'
  return answers.includes('unknown') ? 'unknown' : 'yes'
}

/** Whether nothing that follows can be reached: the route takes every request. */
export const matchesOf = (route: Fields): Fields[] => list(route.match).map(fields)
