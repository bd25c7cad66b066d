/**
 * StatefulSets: pods with fixed names, made in order, removed and updated in reverse order. Follows
 * pkg/controller/statefulset. Not modelled: `maxUnavailable`, and claims that are deleted with the set.
 */
import type { KubeObject } from '../../kube/api.ts'
import { sameJson } from '../apiserver/equality.ts'
import { selects } from '../kinds/selector.ts'
import type { PodObject, PodTemplateSpec, StatefulSetObject } from '../kinds/types.ts'
import type { Registry } from '../registry.ts'
import { asManager, asManagerStatus, type Controller, claim, controllerOf, resources, stopAll } from './controller.ts'
import { type EventRecorder, eventRecorder } from './events.ts'
import { isFinished, isReady, podFrom, untilAvailable } from './pods.ts'
import { keyOf, parseKey, workQueue } from './queue.ts'
import { currentRevision, forgetRevisions, type Revision, revisionLabel, revisionsOf } from './revisions.ts'

const { pods, statefulSets } = resources
const claims = { group: '', resource: 'persistentvolumeclaims' }

const ordinalOf = (set: StatefulSetObject, pod: PodObject): number => {
  const prefix = `${set.metadata.name}-`
  const text = pod.metadata.name.startsWith(prefix) ? pod.metadata.name.slice(prefix.length) : ''
  return /^\d+$/.test(text) ? Number(text) : -1
}

const revisionOf = (pod: PodObject): string | undefined => pod.metadata.labels?.[revisionLabel]
const claimName = (set: StatefulSetObject, template: KubeObject, ordinal: number): string =>
  `${template.metadata.name}-${set.metadata.name}-${ordinal}`

/** The pod of that ordinal, with its own name, host name and volumes. */
const podOf = (
  set: StatefulSetObject,
  template: PodTemplateSpec | undefined,
  revision: string,
  ordinal: number,
): PodObject => {
  const name = `${set.metadata.name}-${ordinal}`
  const pod = podFrom(template, set, { name })
  pod.metadata.generateName = `${set.metadata.name}-`
  pod.metadata.labels = {
    ...pod.metadata.labels,
    'apps.kubernetes.io/pod-index': String(ordinal),
    [revisionLabel]: revision,
    'statefulset.kubernetes.io/pod-name': name,
  }
  const templates = set.spec?.volumeClaimTemplates ?? []
  const claimed = templates.map((one) => ({
    name: one.metadata.name,
    persistentVolumeClaim: { claimName: claimName(set, one, ordinal) },
  }))
  const own = (pod.spec?.volumes ?? []).filter((volume) => !claimed.some(({ name: taken }) => taken === volume.name))
  const { serviceName } = set.spec ?? {}
  pod.spec = {
    ...pod.spec,
    hostname: name,
    ...(serviceName ? { subdomain: serviceName } : {}),
    ...(claimed.length > 0 ? { volumes: [...claimed, ...own] } : {}),
  }
  return pod
}

const ensureClaims = (registry: Registry, events: EventRecorder, set: StatefulSetObject, ordinal: number) => {
  const { name: setName, namespace } = set.metadata
  for (const template of set.spec?.volumeClaimTemplates ?? []) {
    const name = claimName(set, template, ordinal)
    if (registry.get(claims, name, namespace)) continue
    const labels = { ...template.metadata.labels, ...set.spec?.selector?.matchLabels }
    const spec = structuredClone(template.spec)
    registry.create(
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace, labels }, spec },
      asManager,
    )
    const message = `create Claim ${name} Pod ${setName}-${ordinal} in StatefulSet ${setName} success`
    events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message })
  }
}

export const statefulSetController: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'statefulset-controller' })

  const podsOf = (set: StatefulSetObject): PodObject[] =>
    claim<PodObject>(
      registry,
      pods,
      set,
      (pod) => selects(set.spec?.selector, pod.metadata.labels) && ordinalOf(set, pod) >= 0,
    ).sort((a, b) => ordinalOf(set, a) - ordinalOf(set, b))

  const isHealthy = (set: StatefulSetObject, pod: PodObject): boolean =>
    untilAvailable(pod, set.spec?.minReadySeconds ?? 0, clock.now()) === 0 && !pod.metadata.deletionTimestamp

  const remove = (set: StatefulSetObject, pod: PodObject) => {
    registry.delete(pods, pod.metadata.name, pod.metadata.namespace)
    const message = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`
    events.record(set, { type: 'Normal', reason: 'SuccessfulDelete', message })
  }

  const create = (set: StatefulSetObject, update: Revision, ordinal: number) => {
    const { partition = 0 } = set.spec?.updateStrategy?.rollingUpdate ?? {}
    const start = set.spec?.ordinals?.start ?? 0
    const earlier = revisionsOf(registry, set).find(({ metadata }) => metadata.name === set.status?.currentRevision)
    const revision = earlier && ordinal < start + partition ? earlier : update
    const { $patch: _patch, ...template } = revision.data?.spec?.template ?? {}
    ensureClaims(registry, events, set, ordinal)
    const pod = registry.create(podOf(set, template, revision.metadata.name, ordinal), asManager)
    const message = `create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`
    events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message })
  }

  /** One round; with the ordered policy it stops at the first pod that has to be waited for. */
  const step = (set: StatefulSetObject, update: Revision) => {
    const { replicas = 0, ordinals, podManagementPolicy, updateStrategy } = set.spec ?? {}
    const ordered = podManagementPolicy !== 'Parallel'
    const start = ordinals?.start ?? 0
    const byOrdinal = new Map(podsOf(set).map((pod) => [ordinalOf(set, pod), pod]))

    for (let ordinal = start; ordinal < start + replicas; ordinal++) {
      const pod = byOrdinal.get(ordinal)
      if (!pod) create(set, update, ordinal)
      else if (isFinished(pod) && !pod.metadata.deletionTimestamp) remove(set, pod)
      else if (!ordered || isHealthy(set, pod)) continue
      if (ordered) return
    }
    const condemned = [...byOrdinal].filter(([ordinal]) => ordinal < start || ordinal >= start + replicas).reverse()
    for (const [, pod] of condemned) {
      if (!pod.metadata.deletionTimestamp) remove(set, pod)
      if (ordered) return
    }
    if (updateStrategy?.type === 'OnDelete') return
    const partition = updateStrategy?.rollingUpdate?.partition ?? 0
    for (let ordinal = start + replicas - 1; ordinal >= start + partition; ordinal--) {
      const pod = byOrdinal.get(ordinal)
      if (!pod) return
      if (revisionOf(pod) !== update.metadata.name && !pod.metadata.deletionTimestamp) return remove(set, pod)
      if (!isHealthy(set, pod)) return
    }
  }

  const report = (key: string, update: string) => {
    const { namespace, name } = parseKey(key)
    const set = registry.get(statefulSets, name, namespace) as StatefulSetObject | undefined
    if (!set) return
    const owned = podsOf(set)
    const live = owned.filter(({ metadata }) => !metadata.deletionTimestamp)
    const waits = live.map((pod) => untilAvailable(pod, set.spec?.minReadySeconds ?? 0, clock.now()))
    const readyReplicas = live.filter(isReady).length
    const updated = live.filter((pod) => revisionOf(pod) === update).length
    const isDone = updated === owned.length && readyReplicas === owned.length
    const current = isDone ? update : (set.status?.currentRevision ?? update)
    const onCurrent = live.filter((pod) => revisionOf(pod) === current).length
    const status: StatefulSetObject['status'] = {
      observedGeneration: set.metadata.generation,
      replicas: owned.length,
      ...(readyReplicas > 0 ? { readyReplicas } : {}),
      ...(onCurrent > 0 ? { currentReplicas: onCurrent } : {}),
      ...(updated > 0 ? { updatedReplicas: updated } : {}),
      currentRevision: current,
      updateRevision: update,
      collisionCount: 0,
      availableReplicas: waits.filter((wait) => wait === 0).length,
    }
    const write = (draft: KubeObject) => {
      if (sameJson(draft.status, status)) return false
      draft.status = status
    }
    registry.mutate(statefulSets, name, namespace, write, asManagerStatus)
    const soonest = Math.min(...waits.filter((wait) => wait !== undefined && wait > 0).map(Number))
    if (Number.isFinite(soonest)) queue.addAfter(key, soonest)
    if (isDone) forgetRevisions(registry, set, new Set([current, update]))
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const set = registry.get(statefulSets, name, namespace) as StatefulSetObject | undefined
    if (!set || set.metadata.deletionTimestamp) return
    const update = currentRevision(registry, set)
    try {
      step(set, update)
    } finally {
      report(key, update.metadata.name)
    }
  })

  return stopAll(
    queue,
    registry.watch(statefulSets, ({ object }) => queue.add(keyOf(object)), { replay: true }),
    registry.watch(pods, ({ object }) => {
      const controller = controllerOf(object)
      if (controller?.kind === 'StatefulSet') queue.add(`${object.metadata.namespace}/${controller.name}`)
    }),
  )
}
