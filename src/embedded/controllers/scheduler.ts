/**
 * Gives pods without a node to the one that fits and has the fewest. Follows kube-scheduler's filters. Not modelled: other scores, pod
 * (anti-)affinity, topology spread, preemption, volumes, host ports.
 */
import type { KubeObject } from '../../kube/api.ts'
import { meets } from '../../meshes/match/labels.ts'
import { timestamp } from '../clock.ts'
import { parseQuantity } from '../kinds/quantity.ts'
import type { NodeObject, NodeSelectorTerm, PodObject, Toleration } from '../kinds/types.ts'
import { type Controller, resources, stopAll } from './controller.ts'
import { eventRecorder } from './events.ts'
import { isFinished } from './pods.ts'
import { keyOf, parseKey, workQueue } from './queue.ts'

const { nodes, pods } = resources
const asScheduler = { fieldManager: 'kube-scheduler' }
/** A binding is no change of the pod's own making: its generation stays. */
const asBinding = { ...asScheduler, subresource: 'binding' as const }

const termMatches = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeObject): boolean => {
  const check = (value: string | undefined, operator: string, values: string[] = []): boolean => {
    if (operator === 'Gt') return value !== undefined && Number(value) > Number(values[0])
    if (operator === 'Lt') return value !== undefined && Number(value) < Number(values[0])
    return meets(value, operator, values)
  }
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchExpressions.every(({ key, operator, values }) => check(node.metadata.labels?.[key], operator, values)) &&
    matchFields.every(({ operator, values }) => check(node.metadata.name, operator, values))
  )
}

/** The node's labels are what the pod asks for. */
export const affinityMatches = (pod: Pick<PodObject, 'spec'>, node: NodeObject): boolean => {
  const wanted = Object.entries(pod.spec?.nodeSelector ?? {})
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return (
    wanted.every(([key, value]) => node.metadata.labels?.[key] === value) &&
    (terms === undefined || terms.some((term) => termMatches(term, node)))
  )
}

const tolerates = (toleration: Toleration, taint: { key: string; value?: string; effect: string }): boolean => {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '')
}

/** No taint keeps the pod away. */
export const toleratesTaints = (pod: Pick<PodObject, 'spec'>, node: NodeObject): boolean =>
  (node.spec?.taints ?? [])
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .every((taint) => (pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, taint)))

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

const requested = (pod: PodObject, name: string): number =>
  (pod.spec?.containers ?? []).reduce(
    (sum, container) => sum + (parseQuantity(container.resources?.requests?.[name] ?? 0) ?? 0),
    0,
  )

/** Why the node cannot take the pod, in the scheduler's words; empty when it can. */
const obstacles = (pod: PodObject, node: NodeObject, there: PodObject[]): string[] => {
  const { tolerations = [] } = pod.spec ?? {}
  if (node.spec?.unschedulable && !tolerations.some((toleration) => tolerates(toleration, unschedulableTaint))) {
    return ['node(s) were unschedulable']
  }
  if (!toleratesTaints(pod, node)) return ['node(s) had untolerated taint(s)']
  if (!affinityMatches(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"]
  const allocatable = (name: string): number => {
    const amount = node.status?.allocatable?.[name]
    return amount === undefined ? Number.POSITIVE_INFINITY : (parseQuantity(amount) ?? 0)
  }
  const problems = there.length + 1 > allocatable('pods') ? ['Too many pods'] : []
  for (const name of ['cpu', 'memory']) {
    const used = there.reduce((sum, other) => sum + requested(other, name), 0)
    const asked = requested(pod, name)
    if (asked > 0 && used + asked > allocatable(name)) problems.push(`Insufficient ${name}`)
  }
  return problems
}

/** Removing pods would help only where room is missing. */
const explain = (nodeCount: number, problems: string[]): string => {
  if (nodeCount === 0) return 'no nodes available to schedule pods'
  const counts = new Map<string, number>()
  for (const problem of problems) counts.set(problem, (counts.get(problem) ?? 0) + 1)
  const listed = [...counts].map(([problem, count]) => `${count} ${problem}`).sort()
  const short = problems.some((problem) => /^(Insufficient|Too many)/.test(problem))
  const help = short ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling'
  const head = `0/${nodeCount} nodes are available`
  return `${head}: ${listed.join(', ')}. preemption: ${head}: ${nodeCount} ${help}.`
}

export const scheduler: Controller = ({ registry, clock }) => {
  const events = eventRecorder({ registry, clock, component: 'default-scheduler' })

  const note = (pod: PodObject, status: 'True' | 'False', reason?: string, message?: string) => {
    const change = (draft: KubeObject) => {
      const seen = (draft as PodObject).status ?? {}
      const before = seen.conditions?.find(({ type }) => type === 'PodScheduled')
      if (before?.status === status && before.reason === reason && before.message === message) return false
      const condition = {
        type: 'PodScheduled',
        ...(draft.metadata.generation === undefined ? {} : { observedGeneration: draft.metadata.generation }),
        status,
        lastProbeTime: null,
        lastTransitionTime: before?.status === status ? before.lastTransitionTime : timestamp(clock),
        ...(reason ? { reason } : {}),
        ...(message ? { message } : {}),
      }
      const others = (seen.conditions ?? []).filter(({ type }) => type !== 'PodScheduled')
      draft.status = { ...seen, conditions: [...others, condition] }
    }
    const { name, namespace } = pod.metadata
    registry.mutate(pods, name, namespace, change, { ...asScheduler, subresource: 'status' })
  }

  const bind = (pod: PodObject, node: NodeObject) => {
    const { name, namespace } = pod.metadata
    // The condition first: whoever sees the pod on its node then sees it scheduled.
    note(pod, 'True')
    const assign = (draft: KubeObject) => {
      const { spec } = draft as PodObject
      if (spec) spec.nodeName = node.metadata.name
    }
    const bound = registry.mutate(pods, name, namespace, assign, asBinding)
    const message = `Successfully assigned ${namespace}/${name} to ${node.metadata.name}`
    events.record(bound ?? pod, { type: 'Normal', reason: 'Scheduled', message, action: 'Binding' })
  }

  const isWaiting = (pod: PodObject): boolean =>
    !pod.spec?.nodeName &&
    !pod.metadata.deletionTimestamp &&
    !isFinished(pod) &&
    !pod.spec?.schedulingGates?.length &&
    pod.spec?.schedulerName === 'default-scheduler'

  const queue = workQueue(clock, (key) => {
    const { namespace, name } = parseKey(key)
    const pod = registry.get(pods, name, namespace) as PodObject | undefined
    if (!pod || !isWaiting(pod)) return
    const all = registry.list(nodes) as NodeObject[]
    const scheduled = (registry.list(pods) as PodObject[]).filter((other) => other.spec?.nodeName && !isFinished(other))
    const problems: string[] = []
    const fitting: { node: NodeObject; load: number }[] = []
    for (const node of all) {
      const there = scheduled.filter((other) => other.spec?.nodeName === node.metadata.name)
      const found = obstacles(pod, node, there)
      if (found.length === 0) fitting.push({ node, load: there.length })
      problems.push(...found)
    }
    const best = fitting.sort((a, b) => a.load - b.load)[0]
    if (best) return bind(pod, best.node)
    const message = explain(all.length, problems)
    const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
    note(pod, 'False', 'Unschedulable', message)
    if (before?.message === message) return
    events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message, action: 'Scheduling' })
  })

  const retryWaiting = () => {
    for (const pod of registry.list(pods) as PodObject[]) if (isWaiting(pod)) queue.add(keyOf(pod))
  }

  return stopAll(
    queue,
    registry.watch(nodes, retryWaiting),
    registry.watch(
      pods,
      ({ type, object }) => {
        if (type === 'DELETED') retryWaiting()
        else if (isWaiting(object)) queue.add(keyOf(object))
      },
      { replay: true },
    ),
  )
}
