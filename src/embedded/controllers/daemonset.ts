/** DaemonSets: one pod on each node that takes it. Not modelled: `maxSurge` (nodes are updated one after the other instead). */
import type { KubeObject } from '../../kube/api.ts'
import { sameJson } from '../apiserver/equality.ts'
import { selects } from '../kinds/selector.ts'
import type { DaemonSetObject, NodeObject, PodObject, Toleration } from '../kinds/types.ts'
import { resolveIntOrPercent } from '../kinds/validation/int-or-percent.ts'
import { asManager, asManagerStatus, type Controller, claim, controllerOf, resources, stopAll } from './controller.ts'
import { eventRecorder } from './events.ts'
import { isFinished, isReady, podFrom, untilAvailable } from './pods.ts'
import { keyOf, parseKey, workQueue } from './queue.ts'
import { currentRevision, forgetRevisions, type Revision, revisionLabel } from './revisions.ts'
import { affinityMatches, toleratesTaints } from './scheduler.ts'

const { daemonSets, nodes, pods } = resources

const tolerations: Toleration[] = [
  ...['not-ready', 'unreachable'].map((key) => ({ key, effect: 'NoExecute' })),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((key) => ({
    key,
    effect: 'NoSchedule',
  })),
].map(({ key, effect }) => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect }))

/** The pod for one node: tied to it by affinity, as the scheduler binds it. */
const podFor = (set: DaemonSetObject, node: NodeObject, revision: Revision): PodObject => {
  const pod = podFrom(set.spec?.template, set, { generateName: `${set.metadata.name}-` })
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [revisionLabel]: revision.metadata.labels?.[revisionLabel] ?? '',
    'pod-template-generation': String(revision.revision ?? 1),
  }
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }]
  pod.spec = {
    ...pod.spec,
    affinity: {
      ...pod.spec?.affinity,
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
    },
    tolerations: [...(pod.spec?.tolerations ?? []), ...tolerations],
  }
  return pod
}

const nodeOf = (pod: PodObject): string | undefined =>
  pod.spec?.nodeName ||
  pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.[0]
    ?.matchFields?.[0]?.values?.[0]

const runsOn = (set: DaemonSetObject, node: NodeObject): boolean => {
  const template = set.spec?.template?.spec
  const spec = { ...template, tolerations: [...(template?.tolerations ?? []), ...tolerations] }
  return affinityMatches({ spec }, node) && toleratesTaints({ spec }, node)
}

export const daemonSetController: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'daemonset-controller' })

  const podsOf = (set: DaemonSetObject): PodObject[] =>
    claim(registry, pods, set, (pod) => selects(set.spec?.selector, pod.metadata.labels))

  const remove = (set: DaemonSetObject, pod: PodObject) => {
    if (pod.metadata.deletionTimestamp) return
    registry.delete(pods, pod.metadata.name, pod.metadata.namespace)
    events.record(set, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${pod.metadata.name}` })
  }

  const place = (set: DaemonSetObject, revision: Revision, owned: PodObject[]) => {
    const all = registry.list(nodes) as NodeObject[]
    const wanted = new Set(all.filter((node) => runsOn(set, node)).map(({ metadata }) => metadata.name))
    for (const pod of owned) if (!wanted.has(nodeOf(pod) ?? '') || isFinished(pod)) remove(set, pod)
    for (const node of all) {
      const there = owned.filter((pod) => nodeOf(pod) === node.metadata.name)
      for (const surplus of there.filter((pod) => !isFinished(pod)).slice(1)) remove(set, surplus)
      if (!wanted.has(node.metadata.name) || there.length > 0) continue
      const { metadata } = registry.create(podFor(set, node, revision), asManager)
      events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${metadata.name}` })
    }
  }

  /** Replaces pods of earlier templates while few enough are missing. */
  const roll = (set: DaemonSetObject, hash: string) => {
    if (set.spec?.updateStrategy?.type === 'OnDelete') return
    const owned = podsOf(set)
    const most = resolveIntOrPercent(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable, owned.length, 'up')
    const isAvailable = (pod: PodObject) =>
      untilAvailable(pod, set.spec?.minReadySeconds ?? 0, clock.now()) === 0 && !pod.metadata.deletionTimestamp
    let room = Math.max(1, most) - owned.filter((pod) => !isAvailable(pod)).length
    for (const pod of owned.filter((one) => one.metadata.labels?.[revisionLabel] !== hash)) {
      if (isAvailable(pod) && room-- <= 0) continue
      remove(set, pod)
    }
  }

  const report = (key: string, hash: string) => {
    const { namespace, name } = parseKey(key)
    const set = registry.get(daemonSets, name, namespace) as DaemonSetObject | undefined
    if (!set) return
    const all = registry.list(nodes) as NodeObject[]
    const wanted = new Set(all.filter((node) => runsOn(set, node)).map(({ metadata }) => metadata.name))
    const owned = podsOf(set).filter(({ metadata }) => !metadata.deletionTimestamp)
    const placed = owned.filter((pod) => wanted.has(nodeOf(pod) ?? ''))
    const waits = placed.map((pod) => untilAvailable(pod, set.spec?.minReadySeconds ?? 0, clock.now()))
    const updated = placed.filter((pod) => pod.metadata.labels?.[revisionLabel] === hash).length
    const available = waits.filter((wait) => wait === 0).length
    const unavailable = wanted.size - available
    const status: DaemonSetObject['status'] = {
      currentNumberScheduled: placed.length,
      numberMisscheduled: owned.length - placed.length,
      desiredNumberScheduled: wanted.size,
      numberReady: placed.filter(isReady).length,
      observedGeneration: set.metadata.generation,
      ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
      ...(available > 0 ? { numberAvailable: available } : {}),
      ...(unavailable > 0 ? { numberUnavailable: unavailable } : {}),
    }
    const write = (draft: KubeObject) => {
      if (sameJson(draft.status, status)) return false
      draft.status = status
    }
    registry.mutate(daemonSets, name, namespace, write, asManagerStatus)
    const soonest = Math.min(...waits.filter((wait) => wait !== undefined && wait > 0).map(Number))
    if (Number.isFinite(soonest)) queue.addAfter(key, soonest)
  }

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const set = registry.get(daemonSets, name, namespace) as DaemonSetObject | undefined
    if (!set || set.metadata.deletionTimestamp) return
    const revision = currentRevision(registry, set)
    const hash = revision.metadata.labels?.[revisionLabel] ?? ''
    try {
      place(set, revision, podsOf(set))
      roll(set, hash)
    } finally {
      report(key, hash)
    }
    forgetRevisions(registry, set, new Set([revision.metadata.name]))
  })

  return stopAll(
    queue,
    registry.watch(daemonSets, ({ object }) => queue.add(keyOf(object)), { replay: true }),
    registry.watch(nodes, () => {
      for (const set of registry.list(daemonSets)) queue.add(keyOf(set))
    }),
    registry.watch(pods, ({ object }) => {
      const controller = controllerOf(object)
      if (controller?.kind === 'DaemonSet') queue.add(`${object.metadata.namespace}/${controller.name}`)
    }),
  )
}
