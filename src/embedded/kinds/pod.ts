/** Pods. Not modelled: pods/resize, pods/proxy, and the Go-style diff after the refusal of an update. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, text, wide } from './columns.ts'
import { defaultPodSpec } from './defaults/pod-spec.ts'
import type { FieldError, Kind } from './kind.ts'
import { podSummary } from './pod-status.ts'
import { parseQuantity } from './quantity.ts'
import type { ContainerSpec, PodObject, PodSpec } from './types.ts'
import { forbidden } from './validation/errors.ts'
import { newPodErrors, podErrors } from './validation/pod.ts'
import { podWarnings } from './validation/pod-warnings.ts'

const amounts = (container: ContainerSpec, which: 'limits' | 'requests') =>
  (['cpu', 'memory'] as const).map((name) => parseQuantity(container.resources?.[which]?.[name] ?? 0) ?? 0)

/** Guaranteed when every container limits cpu and memory and requests as much; BestEffort when none says anything. */
export const qosClass = (spec: PodSpec): string => {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const all = containers.map((container) => ({
    limits: amounts(container, 'limits'),
    requests: amounts(container, 'requests'),
  }))
  if (all.every(({ limits, requests }) => [...limits, ...requests].every((amount) => amount === 0))) return 'BestEffort'
  const guaranteed = all.every(({ limits, requests }) =>
    limits.every((limit, index) => limit > 0 && limit === requests[index]),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

const setDefaults = (object: KubeObject) => {
  const pod = object as PodObject
  pod.spec ??= {}
  defaultPodSpec(pod.spec)
  // A pod's own, not a template's: less than nothing means as soon as possible.
  if ((pod.spec.terminationGracePeriodSeconds ?? 0) < 0) pod.spec.terminationGracePeriodSeconds = 1
  pod.spec.enableServiceLinks ??= true
  for (const container of [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])]) {
    const limits = container.resources?.limits
    if (limits && container.resources) container.resources.requests = { ...limits, ...container.resources.requests }
  }
  pod.status ??= {}
  pod.status.phase ??= 'Pending'
  pod.status.qosClass ??= qosClass(pod.spec)
  if (pod.spec.schedulingGates?.length && !pod.status.conditions) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates'
    pod.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }]
  }
}

const mutableParts = (spec: PodSpec, old: PodSpec): PodSpec => {
  const images = (containers: ContainerSpec[] | undefined, before: ContainerSpec[] | undefined) =>
    containers?.map((container, index) => ({ ...container, image: before?.[index]?.image }))
  const kept = old.tolerations ?? []
  const onlyAdded = kept.every((toleration) =>
    (spec.tolerations ?? []).some((other) => JSON.stringify(other) === JSON.stringify(toleration)),
  )
  const reset: PodSpec = {
    ...spec,
    containers: images(spec.containers, old.containers),
    initContainers: images(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: onlyAdded ? old.tolerations : spec.tolerations,
    // Their own subresources change these two, and the registry has one way in.
    ephemeralContainers: old.ephemeralContainers,
    nodeName: old.nodeName ? spec.nodeName : undefined,
  }
  if (old.terminationGracePeriodSeconds !== undefined && old.terminationGracePeriodSeconds < 0) {
    if (spec.terminationGracePeriodSeconds === 1) {
      reset.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds
    }
  }
  return reset
}

/** Equal as JSON, whatever the order of keys; what is undefined is absent. */
const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

const updateErrors = (pod: PodObject, old: PodObject): FieldError[] => {
  const { spec = {} } = pod
  const before = old.spec ?? {}
  const counts = (one: PodSpec) => [one.containers?.length ?? 0, one.initContainers?.length ?? 0]
  if (!same(counts(spec), counts(before))) {
    return [forbidden('spec.containers', 'pod updates may not add or remove containers')]
  }
  if (same(mutableParts(spec, before), { ...before, nodeName: before.nodeName || undefined })) return []
  const allowed = [
    '`spec.containers[*].image`',
    '`spec.initContainers[*].image`',
    '`spec.activeDeadlineSeconds`',
    '`spec.tolerations` (only additions to existing tolerations)',
    '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ]
  return [forbidden('spec', `pod updates may not change fields other than ${allowed.join(',')}\n`)]
}

const stream = ['create', 'get']

export const podKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  goType: 'core/v1.Pod',
  status: true,
  generation: true,
  graceful: true,
  deleteReturnsObject: true,
  subresources: [
    { name: 'attach', kind: 'PodAttachOptions', verbs: stream },
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    { name: 'exec', kind: 'PodExecOptions', verbs: stream },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    { name: 'portforward', kind: 'PodPortForwardOptions', verbs: stream },
  ],
  setDefaults,
  validate: (object, old) => {
    const pod = object as PodObject
    const errors = [...podErrors(pod), ...(old ? [] : newPodErrors(pod))]
    return old && errors.length === 0 ? updateErrors(pod, old as PodObject) : errors
  },
  // Upstream says nothing on updates (podStrategy.WarningsOnUpdate): kubelet and controllers make most of them.
  warnings: (object, old) => (old ? [] : podWarnings(object as PodObject)),
  columns: [
    nameColumn,
    text<PodObject>('Ready', (pod, now) => podSummary(pod, now).ready),
    text<PodObject>('Status', (pod, now) => podSummary(pod, now).status),
    text<PodObject>('Restarts', (pod, now) => podSummary(pod, now).restarts),
    ageColumn,
    wide(text<PodObject>('IP', (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || '<none>')),
    wide(text<PodObject>('Node', (pod) => pod.spec?.nodeName || '<none>')),
    wide(text<PodObject>('Nominated Node', (pod) => pod.status?.nominatedNodeName || '<none>')),
    wide(
      text<PodObject>('Readiness Gates', (pod) => {
        const gates = pod.spec?.readinessGates ?? []
        const passed = gates.filter(({ conditionType }) =>
          pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
        )
        return gates.length === 0 ? '<none>' : `${passed.length}/${gates.length}`
      }),
    ),
  ],
  selectableFields: {
    'spec.nodeName': (object) => (object as PodObject).spec?.nodeName ?? '',
    'spec.restartPolicy': (object) => (object as PodObject).spec?.restartPolicy ?? '',
    'spec.schedulerName': (object) => (object as PodObject).spec?.schedulerName ?? '',
    'spec.serviceAccountName': (object) => (object as PodObject).spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (object) => String((object as PodObject).spec?.hostNetwork ?? false),
    'status.phase': (object) => (object as PodObject).status?.phase ?? '',
    'status.podIP': (object) => (object as PodObject).status?.podIP ?? '',
    'status.nominatedNodeName': (object) => (object as PodObject).status?.nominatedNodeName ?? '',
  },
}
