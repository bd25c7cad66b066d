/**
 * A pod's status from the states of its containers, as the kubelet computes it. Pure.
 * Upstream: kubernetes/pkg/kubelet/kubelet_pods.go (getPhase), pkg/kubelet/status/generate.go.
 * Not modelled: readiness gates, resource status, hugepages.
 */
import type { Container, ContainerStatus, Pod } from '../../kube/kinds.ts'
import { nodeAddressOf } from '../bootstrap.ts'

export type State = NonNullable<ContainerStatus['state']> & {
  terminated?: {
    exitCode: number
    reason?: string
    message?: string
    startedAt?: string
    finishedAt?: string
    containerID?: string
  }
}

/** What is known of one container, over all its runs. */
export interface ContainerRecord {
  readonly spec: Container
  readonly role: 'init' | 'sidecar' | 'main' | 'ephemeral'
  state: State
  lastState: State
  restarts: number
  /** Its startup probe has passed, or it has none and runs. */
  started: boolean
  ready: boolean
  image: string
  imageID: string
  containerID?: string
}

interface Condition {
  type: string
  status: string
  lastProbeTime: null
  lastTransitionTime: string
  observedGeneration?: number
  reason?: string
  message?: string
}

export const isInitialized = (records: readonly ContainerRecord[]): boolean =>
  records.every(
    (record) =>
      record.role === 'main' ||
      record.role === 'ephemeral' ||
      (record.role === 'sidecar' ? record.started : record.state.terminated?.exitCode === 0),
  )

export const phaseOf = (pod: Pod, records: readonly ContainerRecord[]): NonNullable<Pod['status']>['phase'] => {
  const policy = pod.spec.restartPolicy ?? 'Always'
  const main = records.filter((record) => record.role === 'main')
  const failedInit = records.some(
    (record) => record.role === 'init' && policy === 'Never' && (record.state.terminated?.exitCode ?? 0) !== 0,
  )
  if (failedInit) return 'Failed'
  if (
    !isInitialized(records) &&
    main.every((record) => !record.state.running && !record.state.terminated && !record.lastState.terminated)
  )
    return 'Pending'
  if (main.some((record) => record.state.waiting && !record.lastState.terminated)) return 'Pending'
  if (main.some((record) => record.state.running)) return 'Running'
  if (policy === 'Always') return 'Running'
  if (main.every((record) => record.state.terminated?.exitCode === 0)) return 'Succeeded'
  return policy === 'Never' ? 'Failed' : 'Running'
}

const named = (records: readonly ContainerRecord[]): string => records.map((record) => record.spec.name).join(' ')

const conditionsOf = (
  pod: Pod,
  records: readonly ContainerRecord[],
  phase: string | undefined,
  hasSandbox: boolean,
  now: string,
): Condition[] => {
  const counted = records.filter((record) => record.role === 'main' || record.role === 'sidecar')
  const unready = counted.filter((record) => !record.ready)
  const finished = phase === 'Succeeded' || phase === 'Failed'
  const notReady = finished
    ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${named(unready)}]` }
  const incomplete = records.filter((record) =>
    record.role === 'init' ? record.state.terminated?.exitCode !== 0 : record.role === 'sidecar' && !record.started,
  )
  const initialized = isInitialized(records) || phase === 'Succeeded'
  const wanted: Omit<Condition, 'lastTransitionTime' | 'lastProbeTime'>[] = [
    { type: 'PodReadyToStartContainers', status: hasSandbox ? 'True' : 'False' },
    initialized
      ? { type: 'Initialized', status: 'True', ...(phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}) }
      : {
          type: 'Initialized',
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${named(incomplete)}]`,
        },
    unready.length === 0 && !finished
      ? { type: 'Ready', status: 'True' }
      : { type: 'Ready', status: 'False', ...notReady },
    unready.length === 0 && !finished
      ? { type: 'ContainersReady', status: 'True' }
      : { type: 'ContainersReady', status: 'False', ...notReady },
  ]
  const before = (pod.status?.conditions ?? []) as Condition[]
  const generation = pod.metadata.generation
  const own = wanted.map((condition): Condition => {
    const { type, status, reason, message } = condition
    const earlier = before.find((each) => each.type === type)
    const lastTransitionTime = earlier?.status === status ? earlier.lastTransitionTime : now
    return {
      type,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      status,
      lastProbeTime: null,
      lastTransitionTime,
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
    }
  })
  const scheduled = before.find(({ type }) => type === 'PodScheduled') ?? {
    type: 'PodScheduled',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: now,
  }
  const others = before.filter(({ type }) => type !== 'PodScheduled' && !own.some((each) => each.type === type))
  return [...own, scheduled, ...others]
}

const containerStatus = (record: ContainerRecord): ContainerStatus => ({
  ...(record.containerID ? { containerID: `containerd://${record.containerID}` } : {}),
  image: record.image,
  imageID: record.imageID,
  lastState: record.lastState,
  name: record.spec.name,
  ready: record.role === 'init' ? record.state.terminated?.exitCode === 0 : record.ready,
  restartCount: record.restarts,
  started: record.started,
  state: record.state,
})

/** Ephemeral containers have no probes: `started` is not told, and they are never ready. */
const ephemeralStatus = (record: ContainerRecord): ContainerStatus => {
  const { started: _, ...status } = containerStatus(record)
  return { ...status, ready: false }
}

const amounts = (container: Container): { requests: Record<string, string>; limits: Record<string, string> } => {
  const resources = container.resources as
    | { requests?: Record<string, string>; limits?: Record<string, string> }
    | undefined
  return { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }
}

/** Guaranteed, Burstable or BestEffort, from requests and limits of CPU and memory. */
export const qosClassOf = (pod: Pod): string => {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(amounts)
  const names = ['cpu', 'memory']
  if (all.every(({ requests, limits }) => names.every((name) => !requests[name] && !limits[name]))) return 'BestEffort'
  const exact = all.every(({ requests, limits }) =>
    names.every((name) => limits[name] && (requests[name] ?? limits[name]) === limits[name]),
  )
  return exact ? 'Guaranteed' : 'Burstable'
}

/** The whole `status`; `address` is absent before the pod's sandbox is there. */
export const statusOf = (
  pod: Pod,
  records: readonly ContainerRecord[],
  address: string | undefined,
  now: string,
): NonNullable<Pod['status']> => {
  const phase = phaseOf(pod, records)
  const init = records.filter((record) => record.role === 'init' || record.role === 'sidecar')
  const ephemeral = records.filter((record) => record.role === 'ephemeral')
  const generation = pod.metadata.generation
  return {
    ...pod.status,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: conditionsOf(
      pod,
      records,
      phase,
      address !== undefined && phase !== 'Succeeded' && phase !== 'Failed',
      now,
    ),
    hostIP: nodeAddressOf(pod.spec.nodeName),
    hostIPs: [{ ip: nodeAddressOf(pod.spec.nodeName) }],
    ...(address ? { podIP: address, podIPs: [{ ip: address }] } : {}),
    startTime: pod.status?.startTime ?? now,
    ...(init.length > 0 ? { initContainerStatuses: init.map(containerStatus) } : {}),
    containerStatuses: records.filter((record) => record.role === 'main').map(containerStatus),
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral.map(ephemeralStatus) } : {}),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
  }
}
