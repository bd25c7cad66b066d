/**
 * istiod's checks of an EnvoyFilter (pkg/config/validation/envoyfilter/envoyfilter.go).
 * Not modelled: whether a patch's value is a message of Envoy's API, and what in it is deprecated.
 */
import { type Fields, fields, isFields, list, text } from '../read.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { alphaSelector } from './selectors.ts'

const connectionManager = 'envoy.filters.network.http_connection_manager'

/** pkg/config/xds/deprecated.go (ReverseDeprecatedFilterNames), with the names of go-control-plane's wellknown. */
const renamed: Record<string, string> = {
  'envoy.buffer': 'envoy.filters.http.buffer',
  'envoy.cors': 'envoy.filters.http.cors',
  'envoy.csrf': 'envoy.filters.http.csrf',
  'envoy.http_dynamo_filter': 'envoy.filters.http.dynamo',
  // Of the network filter too: which of the two istiod names is left to chance.
  'envoy.ext_authz': 'envoy.filters.http.ext_authz',
  'envoy.fault': 'envoy.filters.http.fault',
  'envoy.grpc_http1_bridge': 'envoy.filters.http.grpc_http1_bridge',
  'envoy.grpc_json_transcoder': 'envoy.filters.http.grpc_json_transcoder',
  'envoy.grpc_web': 'envoy.filters.http.grpc_web',
  'envoy.gzip': 'envoy.filters.http.gzip',
  'envoy.health_check': 'envoy.filters.http.health_check',
  'envoy.ip_tagging': 'envoy.filters.http.ip_tagging',
  'envoy.lua': 'envoy.filters.http.lua',
  'envoy.rate_limit': 'envoy.filters.http.ratelimit',
  'envoy.router': 'envoy.filters.http.router',
  'envoy.squash': 'envoy.filters.http.squash',
  'envoy.listener.http_inspector': 'envoy.filters.listener.http_inspector',
  'envoy.listener.original_dst': 'envoy.filters.listener.original_dst',
  'envoy.listener.original_src': 'envoy.filters.listener.original_src',
  'envoy.listener.proxy_protocol': 'envoy.filters.listener.proxy_protocol',
  'envoy.listener.tls_inspector': 'envoy.filters.listener.tls_inspector',
  'envoy.client_ssl_auth': 'envoy.filters.network.client_ssl_auth',
  'envoy.http_connection_manager': connectionManager,
  'envoy.mongo_proxy': 'envoy.filters.network.mongo_proxy',
  'envoy.ratelimit': 'envoy.filters.network.ratelimit',
  'envoy.redis_proxy': 'envoy.filters.network.redis_proxy',
  'envoy.tcp_proxy': 'envoy.filters.network.tcp_proxy',
}

const say = (words: string): string => `Envoy filter: ${words}`

/** What keeps istiod from looking further at a patch. */
const incomplete = (patch: Fields): string | undefined => {
  const given = fields(patch.patch)
  if ((text(patch.applyTo) ?? 'INVALID') === 'INVALID') return 'missing applyTo'
  if (!isFields(patch.patch)) return 'missing patch'
  const operation = text(given.operation) ?? 'INVALID'
  if (operation === 'INVALID') return 'missing patch operation'
  return operation !== 'REMOVE' && !isFields(given.value) ? 'missing patch value for non-remove operation' : undefined
}

const proxyVersion = (findings: Findings, version: string): boolean => {
  if (version.length > 1024) {
    findings.warn(say('proxyVersion match exceeds 1024 characters and will be ignored'))
    return true
  }
  const wrong = version === '' ? undefined : findings.regexProblem(version)
  if (wrong !== undefined) findings.error(say(`invalid regex for proxy version, [${wrong}]`))
  return wrong === undefined
}

const filterMatch = (findings: Findings, filter: Fields, applyTo: string): boolean => {
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN')
    findings.warn(say(`filter match has no effect when used with ${applyTo}`))
  const name = text(filter.name) ?? ''
  const sub = isFields(filter.subFilter) ? (text(filter.subFilter.name) ?? '') : undefined
  const wrong = (): string | undefined => {
    if (name === '') return 'filter match has no name to match on'
    if (sub === undefined) return undefined
    if (applyTo !== 'HTTP_FILTER') return 'subfilter match can be used with applyTo HTTP_FILTER only'
    if (name !== connectionManager && name !== 'envoy.http_connection_manager')
      return `subfilter match requires filter match with ${connectionManager}`
    return sub === '' ? 'subfilter match has no name to match on' : undefined
  }
  const found = wrong()
  if (found !== undefined) {
    findings.error(say(found))
    return false
  }
  for (const each of [name, sub ?? ''])
    if (Object.hasOwn(renamed, each))
      findings.warn(`using deprecated filter name ${quoted(each)}; use ${quoted(renamed[each] ?? '')} instead`)
  return true
}

const listenerClass = new Set(['LISTENER', 'FILTER_CHAIN', 'NETWORK_FILTER', 'HTTP_FILTER'])
const routeClass = new Set(['ROUTE_CONFIGURATION', 'VIRTUAL_HOST', 'HTTP_ROUTE'])
const objectTypes = ['listener', 'routeConfiguration', 'cluster', 'waypoint']

/** False where istiod looks no further. */
const objectMatch = (findings: Findings, match: Fields, applyTo: string): boolean => {
  if (!objectTypes.some((name) => isFields(match[name]))) return true
  const must = (name: string, what: string, kind: string): boolean => {
    if (isFields(match[name])) return true
    findings.error(say(`applyTo for ${what} class objects cannot have non ${kind} match`))
    return false
  }
  if (listenerClass.has(applyTo)) {
    if (!must('listener', 'listener', 'listener')) return false
    const { filter } = fields(fields(match.listener).filterChain)
    return !isFields(filter) || filterMatch(findings, filter, applyTo)
  }
  if (routeClass.has(applyTo)) must('routeConfiguration', 'http route', 'route configuration')
  else if (applyTo === 'CLUSTER') must('cluster', 'cluster', 'cluster')
  return true
}

const named = new Set(['NETWORK_FILTER', 'HTTP_FILTER', 'LISTENER_FILTER', 'EXTENSION_CONFIG'])

/** Envoy once found filters by their names alone (recurseMissingTypedConfig; of the patch's own message only). */
const untyped = (findings: Findings, value: unknown, applyTo: string): void => {
  if (!named.has(applyTo) || !isFields(value)) return
  if (Object.keys(value).every((field) => ['name', 'disabled', 'is_optional', 'isOptional'].includes(field)))
    findings.warn(`using deprecated types by name without typed_config; ${text(value.name) ?? ''}`)
}

export const envoyFilter = (findings: Findings, spec: Fields): void => {
  findings.warn(
    'EnvoyFilter exposes internal implementation details that may change at any time. Prefer other APIs if possible, and exercise extreme caution, especially around upgrades.',
  )
  if (alphaSelector(findings, spec.workloadSelector, 'Envoy filter: ')) return
  for (const patch of list(spec.configPatches).map(fields)) {
    const match = fields(patch.match)
    if (match.context === 'WAYPOINT') continue
    const wrong = incomplete(patch)
    if (wrong !== undefined) findings.error(say(wrong))
    else if (proxyVersion(findings, text(fields(match.proxy).proxyVersion) ?? '')) {
      const applyTo = text(patch.applyTo) ?? ''
      if (objectMatch(findings, match, applyTo)) untyped(findings, fields(patch.patch).value, applyTo)
    }
  }
}
