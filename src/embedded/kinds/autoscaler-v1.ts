/**
 * HorizontalPodAutoscalers as autoscaling/v1 has them: one target for CPU, whatever else there is in annotations. Follows
 * kubernetes/kubernetes pkg/apis/autoscaling/v1/conversion.go. Not modelled: `status` beyond the counts.
 */
import type { KubeObject } from '../../kube/api.ts'
import { horizontalPodAutoscalerKind as v2 } from './autoscaler.ts'
import { columnsThrough, defined } from './conversion.ts'
import type { Kind } from './kind.ts'

interface Metric {
  type?: string
  resource?: { name?: string; target?: { type?: string; averageUtilization?: number } }
}

interface Spec {
  scaleTargetRef?: unknown
  minReplicas?: number
  maxReplicas?: number
}

interface SpecV1 extends Spec {
  targetCPUUtilizationPercentage?: number
}

interface SpecV2 extends Spec {
  metrics?: Metric[]
  behavior?: unknown
}

const metricsKey = 'autoscaling.alpha.kubernetes.io/metrics'
const behaviorKey = 'autoscaling.alpha.kubernetes.io/behavior'

const isCpu = ({ type, resource }: Metric): boolean =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target?.type === 'Utilization'

const parsed = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

const toStored = (object: KubeObject): KubeObject => {
  const { targetCPUUtilizationPercentage, ...spec } = (object.spec ?? {}) as SpecV1
  const { [metricsKey]: metrics, [behaviorKey]: behavior, ...annotations } = object.metadata.annotations ?? {}
  const target = { type: 'Utilization', averageUtilization: targetCPUUtilizationPercentage }
  const cpu = { type: 'Resource', resource: { name: 'cpu', target } }
  const others = parsed(metrics)
  const all = [...(Array.isArray(others) ? others : []), ...(targetCPUUtilizationPercentage === undefined ? [] : [cpu])]
  const { annotations: _old, ...metadata } = object.metadata
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: defined({ ...spec, metrics: all.length > 0 ? all : undefined, behavior: parsed(behavior) }),
  }
}

const fromStored = (object: KubeObject): KubeObject => {
  const { metrics = [], behavior, ...spec } = (object.spec ?? {}) as SpecV2
  const cpu = metrics.find(isCpu)
  const others = metrics.filter((metric) => metric !== cpu)
  const annotations = defined({
    ...object.metadata.annotations,
    [metricsKey]: others.length > 0 ? JSON.stringify(others) : undefined,
    [behaviorKey]: behavior === undefined ? undefined : JSON.stringify(behavior),
  }) as Record<string, string>
  const { currentReplicas = 0, desiredReplicas = 0 } = (object.status ?? {}) as Record<string, number>
  const { annotations: _old, ...metadata } = object.metadata
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: defined({ ...spec, targetCPUUtilizationPercentage: cpu?.resource?.target?.averageUtilization }),
    status: { currentReplicas, desiredReplicas },
  }
}

export const horizontalPodAutoscalerV1Kind: Kind = {
  ...v2,
  version: 'v1',
  goType: 'autoscaling/v1.HorizontalPodAutoscaler',
  stored: { group: v2.group, resource: v2.resource, toStored, fromStored },
  setDefaults: undefined,
  validate: undefined,
  columns: columnsThrough(v2.columns, toStored),
}
