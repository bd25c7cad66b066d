/** A Deployment's status from those of its ReplicaSets. Pure but for the clock. Follows deployment/progress.go. */
import type { Clock } from '../../clock.ts'
import type { Condition, DeploymentObject, ReplicaSetObject } from '../../kinds/types.ts'
import { setCondition, withoutCondition } from '../conditions.ts'
import { availableOf, replicasOf, rollingLimits, sum } from './replica-sets.ts'

type Status = NonNullable<DeploymentObject['status']>

/** kubectl reads this reason as "done". */
const complete = 'NewReplicaSetAvailable'
const timedOut = 'ProgressDeadlineExceeded'

const withUpdateTime = { withUpdateTime: true }
const find = (conditions: Condition[], type: string) => conditions.find((condition) => condition.type === type)

const numbers = (deployment: DeploymentObject, current: ReplicaSetObject | undefined, all: ReplicaSetObject[]) => {
  const available = sum(all, availableOf)
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: sum(all, (set) => set.status?.replicas ?? 0),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - available),
    terminatingReplicas: sum(all, (set) => set.status?.terminatingReplicas ?? 0),
  }
}

/** All pods are of the new template and available. `status` has been computed from the present spec. */
export const isComplete = (deployment: DeploymentObject, status: Status): boolean => {
  const wanted = replicasOf(deployment)
  return [status.updatedReplicas, status.replicas, status.availableReplicas].every((count = 0) => count === wanted)
}

const isProgressing = (before: Status, now: Status): boolean => {
  const old = (status: Status) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

/** Milliseconds until the rollout counts as stuck; undefined when nothing is in progress. */
export const untilTimeout = (deployment: DeploymentObject, clock: Clock): number | undefined => {
  const progressing = find(deployment.status?.conditions ?? [], 'Progressing')
  const seconds = deployment.spec?.progressDeadlineSeconds ?? 600
  if (!progressing?.lastUpdateTime || progressing.reason === complete || progressing.reason === timedOut)
    return undefined
  return Math.max(0, Date.parse(progressing.lastUpdateTime) + seconds * 1000 - clock.now())
}

const available = (deployment: DeploymentObject, status: Status) =>
  (status.availableReplicas ?? 0) >= replicasOf(deployment) - rollingLimits(deployment).unavailable
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }

const progress = (
  deployment: DeploymentObject,
  status: Status,
  conditions: Condition[],
  current: ReplicaSetObject | undefined,
  clock: Clock,
): Condition[] => {
  const before = find(conditions, 'Progressing')
  const settled = status.replicas === status.updatedReplicas && before?.reason === complete
  if (settled) return conditions
  const subject = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  const set = (state: string, reason: string, says: string, touch = false) =>
    setCondition(conditions, { type: 'Progressing', status: state, reason, message: `${subject} ${says}` }, clock, {
      withUpdateTime: true,
      touch,
    })
  if (isComplete(deployment, status)) return set('True', complete, 'has successfully progressed.')
  if (isProgressing(deployment.status ?? {}, status)) return set('True', 'ReplicaSetUpdated', 'is progressing.', true)
  const stuck = before?.reason === timedOut || untilTimeout(deployment, clock) === 0
  return stuck ? set('False', timedOut, 'has timed out progressing.') : conditions
}

const failure = (conditions: Condition[], all: ReplicaSetObject[]): Condition[] => {
  const failed = all
    .map((set) => find(set.status?.conditions ?? [], 'ReplicaFailure'))
    .find((condition) => condition !== undefined)
  const others = withoutCondition(conditions, 'ReplicaFailure')
  return failed ? [...others, { ...failed, lastUpdateTime: failed.lastTransitionTime }] : others
}

/** `rolling` is false while the Deployment is paused or being scaled: then nothing is said about progress. */
export const deploymentStatus = (
  deployment: DeploymentObject,
  current: ReplicaSetObject | undefined,
  all: ReplicaSetObject[],
  clock: Clock,
  rolling: boolean,
): Status => {
  const counted = numbers(deployment, current, all)
  let conditions = deployment.status?.conditions ?? []
  conditions = setCondition(conditions, available(deployment, counted), clock, withUpdateTime)
  if (rolling) conditions = failure(progress(deployment, counted, conditions, current, clock), all)
  const { collisionCount } = deployment.status ?? {}
  const shown = Object.entries(counted).filter(
    ([name, value]) => value || name === 'observedGeneration' || name === 'terminatingReplicas',
  )
  return {
    ...(Object.fromEntries(shown) as typeof counted),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions,
  }
}

/** What a new or found ReplicaSet, or a pause, says under `Progressing`. */
export const progressNote = (
  deployment: DeploymentObject,
  status: 'True' | 'Unknown',
  reason: string,
  message: string,
  clock: Clock,
): Status => ({
  ...deployment.status,
  conditions: setCondition(
    deployment.status?.conditions ?? [],
    { type: 'Progressing', status, reason, message },
    clock,
    { ...withUpdateTime, touch: true },
  ),
})
