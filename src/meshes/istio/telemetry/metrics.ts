/**
 * Which Prometheus metrics one proxy counts, and how their tags are changed. Upstream: pilot/pkg/model/telemetry.go
 * (mergeMetrics, generateStatsConfig).
 */
import type { Pod } from '../../../kube/kinds.ts'
import { type Fields, fields, list, text } from '../read.ts'
import {
  applicable,
  findProvider,
  matchesSide,
  providerNames as names,
  type Side,
  strings,
  type Telemetries,
} from './settings.ts'

export interface MetricOverride {
  disabled: boolean
  /** A CEL expression by tag, or null where the tag is removed. */
  tags: Readonly<Record<string, string | null>>
}

/** By Istio's metric name (`REQUEST_COUNT`); undefined: the proxy has no metrics at all. */
export type Metrics = Readonly<Record<string, MetricOverride>> | undefined

export const metricNames = [
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_OPENED_CONNECTIONS',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_SENT_BYTES',
  'TCP_RECEIVED_BYTES',
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
] as const

const selectsAll = (match: Fields): boolean =>
  match.customMetric === undefined && (match.metric === undefined || match.metric === 'ALL_METRICS')

const tagsOf = (overrides: unknown): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(fields(overrides)).map(([tag, override]) => [
      tag,
      fields(override).operation === 'REMOVE' ? null : (text(fields(override).value) ?? ''),
    ]),
  )

/** The Prometheus metrics of that proxy for traffic on one side of it. */
export const metricsOf = (telemetries: Telemetries, pod: Pod, side: Side): Metrics => {
  const { mesh } = telemetries
  const all = applicable(telemetries, pod).flatMap((spec) => list(spec.metrics).map(fields))
  const isPrometheus = (name: string): boolean => findProvider(mesh, name)?.prometheus !== undefined
  let parents = strings(fields(mesh.defaultProviders).metrics)
  const inScope = all.map((each) => names(each.providers)).findLast((each) => each.length > 0) ?? parents
  if (all.length === 0) return parents.some(isPrometheus) ? {} : undefined
  const merged: Record<string, MetricOverride> = {}
  let isOn = false
  let isDisabled = false
  for (const each of all) {
    const own = names(each.providers)
    if (own.length > 0) parents = own
    if (!parents.some((name) => inScope.includes(name) && isPrometheus(name))) continue
    isOn = true
    for (const override of list(each.overrides).map(fields)) {
      const match = fields(override.match)
      if (!matchesSide(match, side)) continue
      if (selectsAll(match) && override.disabled === true) {
        isDisabled = true
        continue
      }
      isDisabled = false
      for (const name of selectsAll(match) ? metricNames : [text(match.customMetric) ?? text(match.metric) ?? '']) {
        const before = merged[name] ?? { disabled: false, tags: {} }
        merged[name] = {
          disabled: typeof override.disabled === 'boolean' ? override.disabled : before.disabled,
          tags: { ...before.tags, ...tagsOf(override.tagOverrides) },
        }
      }
    }
  }
  return isOn && !isDisabled ? merged : undefined
}
