/**
 * How many replicas each ReplicaSet of a Deployment should have next. Pure: numbers in, numbers out. Follows
 * deployment/rolling.go and sync.go.
 */
import type { DeploymentObject, ReplicaSetObject } from '../../kinds/types.ts'
import {
  availableOf,
  desiredAnnotation,
  maxAnnotation,
  oldestFirst,
  replicasOf,
  rollingLimits,
  sum,
} from './replica-sets.ts'

/** One step: this ReplicaSet to that size. */
export interface Resize {
  set: ReplicaSetObject
  replicas: number
}

const annotated = (set: ReplicaSetObject, key: string): number | undefined => {
  const value = set.metadata.annotations?.[key]
  return value === undefined ? undefined : Number(value)
}

const isActiveSet = (set: ReplicaSetObject): boolean => replicasOf(set) > 0

/** The user changed `spec.replicas` since the ReplicaSets were last sized. */
export const wasScaled = (deployment: DeploymentObject, sets: ReplicaSetObject[]): boolean =>
  sets.filter(isActiveSet).some((set) => {
    const desired = annotated(set, desiredAnnotation)
    return desired !== undefined && desired !== replicasOf(deployment)
  })

/** How large the new ReplicaSet may be now, without more pods than `maxSurge` allows. */
export const newSize = (deployment: DeploymentObject, all: ReplicaSetObject[], current: number): number => {
  const wanted = replicasOf(deployment)
  if (deployment.spec?.strategy?.type === 'Recreate') return wanted
  const most = wanted + rollingLimits(deployment).surge
  const room = most - sum(all, replicasOf)
  return room <= 0 ? current : current + Math.min(room, wanted - current)
}

/** Which old ReplicaSets may shrink now: first by what is not healthy anyway, then while enough pods stay available. */
export const shrinkOld = (
  deployment: DeploymentObject,
  current: ReplicaSetObject | undefined,
  old: ReplicaSetObject[],
): Resize[] => {
  const all = current ? [...old, current] : old
  if (sum(old, replicasOf) === 0) return []
  const minAvailable = replicasOf(deployment) - rollingLimits(deployment).unavailable
  const newUnavailable = current ? replicasOf(current) - availableOf(current) : 0
  const most = sum(all, replicasOf) - minAvailable - newUnavailable
  if (most <= 0) return []

  const sizes = new Map(oldestFirst(old).map((set) => [set, replicasOf(set)]))
  let removed = 0
  for (const [set, size] of sizes) {
    const unhealthy = size - availableOf(set)
    const surplus = Math.max(0, Math.min(most - removed, unhealthy))
    sizes.set(set, size - surplus)
    removed += surplus
  }
  let spare = sum(all, availableOf) - minAvailable
  for (const [set, size] of sizes) {
    const surplus = Math.max(0, Math.min(size, spare))
    sizes.set(set, size - surplus)
    spare -= surplus
  }
  return [...sizes].filter(([set, size]) => size < replicasOf(set)).map(([set, replicas]) => ({ set, replicas }))
}

const proportion = (deployment: DeploymentObject, set: ReplicaSetObject, left: number): number => {
  const wanted = replicasOf(deployment)
  if (replicasOf(set) === 0 || left === 0) return 0
  const most = wanted + rollingLimits(deployment).surge
  const before = annotated(set, maxAnnotation) || (deployment.status?.replicas ?? 0) || most
  const share = wanted === 0 ? -replicasOf(set) : Math.round((replicasOf(set) * most) / before) - replicasOf(set)
  return left > 0 ? Math.min(share, left) : Math.max(share, left)
}

/** Sizes after the user scaled (or paused) the Deployment; in the middle of a rollout all ReplicaSets share the change. */
export const rescale = (
  deployment: DeploymentObject,
  current: ReplicaSetObject | undefined,
  old: ReplicaSetObject[],
): Resize[] => {
  const all = current ? [...old, current] : old
  const active = all.filter(isActiveSet)
  const wanted = replicasOf(deployment)
  if (active.length <= 1) {
    const only = active[0] ?? current ?? oldestFirst(old).at(-1)
    return only ? [{ set: only, replicas: wanted }] : []
  }
  const saturated =
    current &&
    replicasOf(current) === wanted &&
    annotated(current, desiredAnnotation) === wanted &&
    availableOf(current) === wanted
  if (saturated) return old.filter(isActiveSet).map((set) => ({ set, replicas: 0 }))
  if (deployment.spec?.strategy?.type === 'Recreate') return []

  const allowed = wanted > 0 ? wanted + rollingLimits(deployment).surge : 0
  const total = allowed - sum(active, replicasOf)
  // Larger ones first; among equals the newer one grows and the older one shrinks.
  const age = oldestFirst(active)
  const ordered = [...active].sort(
    (a, b) => replicasOf(b) - replicasOf(a) || (age.indexOf(b) - age.indexOf(a)) * (total > 0 ? 1 : -1),
  )
  let left = total
  const resized = ordered.map((set) => {
    const change = proportion(deployment, set, left)
    left -= change
    return { set, replicas: replicasOf(set) + change }
  })
  const [first] = resized
  if (first) first.replicas = Math.max(0, first.replicas + left)
  return resized
}
