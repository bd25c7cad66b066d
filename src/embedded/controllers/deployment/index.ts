/**
 * Deployments: one ReplicaSet per template, and a rollout from the old ones to the new one that honours `maxSurge`,
 * `maxUnavailable` and the readiness of pods. Undo and restart are changes of the template that clients make.
 */
import type { KubeObject } from '../../../kube/api.ts'
import { sameJson } from '../../apiserver/equality.ts'
import { selects } from '../../kinds/selector.ts'
import type { DeploymentObject, ReplicaSetObject } from '../../kinds/types.ts'
import { asManager, asManagerStatus, type Controller, claim, controllerOf, resources, stopAll } from '../controller.ts'
import { eventRecorder } from '../events.ts'
import { isFinished } from '../pods.ts'
import { keyOf, parseKey, workQueue } from '../queue.ts'
import {
  createReplicaSet,
  findNew,
  oldestFirst,
  refreshNew,
  replicasOf,
  revisionAnnotation,
  revisionOf,
  sizeAnnotations,
} from './replica-sets.ts'
import { newSize, type Resize, rescale, shrinkOld, wasScaled } from './scale.ts'
import { deploymentStatus, isComplete, progressNote, untilTimeout } from './status.ts'

const { deployments, pods, replicaSets } = resources

export const deploymentController: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'deployment-controller' })

  const current = ({ metadata }: DeploymentObject): DeploymentObject | undefined =>
    registry.get(deployments, metadata.name, metadata.namespace)

  const setsOf = (deployment: DeploymentObject): ReplicaSetObject[] =>
    claim(registry, replicaSets, deployment, (set) => selects(deployment.spec?.selector, set.metadata.labels))

  const writeStatus = (deployment: DeploymentObject, status: DeploymentObject['status']) => {
    const change = (draft: KubeObject) => {
      if (sameJson(draft.status, status)) return false
      draft.status = status
    }
    registry.mutate(deployments, deployment.metadata.name, deployment.metadata.namespace, change, asManagerStatus)
  }

  const announce = (deployment: DeploymentObject, { set, replicas }: Resize, before: number) => {
    const direction = replicas > before ? 'up' : 'down'
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`
    events.record(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message })
  }

  /** True when anything changed. */
  const resize = (deployment: DeploymentObject, steps: Resize[]): boolean => {
    const annotations = sizeAnnotations(deployment)
    let resized = false
    for (const step of steps) {
      const { set, replicas } = step
      const before = replicasOf(set)
      const change = (draft: KubeObject) => {
        const next = draft as ReplicaSetObject
        next.spec = { ...next.spec, replicas }
        next.metadata.annotations = { ...next.metadata.annotations, ...annotations }
      }
      registry.mutate(replicaSets, set.metadata.name, set.metadata.namespace, change, asManager)
      if (before === replicas) continue
      resized = true
      announce(deployment, step, before)
    }
    return resized
  }

  /** The ReplicaSet of the present template, made if need be; undefined after a collision, which is tried again. */
  const ensureNew = (deployment: DeploymentObject, sets: ReplicaSetObject[]): ReplicaSetObject | undefined => {
    const found = findNew(deployment, sets)
    const revision = Math.max(0, ...sets.filter((set) => set !== found).map(revisionOf)) + 1
    const set = found
      ? refreshNew(registry, deployment, found, revision)
      : createReplicaSet(registry, deployment, revision, newSize(deployment, sets, 0))
    const key = keyOf(deployment)
    if (!set) {
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
      writeStatus(deployment, { ...deployment.status, collisionCount })
      queue.add(key)
      return undefined
    }
    if (!found && replicasOf(set) > 0) announce(deployment, { set, replicas: replicasOf(set) }, 0)
    const { name, namespace } = deployment.metadata
    const annotate = (draft: KubeObject) => {
      const value = set.metadata.annotations?.[revisionAnnotation] ?? String(revision)
      draft.metadata.annotations = { ...draft.metadata.annotations, [revisionAnnotation]: value }
    }
    const annotated = registry.mutate(deployments, name, namespace, annotate, asManager) as DeploymentObject
    const quoted = `"${set.metadata.name}"`
    const isKnown = annotated.status?.conditions?.some(({ type }) => type === 'Progressing')
    if (!found) {
      const says = `Created new replica set ${quoted}`
      writeStatus(annotated, progressNote(annotated, 'True', 'NewReplicaSetCreated', says, clock))
    } else if (!isKnown) {
      const says = `Found new replica set ${quoted}`
      writeStatus(annotated, progressNote(annotated, 'True', 'FoundNewReplicaSet', says, clock))
    }
    return set
  }

  const hasOldPods = (deployment: DeploymentObject, newSet: ReplicaSetObject | undefined): boolean => {
    const owners = new Set(setsOf(deployment).map(({ metadata }) => metadata.uid))
    owners.delete(newSet?.metadata.uid)
    const running = (pod: KubeObject) => owners.has(controllerOf(pod)?.uid) && !isFinished(pod)
    return registry.list(pods, { namespace: deployment.metadata.namespace, where: running }).length > 0
  }

  const recreate = (deployment: DeploymentObject, sets: ReplicaSetObject[]) => {
    const found = findNew(deployment, sets)
    const old = sets.filter((set) => set !== found)
    const emptied = old.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }))
    if (resize(deployment, emptied) || hasOldPods(deployment, found)) return
    const newSet = ensureNew(deployment, sets)
    if (newSet) resize(deployment, [{ set: newSet, replicas: replicasOf(deployment) }])
  }

  const rollingUpdate = (deployment: DeploymentObject, sets: ReplicaSetObject[]) => {
    const newSet = ensureNew(deployment, sets)
    if (!newSet) return
    const old = sets.filter(({ metadata }) => metadata.uid !== newSet.metadata.uid)
    const size = replicasOf(newSet)
    const wanted = replicasOf(deployment)
    const next = size > wanted ? wanted : newSize(deployment, [...old, newSet], size)
    if (resize(deployment, [{ set: newSet, replicas: next }])) return
    resize(deployment, shrinkOld(deployment, newSet, old))
  }

  /** Old ReplicaSets beyond the history limit go, once the rollout is done. */
  const forget = (deployment: DeploymentObject, sets: ReplicaSetObject[]) => {
    const newSet = findNew(deployment, sets)
    const kept = deployment.spec?.revisionHistoryLimit ?? 10
    const old = [...sets].filter((set) => set !== newSet && !set.metadata.deletionTimestamp)
    const oldest = old.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, old.length - kept))
    for (const set of oldest) {
      if (replicasOf(set) > 0 || (set.status?.replicas ?? 0) > 0) continue
      if ((set.metadata.generation ?? 0) > (set.status?.observedGeneration ?? 0)) continue
      registry.delete(replicaSets, set.metadata.name, set.metadata.namespace)
    }
  }

  const notePause = (deployment: DeploymentObject) => {
    const reason = deployment.status?.conditions?.find(({ type }) => type === 'Progressing')?.reason
    if (reason === 'ProgressDeadlineExceeded') return
    const paused = deployment.spec?.paused ?? false
    if (paused && reason !== 'DeploymentPaused') {
      writeStatus(deployment, progressNote(deployment, 'Unknown', 'DeploymentPaused', 'Deployment is paused', clock))
    } else if (!paused && reason === 'DeploymentPaused') {
      writeStatus(deployment, progressNote(deployment, 'Unknown', 'DeploymentResumed', 'Deployment is resumed', clock))
    }
  }

  const report = (name: string, namespace: string, rolling: boolean) => {
    const deployment = registry.get(deployments, name, namespace) as DeploymentObject | undefined
    if (!deployment) return
    const sets = setsOf(deployment)
    const status = deploymentStatus(deployment, findNew(deployment, sets), sets, clock, rolling)
    writeStatus(deployment, status)
    if (rolling && isComplete(deployment, status)) forget(deployment, oldestFirst(sets))
    const wait = untilTimeout({ ...deployment, status }, clock)
    if (rolling && wait !== undefined) queue.addAfter(`${namespace}/${name}`, wait + 1)
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const found = registry.get(deployments, name, namespace) as DeploymentObject | undefined
    if (!found) return
    if (found.metadata.deletionTimestamp) return report(name, namespace, false)
    notePause(found)
    const deployment = current(found) ?? found
    const sets = setsOf(deployment)
    const scaled = wasScaled(deployment, sets)
    if (deployment.spec?.paused || scaled) {
      const newSet = findNew(deployment, sets)
      const steps = rescale(
        deployment,
        newSet,
        sets.filter((set) => set !== newSet),
      )
      resize(deployment, steps)
      return report(name, namespace, false)
    }
    if (deployment.spec?.strategy?.type === 'Recreate') recreate(deployment, sets)
    else rollingUpdate(deployment, sets)
    report(name, namespace, true)
  })

  const onReplicaSet = (set: KubeObject) => {
    const controller = controllerOf(set)
    const { namespace = '' } = set.metadata
    if (controller?.kind === 'Deployment') queue.add(`${namespace}/${controller.name}`)
    else if (!controller) {
      const matching = (one: KubeObject) => selects((one as DeploymentObject).spec?.selector, set.metadata.labels ?? {})
      for (const one of registry.list(deployments, { namespace, where: matching })) queue.add(keyOf(one))
    }
  }

  /** Only Recreate waits for pods themselves. */
  const onPodGone = (pod: KubeObject) => {
    const recreated = (one: KubeObject) => (one as DeploymentObject).spec?.strategy?.type === 'Recreate'
    const { namespace } = pod.metadata
    for (const one of registry.list(deployments, { namespace, where: recreated })) queue.add(keyOf(one))
  }

  return stopAll(
    queue,
    registry.watch(deployments, ({ object }) => queue.add(keyOf(object)), { replay: true }),
    registry.watch(replicaSets, ({ object }) => onReplicaSet(object)),
    registry.watch(pods, ({ type, object }) => {
      if (type === 'DELETED') onPodGone(object)
    }),
  )
}
