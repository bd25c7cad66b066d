/** HorizontalPodAutoscalers, autoscaling/v2: stored and shown, nothing scales by them (no metrics). */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { forbidden, invalid, notSupported, required } from './validation/errors.ts'

interface Target {
  type?: string
  averageUtilization?: number
  averageValue?: string
  value?: string
}

interface Metric {
  type?: string
  resource?: { name?: string; target?: Target }
  containerResource?: { name?: string; target?: Target }
  pods?: { metric?: { name?: string }; target?: Target }
  object?: { metric?: { name?: string }; target?: Target }
  external?: { metric?: { name?: string }; target?: Target }
}

interface Autoscaler extends KubeObject {
  spec?: {
    scaleTargetRef?: { apiVersion?: string; kind?: string; name?: string }
    minReplicas?: number
    maxReplicas?: number
    metrics?: Metric[]
  }
  status?: { currentReplicas?: number }
}

/** `cpu: <unknown>/80%`: without a metrics server the current value is never known. */
const formatMetric = (metric: Metric): string => {
  const source = metric.resource ?? metric.containerResource
  const { averageUtilization, averageValue, value } =
    (source ?? metric.pods ?? metric.object ?? metric.external ?? { target: {} }).target ?? {}
  const aim = averageUtilization === undefined ? (averageValue ?? value ?? '<auto>') : `${averageUtilization}%`
  return source ? `${source.name}: <unknown>/${aim}` : `<unknown>/${aim}${averageValue && !metric.pods ? ' (avg)' : ''}`
}

const formatMetrics = ({ spec }: Autoscaler): string => {
  const metrics = (spec?.metrics ?? []).map(formatMetric)
  if (metrics.length === 0) return '<none>'
  return metrics.length <= 2 ? metrics.join(', ') : `${metrics.slice(0, 2).join(', ')} + ${metrics.length - 2} more...`
}

const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']

const metricErrors = (metric: Metric, at: string): FieldError[] => {
  const { type = '' } = metric
  if (!metricTypes.includes(type)) return [notSupported(`${at}.type`, type, metricTypes)]
  const source = `${type[0]!.toLowerCase()}${type.slice(1)}`
  if (metric[source as 'resource']) return []
  return [required(`${at}.${source}`, 'must populate information for the given metric source')]
}

const validate = (object: KubeObject): FieldError[] => {
  const { scaleTargetRef, minReplicas = 1, maxReplicas = 0, metrics = [] } = (object as Autoscaler).spec ?? {}
  return [
    ...(minReplicas < 1 ? [invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1')] : []),
    ...(maxReplicas < 1 ? [required('spec.maxReplicas', 'must be set and greater than 0')] : []),
    ...(maxReplicas < minReplicas
      ? [invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')]
      : []),
    ...(scaleTargetRef?.kind ? [] : [required('spec.scaleTargetRef.kind')]),
    ...(scaleTargetRef?.name ? [] : [required('spec.scaleTargetRef.name')]),
    ...(scaleTargetRef?.apiVersion
      ? []
      : [invalid('spec.scaleTargetRef.apiVersion', '', 'apiVersion must specify API group')]),
    ...metrics.flatMap((metric, index) => metricErrors(metric, `spec.metrics[${index}]`)),
    ...(minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')
      ? [
          forbidden(
            'spec.metrics',
            'must specify at least one Object or External metric to support scaling to zero replicas',
          ),
        ]
      : []),
  ]
}

export const horizontalPodAutoscalerKind: Kind = {
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  goType: 'autoscaling/v2.HorizontalPodAutoscaler',
  status: true,
  setDefaults: (object) => {
    const autoscaler = object as Autoscaler
    autoscaler.spec ??= {}
    autoscaler.spec.minReplicas ??= 1
    if (!autoscaler.spec.metrics?.length) {
      const target = { type: 'Utilization', averageUtilization: 80 }
      autoscaler.spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
    }
    object.status ??= { desiredReplicas: 0, currentMetrics: null }
  },
  validate,
  columns: [
    nameColumn,
    text<Autoscaler>('Reference', ({ spec }) => `${spec?.scaleTargetRef?.kind}/${spec?.scaleTargetRef?.name}`),
    text('Targets', formatMetrics),
    text<Autoscaler>('MinPods', ({ spec }) => String(spec?.minReplicas ?? '<unset>')),
    integer<Autoscaler>('MaxPods', ({ spec }) => spec?.maxReplicas ?? 0),
    integer<Autoscaler>('Replicas', ({ status }) => status?.currentReplicas ?? 0),
    ageColumn,
  ],
}
