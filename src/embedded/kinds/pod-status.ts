/** The READY, STATUS and RESTARTS cells of a pod, as the API server computes them (printers.go, printPod). */
import type { ContainerStatus } from '../../kube/kinds.ts'
import { since } from './duration.ts'
import type { PodObject } from './types.ts'

export interface PodSummary {
  /** `1/2`; sidecars (init containers that keep running) count. */
  ready: string
  status: string
  /** `3`, or `3 (5m ago)`. */
  restarts: string
}

interface Terminated {
  exitCode: number
  reason?: string
  signal?: number
  finishedAt?: string
}

const terminated = (status: ContainerStatus | undefined): Terminated | undefined => status?.state?.terminated
const lastFinished = (status: ContainerStatus): string | undefined =>
  (status.lastState as { terminated?: Terminated } | undefined)?.terminated?.finishedAt

const ending = ({ reason, signal, exitCode }: Terminated): string =>
  reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)

/** The latest of several times, if any. */
const latest = (times: (string | undefined)[]): string | undefined =>
  times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1)

/** Walks the init containers up to the one that is not done; `status` is set when there is one. */
const initialising = (pod: PodObject) => {
  const specs = new Map((pod.spec?.initContainers ?? []).map((container) => [container.name, container]))
  const isSidecar = (status: ContainerStatus) => specs.get(status.name)?.restartPolicy === 'Always'
  let ready = 0
  let sidecarRestarts = 0
  const sidecarFinished: (string | undefined)[] = []
  let restarts = 0
  const finished: (string | undefined)[] = []
  const done = (status?: string) => ({ status, ready, restarts, finished, sidecarRestarts, sidecarFinished })

  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    restarts += container.restartCount
    finished.push(lastFinished(container))
    if (isSidecar(container)) {
      sidecarRestarts += container.restartCount
      sidecarFinished.push(lastFinished(container))
    }
    const ended = terminated(container)
    if (ended?.exitCode === 0) continue
    if (isSidecar(container) && container.started) {
      if (container.ready) ready += 1
      continue
    }
    if (ended) return done(`Init:${ending(ended)}`)
    const waiting = container.state?.waiting?.reason
    if (waiting && waiting !== 'PodInitializing') return done(`Init:${waiting}`)
    return done(`Init:${index}/${specs.size}`)
  }
  return done()
}

const condition = (pod: PodObject, type: string) => pod.status?.conditions?.find((one) => one.type === type)

/** What `kubectl get pods` prints; `now` in milliseconds. */
export const podSummary = (pod: PodObject, now: number): PodSummary => {
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  const total = containers.length + initContainers.filter((container) => container.restartPolicy === 'Always').length
  const phase = pod.status?.phase ?? ''
  let status = pod.status?.reason || phase
  if (condition(pod, 'PodScheduled')?.reason === 'SchedulingGated') status = 'SchedulingGated'

  const init = initialising(pod)
  let { ready, restarts } = init
  let finished = init.finished
  if (init.status) status = init.status
  if (!init.status || condition(pod, 'Initialized')?.status === 'True') {
    restarts = init.sidecarRestarts
    finished = init.sidecarFinished
    let running = false
    for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
      restarts += container.restartCount
      finished.push(lastFinished(container))
      const ended = terminated(container)
      const waiting = container.state?.waiting?.reason
      if (waiting) status = waiting
      else if (ended) status = ending(ended)
      else if (container.ready && container.state?.running) {
        running = true
        ready += 1
      }
    }
    if (status === 'Completed' && running) {
      status = condition(pod, 'Ready')?.status === 'True' ? 'Running' : 'NotReady'
    }
  }
  if (pod.metadata.deletionTimestamp) {
    if (pod.status?.reason === 'NodeLost') status = 'Unknown'
    else if (phase !== 'Succeeded' && phase !== 'Failed') status = 'Terminating'
  }
  const last = latest(finished)
  const restarted = restarts > 0 && last ? `${restarts} (${since(last, now)} ago)` : `${restarts}`
  return { ready: `${ready}/${total}`, status, restarts: restarted }
}
