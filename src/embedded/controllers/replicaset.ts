/** Keeps as many pods as each ReplicaSet wants. ReplicationControllers are served by nobody: not modelled. */
import type { KubeObject } from '../../kube/api.ts'
import { StatusError } from '../../kube/errors.ts'
import { sameJson } from '../apiserver/equality.ts'
import { selects } from '../kinds/selector.ts'
import type { Condition, PodObject, ReplicaSetObject } from '../kinds/types.ts'
import { setCondition, withoutCondition } from './conditions.ts'
import { asManager, asManagerStatus, type Controller, claim, controllerOf, resources, stopAll } from './controller.ts'
import { eventRecorder } from './events.ts'
import { byDeletionOrder, isActive, isReady, podFrom, untilAvailable } from './pods.ts'
import { keyOf, parseKey, workQueue } from './queue.ts'

const { pods, replicaSets } = resources

/** A namespace that goes away refuses new pods; that is no failure of the ReplicaSet. */
const isTerminating = (error: StatusError): boolean =>
  error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false

export const replicaSetController: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'replicaset-controller' })

  const podsOf = (set: ReplicaSetObject): PodObject[] =>
    claim(registry, pods, set, (pod) => selects(set.spec?.selector, pod.metadata.labels))

  const add = (set: ReplicaSetObject, count: number) => {
    for (let made = 0; made < count; made++) {
      const pod = podFrom(set.spec?.template, set, { generateName: `${set.metadata.name}-` })
      const { metadata } = registry.create(pod, asManager)
      const message = `Created pod: ${metadata.name}`
      events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message })
    }
  }

  const remove = (set: ReplicaSetObject, surplus: PodObject[]) => {
    for (const { metadata } of surplus) {
      registry.delete(pods, metadata.name, metadata.namespace)
      events.record(set, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${metadata.name}` })
    }
  }

  /** The refusal that stopped it, if one did. */
  const balance = (set: ReplicaSetObject, active: PodObject[]): StatusError | undefined => {
    const missing = (set.spec?.replicas ?? 0) - active.length
    try {
      if (missing > 0) add(set, missing)
      else if (missing < 0) remove(set, [...active].sort(byDeletionOrder).slice(0, -missing))
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      if (isTerminating(error)) return undefined
      const message = `Error creating: ${error.message}`
      events.record(set, { type: 'Warning', reason: 'FailedCreate', message })
      return error
    }
    return undefined
  }

  const conditionsOf = (set: ReplicaSetObject, refusal: StatusError | undefined): Condition[] => {
    const before = set.status?.conditions ?? []
    if (!refusal) return withoutCondition(before, 'ReplicaFailure')
    const failed = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: refusal.message }
    return setCondition(before, failed, clock)
  }

  const report = (set: ReplicaSetObject, owned: PodObject[], refusal: StatusError | undefined) => {
    const { minReadySeconds = 0, template } = set.spec ?? {}
    const active = owned.filter(isActive)
    const waits = active.map((pod) => untilAvailable(pod, minReadySeconds, clock.now()))
    const conditions = conditionsOf(set, refusal)
    const labelled = active.filter((pod) => selects({ matchLabels: template?.metadata?.labels }, pod.metadata.labels))
    const numbers = {
      replicas: active.length,
      fullyLabeledReplicas: labelled.length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: waits.filter((wait) => wait === 0).length,
      terminatingReplicas: owned.filter(({ metadata }) => metadata.deletionTimestamp).length,
    }
    const status: ReplicaSetObject['status'] = {
      // Zeros are left out, as Go's `omitempty` does.
      ...(Object.fromEntries(
        Object.entries(numbers).filter(([name, n]) => n > 0 || name === 'replicas' || name === 'terminatingReplicas'),
      ) as typeof numbers),
      observedGeneration: set.metadata.generation,
      ...(conditions.length > 0 ? { conditions } : {}),
    }
    const write = (draft: KubeObject) => {
      if (sameJson(draft.status, status)) return false
      draft.status = status
    }
    registry.mutate(replicaSets, set.metadata.name, set.metadata.namespace, write, asManagerStatus)
    const soonest = Math.min(...waits.filter((wait) => wait !== undefined && wait > 0).map(Number))
    if (Number.isFinite(soonest)) queue.addAfter(keyOf(set), soonest)
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const set = registry.get(replicaSets, name, namespace) as ReplicaSetObject | undefined
    if (!set) return
    const owned = podsOf(set)
    const refusal = set.metadata.deletionTimestamp ? undefined : balance(set, owned.filter(isActive))
    report(set, ownedNow(set), refusal)
    if (refusal) throw refusal
  })

  /** Without claiming: what `balance` made is already ours. */
  const ownedNow = (set: ReplicaSetObject): PodObject[] =>
    registry.list(pods, {
      namespace: set.metadata.namespace,
      where: (pod) => controllerOf(pod)?.uid === set.metadata.uid,
    })

  const onPod = (pod: KubeObject) => {
    const controller = controllerOf(pod)
    const { namespace = '' } = pod.metadata
    if (controller?.kind === 'ReplicaSet') queue.add(`${namespace}/${controller.name}`)
    else if (!controller) {
      const matching = (set: KubeObject) => selects((set as ReplicaSetObject).spec?.selector, pod.metadata.labels ?? {})
      for (const set of registry.list(replicaSets, { namespace, where: matching })) queue.add(keyOf(set))
    }
  }

  return stopAll(
    queue,
    registry.watch(replicaSets, ({ object }) => queue.add(keyOf(object)), { replay: true }),
    registry.watch(pods, ({ object }) => onPod(object)),
  )
}
