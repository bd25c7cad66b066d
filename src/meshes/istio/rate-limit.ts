/**
 * The one kind of EnvoyFilter that is understood: a local rate limit in front of a workload, as the Istio task describes
 * it. Upstream: istio.io tasks/policy-enforcement/rate-limit (local), pilot/pkg/networking/core/envoyfilter/listener_patch.go
 * (patchHTTPFilters), envoy source/extensions/filters/http/local_ratelimit/local_ratelimit.cc.
 * Not modelled, and `unknown`: descriptors, per-route configuration, stages, any other filter or place of insertion.
 */
import type { KubeObject } from '../../kube/api.ts'
import { hasLabels, type Labels } from '../match/labels.ts'
import type { RateLimit } from '../verdict.ts'
import { milliseconds } from './duration.ts'
import { type Fields, fields, isFields, labelMap, list, refOf, text } from './read.ts'

const filterName = 'envoy.filters.http.local_ratelimit'
const knownKeys = new Set(
  '@type stat_prefix statPrefix token_bucket tokenBucket filter_enabled filterEnabled filter_enforced filterEnforced response_headers_to_add responseHeadersToAdd status local_rate_limit_per_downstream_connection'.split(
    ' ',
  ),
)

/** Protobuf takes both spellings of a field. */
const either = (from: Fields, snake: string): unknown =>
  from[snake] ?? from[snake.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]

const perHundred: Record<string, number> = { HUNDRED: 1, TEN_THOUSAND: 100, MILLION: 10_000 }

/** A RuntimeFractionalPercent in percent; absent: 0. Undefined: no such denominator. */
const percentOf = (value: unknown): number | undefined => {
  const fraction = fields(either(fields(value), 'default_value'))
  const numerator = typeof fraction.numerator === 'number' ? fraction.numerator : 0
  const denominator = perHundred[text(fraction.denominator) ?? 'HUNDRED']
  return denominator === undefined ? undefined : numerator / denominator
}

const isOurs = (url: unknown): boolean =>
  text(url)?.endsWith('/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit') ?? false

/** The configuration inside a patch, through TypedStruct where it is wrapped; undefined: it says to be of another type. */
const configOf = (patch: Fields): Fields | undefined => {
  const value = fields(patch.value)
  const typed = fields(either(value, 'typed_config'))
  if (isOurs(typed['@type'])) return typed
  const isStruct = /\/(udpa\.type\.v1|xds\.type\.v3)\.TypedStruct$/.test(text(typed['@type']) ?? '')
  return isStruct && isOurs(either(typed, 'type_url')) && isFields(typed.value) ? fields(typed.value) : undefined
}

const connectionManager = 'envoy.filters.network.http_connection_manager'

const whole = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined

/** The patch as a rate limit; `none`: it matches nothing; undefined: it is something else, or not modelled. */
const readPatch = (object: KubeObject, index: number): (RateLimit & { port?: number }) | 'none' | undefined => {
  const patch = fields(list(fields(object.spec).configPatches)[index])
  const match = fields(patch.match)
  const context = text(match.context) ?? 'ANY'
  const change = fields(patch.patch)
  if (text(patch.applyTo) !== 'HTTP_FILTER' || text(fields(change.value).name) !== filterName) return undefined
  if (context !== 'SIDECAR_INBOUND') return undefined
  const listener = fields(match.listener)
  const chain = fields(listener.filterChain)
  const filter = fields(chain.filter)
  const otherListener = Object.keys(listener).some((key) => key !== 'filterChain' && key !== 'portNumber')
  const otherChain = Object.keys(chain).some((key) => key !== 'filter')
  if (otherListener || otherChain || match.proxy !== undefined || match.routeConfiguration !== undefined)
    return undefined
  const before = text(fields(filter.subFilter).name)
  const operation = text(change.operation)
  const first = operation === 'INSERT_FIRST' || (operation === 'INSERT_BEFORE' && before === undefined)
  if (!first && !(operation === 'INSERT_BEFORE' && before === 'envoy.filters.http.router')) return undefined
  const config = configOf(change)
  if (
    config === undefined ||
    text(either(config, 'stat_prefix')) === undefined ||
    Object.keys(config).some((key) => !knownKeys.has(key)) ||
    config.local_rate_limit_per_downstream_connection === true
  )
    return undefined
  const bucket = fields(either(config, 'token_bucket'))
  const maxTokens = whole(either(bucket, 'max_tokens'))
  const fillInterval = milliseconds(either(bucket, 'fill_interval'))
  if (maxTokens === undefined || fillInterval === undefined || fillInterval <= 0) return undefined
  const responseHeaders = list(either(config, 'response_headers_to_add')).flatMap((each): [string, string][] => {
    const header = fields(fields(each).header)
    return [[(text(header.key) ?? '').toLowerCase(), text(header.value) ?? '']]
  })
  const status = fields(config.status).code
  const enabled = percentOf(either(config, 'filter_enabled'))
  const enforced = percentOf(either(config, 'filter_enforced'))
  if (enabled === undefined || enforced === undefined) return undefined
  // listener_patch.go networkFilterMatch: a name that is no filter of the chain matches nothing.
  if (filter.name !== undefined && filter.name !== connectionManager) return 'none'
  return {
    key: `${object.metadata.namespace}/${object.metadata.name}/${index}`,
    statPrefix: text(either(config, 'stat_prefix')),
    maxTokens,
    tokensPerFill: whole(either(bucket, 'tokens_per_fill')) ?? 1,
    fillInterval,
    enabled,
    enforced,
    status: typeof status === 'number' && status >= 400 ? status : 429,
    responseHeaders,
    first,
    evidence: { object: refOf(object), field: `spec.configPatches[${index}]` },
    ...(typeof listener.portNumber === 'number' ? { port: listener.portNumber } : {}),
  }
}

/** The rate limits of an EnvoyFilter; undefined: it holds something else too. */
export const readRateLimits = (object: KubeObject): (RateLimit & { port?: number })[] | undefined => {
  const spec = fields(object.spec)
  const patches = list(spec.configPatches)
  if (object.kind !== 'EnvoyFilter' || patches.length === 0 || list(spec.targetRefs).length > 0) return undefined
  const read = patches.map((_, index) => readPatch(object, index))
  return read.every((each) => each !== undefined) ? read.filter((each) => each !== 'none') : undefined
}

/** The rate limits in front of a workload's port, those that come first in the order in which Envoy asks them. */
export const rateLimitsOf = (
  extensions: readonly KubeObject[],
  about: { namespace: string; labels: Labels; root: string },
  port: number,
): RateLimit[] => {
  const found = extensions.flatMap((object) => {
    const inScope = object.metadata.namespace === about.namespace || object.metadata.namespace === about.root
    const wanted = labelMap(fields(fields(object.spec).workloadSelector).labels)
    return inScope && hasLabels(wanted, about.labels) ? (readRateLimits(object) ?? []) : []
  })
  return found
    .filter((each) => each.port === undefined || each.port === port)
    .map(({ port: _port, ...limit }) => limit)
    .sort((a, b) => Number(b.first) - Number(a.first))
}
