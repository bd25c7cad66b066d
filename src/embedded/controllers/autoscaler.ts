/**
 * HorizontalPodAutoscalers, as far as they go without metrics: the count is kept between `minReplicas` and
 * `maxReplicas`, and the status says what cannot be known. Follows kubernetes/pkg/controller/podautoscaler/horizontal.go
 * on a cluster that has no metrics server. Not modelled: metrics of any kind.
 */
import type { KubeObject } from '../../kube/api.ts'
import { sameJson } from '../apiserver/equality.ts'
import { timestamp } from '../clock.ts'
import type { Condition } from '../kinds/types.ts'
import { setCondition, withoutCondition } from './conditions.ts'
import { asManager, asManagerStatus, type Controller, resources, stopAll } from './controller.ts'
import { eventRecorder } from './events.ts'
import { keyOf, parseKey, workQueue } from './queue.ts'

interface Metric {
  type?: string
  resource?: { name?: string; target?: { type?: string } }
}

interface AutoscalerObject extends KubeObject {
  spec?: {
    scaleTargetRef?: { apiVersion?: string; kind?: string; name?: string }
    minReplicas?: number
    maxReplicas?: number
    metrics?: Metric[]
  }
  status?: {
    currentReplicas?: number
    desiredReplicas: number
    lastScaleTime?: string
    conditions?: Condition[]
    currentMetrics?: null
  }
}

const autoscalers = { group: 'autoscaling', resource: 'horizontalpodautoscalers' }

const scalable: Readonly<Record<string, { group: string; resource: string }>> = {
  Deployment: resources.deployments,
  ReplicaSet: resources.replicaSets,
  StatefulSet: resources.statefulSets,
}

const replicasOf = (object: KubeObject): number => (object.spec as { replicas?: number } | undefined)?.replicas ?? 1

/** What a request to a metrics API that is not there comes to. */
const noMetrics = ({ resource }: Metric): string =>
  resource
    ? `failed to get ${resource.name} ${resource.target?.type === 'Utilization' ? 'utilization' : 'usage'}: unable to get metrics for resource ${resource.name}: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)`
    : 'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered'

export const autoscalerController: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'horizontal-pod-autoscaler' })
  const warn = (hpa: AutoscalerObject, reason: string, message: string): void =>
    events.record(hpa, { type: 'Warning', reason, message })

  const reconcile = (hpa: AutoscalerObject): NonNullable<AutoscalerObject['status']> => {
    const { scaleTargetRef: target = {}, minReplicas = 1, maxReplicas = 1, metrics = [] } = hpa.spec ?? {}
    let conditions = hpa.status?.conditions ?? []
    const set = (type: string, status: 'True' | 'False', reason: string, message: string): void => {
      conditions = setCondition(conditions, { type, status, reason, message }, clock)
    }
    const resource = scalable[target.kind ?? '']
    const found = resource && registry.get(resource, target.name ?? '', hpa.metadata.namespace)
    if (!resource || !found) {
      const group = target.apiVersion?.split('/')[0] ?? ''
      const message = resource
        ? `${resource.resource}.${group} "${target.name}" not found`
        : `no matches for kind "${target.kind}" in group "${group}"`
      warn(hpa, 'FailedGetScale', message)
      set(
        'AbleToScale',
        'False',
        'FailedGetScale',
        `the HPA controller was unable to get the target's current scale: ${message}`,
      )
      return { desiredReplicas: 0, ...hpa.status, conditions }
    }
    const current = replicasOf(found)
    set('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
    if (current === 0) {
      conditions = withoutCondition(conditions, 'ScalingLimited')
      set(
        'ScalingActive',
        'False',
        'ScalingDisabled',
        'scaling is disabled since the replica count of the target is zero',
      )
      return { currentReplicas: 0, desiredReplicas: 0, conditions }
    }
    const wanted = Math.min(Math.max(current, minReplicas), maxReplicas)
    if (wanted !== current) {
      const why = wanted < current ? 'above Spec.MaxReplicas' : 'below Spec.MinReplicas'
      const scale = (draft: KubeObject): void => {
        ;(draft.spec as { replicas?: number }).replicas = wanted
      }
      registry.mutate(resource, found.metadata.name, hpa.metadata.namespace, scale, {
        ...asManager,
        subresource: 'scale',
      })
      const reason = `Current number of replicas ${why}`
      events.record(hpa, {
        type: 'Normal',
        reason: 'SuccessfulRescale',
        message: `New size: ${wanted}; reason: ${reason}`,
      })
      set(
        'AbleToScale',
        'True',
        'SucceededRescale',
        `the HPA controller was able to update the target scale to ${wanted}`,
      )
      return { currentReplicas: current, desiredReplicas: wanted, lastScaleTime: timestamp(clock), conditions }
    }
    const [first] = metrics
    if (first) {
      const says = noMetrics(first)
      const reason = first.resource ? 'FailedGetResourceMetric' : `FailedGet${first.type ?? ''}Metric`
      warn(hpa, reason, says)
      warn(
        hpa,
        'FailedComputeMetricsReplicas',
        `invalid metrics (1 invalid out of ${metrics.length}), first error is: ${says}`,
      )
      set('ScalingActive', 'False', reason, `the HPA was unable to compute the replica count: ${says}`)
    }
    const { lastScaleTime } = hpa.status ?? {}
    return {
      currentReplicas: current,
      desiredReplicas: current,
      ...(lastScaleTime ? { lastScaleTime } : {}),
      conditions,
    }
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const hpa = registry.get(autoscalers, name, namespace) as AutoscalerObject | undefined
    if (!hpa || hpa.metadata.deletionTimestamp) return
    const status = reconcile(hpa)
    const write = (draft: KubeObject) => {
      if (sameJson(draft.status, status)) return false
      draft.status = status
    }
    registry.mutate(autoscalers, name, namespace, write, asManagerStatus)
  })

  const seen = new Map<string, string>()
  /** Replicas by uid: a target's other changes are nothing to an autoscaler. */
  const known = new Map<string, number>()
  const addFor = (object: KubeObject): void => {
    for (const hpa of registry.list(autoscalers, { namespace: object.metadata.namespace }) as AutoscalerObject[]) {
      const { kind, name } = hpa.spec?.scaleTargetRef ?? {}
      if (kind === object.kind && name === object.metadata.name) queue.add(keyOf(hpa))
    }
  }
  return stopAll(
    queue,
    // Its own status writes come back as events; only a new spec is news.
    registry.watch(
      autoscalers,
      ({ type, object }) => {
        const key = keyOf(object)
        const spec = JSON.stringify(object.spec)
        if (type === 'DELETED') seen.delete(key)
        else if (seen.get(key) !== spec) {
          seen.set(key, spec)
          queue.add(key)
        }
      },
      { replay: true },
    ),
    ...Object.values(scalable).map((kind) =>
      registry.watch(kind, ({ type, object }) => {
        if (type !== 'MODIFIED' || replicasOf(object) !== known.get(object.metadata.uid ?? '')) addFor(object)
        known.set(object.metadata.uid ?? '', replicasOf(object))
        if (type === 'DELETED') known.delete(object.metadata.uid ?? '')
      }),
    ),
  )
}
