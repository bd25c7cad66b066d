/**
 * PodDisruptionBudgets: how many of the selected pods may go now. Follows kubernetes/pkg/controller/disruption.
 * Not modelled: custom resources with a scale as controllers, `disruptedPods` of evictions that never happened (they
 * are forgotten as soon as the pod is gone).
 */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import { sameJson } from '../apiserver/equality.ts'
import { selects } from '../kinds/selector.ts'
import type { Condition, PodObject } from '../kinds/types.ts'
import { resolveIntOrPercent } from '../kinds/validation/int-or-percent.ts'
import type { Registry } from '../registry.ts'
import { setCondition } from './conditions.ts'
import { asManagerStatus, type Controller, controllerOf, resources, stopAll } from './controller.ts'
import { eventRecorder } from './events.ts'
import { isReady } from './pods.ts'
import { keyOf, parseKey, workQueue } from './queue.ts'

export interface BudgetObject extends KubeObject {
  spec?: {
    minAvailable?: number | string
    maxUnavailable?: number | string
    selector?: LabelSelector
    unhealthyPodEvictionPolicy?: string
  }
  status?: {
    conditions?: Condition[]
    currentHealthy: number
    desiredHealthy: number
    disruptionsAllowed: number
    expectedPods: number
    observedGeneration?: number
    /** Evictions that were granted, until the pod is gone: by name, when. */
    disruptedPods?: Record<string, string>
  }
}

export const budgets = { group: 'policy', resource: 'poddisruptionbudgets' }

/** Replicas that the pods' controllers want, each controller once; undefined for a pod without a controller. */
const wantedBy = (registry: Registry, pods: readonly PodObject[]): number | undefined => {
  const wanted = new Map<string, number>()
  for (const pod of pods) {
    const found = topController(registry, pod)
    if (!found) return undefined
    wanted.set(found.metadata.uid ?? '', (found.spec as { replicas?: number } | undefined)?.replicas ?? 1)
  }
  return [...wanted.values()].reduce((sum, each) => sum + each, 0)
}

const scaled: Readonly<Record<string, { group: string; resource: string }>> = {
  ReplicaSet: resources.replicaSets,
  StatefulSet: resources.statefulSets,
  Deployment: resources.deployments,
}

/** What scales the pod: its ReplicaSet's Deployment, its ReplicaSet or its StatefulSet. */
const topController = (registry: Registry, object: KubeObject): KubeObject | undefined => {
  const reference = controllerOf(object)
  const resource = reference && scaled[reference.kind]
  const found = resource && registry.get(resource, reference.name, object.metadata.namespace)
  if (found?.metadata.uid !== reference?.uid) return undefined
  return found && (topController(registry, found) ?? found)
}

/** How many are expected and how many have to stay healthy; undefined when a share has nothing to be a share of. */
const targets = (registry: Registry, { spec = {} }: BudgetObject, pods: PodObject[]) => {
  const { minAvailable, maxUnavailable } = spec
  if (maxUnavailable === undefined && typeof minAvailable !== 'string')
    return { expectedPods: pods.length, desiredHealthy: minAvailable ?? 1 }
  const expectedPods = wantedBy(registry, pods)
  if (expectedPods === undefined) return undefined
  const desiredHealthy =
    maxUnavailable === undefined
      ? resolveIntOrPercent(minAvailable, expectedPods, 'up')
      : Math.max(0, expectedPods - resolveIntOrPercent(maxUnavailable, expectedPods, 'up'))
  return { expectedPods, desiredHealthy }
}

export const disruptionController: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'controllermanager' })

  const statusOf = (budget: BudgetObject): BudgetObject['status'] => {
    const all = registry.list(resources.pods, { namespace: budget.metadata.namespace }) as PodObject[]
    const selected = all.filter((pod) => selects(budget.spec?.selector, pod.metadata.labels))
    const found = targets(registry, budget, selected)
    const observedGeneration = budget.metadata.generation
    if (!found) {
      const message = 'found no controllers for pods'
      events.record(budget, {
        type: 'Warning',
        reason: 'CalculateExpectedPodCountFailed',
        message: `Failed to calculate the number of expected pods: ${message}`,
      })
      const failed = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message }
      const none = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
      return {
        ...none,
        ...budget.status,
        disruptionsAllowed: 0,
        observedGeneration,
        conditions: setCondition(budget.status?.conditions ?? [], failed, clock),
      }
    }
    const disrupted = Object.entries(budget.status?.disruptedPods ?? {}).filter(([name]) =>
      selected.some(({ metadata }) => metadata.name === name && !metadata.deletionTimestamp),
    )
    const leaving = new Set(disrupted.map(([name]) => name))
    const healthy = selected.filter(
      (pod) => isReady(pod) && !pod.metadata.deletionTimestamp && !leaving.has(pod.metadata.name),
    )
    const { expectedPods, desiredHealthy } = found
    const disruptionsAllowed = expectedPods > 0 ? Math.max(0, healthy.length - desiredHealthy) : 0
    const allowed = {
      type: 'DisruptionAllowed',
      status: disruptionsAllowed > 0 ? 'True' : 'False',
      reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
    }
    const conditions = setCondition(budget.status?.conditions ?? [], allowed, clock)
    return {
      conditions: conditions.map((each) => ({ ...each, observedGeneration })),
      currentHealthy: healthy.length,
      desiredHealthy,
      disruptionsAllowed,
      expectedPods,
      observedGeneration,
      ...(disrupted.length > 0 ? { disruptedPods: Object.fromEntries(disrupted) } : {}),
    }
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const budget = registry.get(budgets, name, namespace) as BudgetObject | undefined
    if (!budget) return
    const status = statusOf(budget)
    const write = (draft: KubeObject) => {
      if (sameJson(draft.status, status)) return false
      draft.status = status
    }
    registry.mutate(budgets, name, namespace, write, asManagerStatus)
  })

  const addAll = (namespace: string | undefined): void => {
    for (const budget of registry.list(budgets, { namespace })) queue.add(keyOf(budget))
  }
  return stopAll(
    queue,
    registry.watch(budgets, ({ object }) => queue.add(keyOf(object)), { replay: true }),
    ...[resources.pods, resources.deployments, resources.replicaSets, resources.statefulSets].map((kind) =>
      registry.watch(kind, ({ object }) => addAll(object.metadata.namespace)),
    ),
  )
}
