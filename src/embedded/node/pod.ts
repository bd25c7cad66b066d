/**
 * One pod on the node, from its first container to its last: what to start next, what the status says, what ends.
 * Every step runs in one turn; only probes and programs wait. Not modelled: lifecycle hooks,
 * `activeDeadlineSeconds`, restarts of single containers by resize.
 */
import { isDeepStrictEqual } from 'node:util'
import { StatusError } from '../../kube/errors.ts'
import type { Pod } from '../../kube/kinds.ts'
import { type Clock, timestamp } from '../clock.ts'
import type { EventRecorder } from '../controllers/events.ts'
import type { DataPlane } from '../dataplane/dataplane.ts'
import type { ProxyPages } from '../telemetry/admin.ts'
import type { Program } from '../workloads/workload.ts'
import type { Run } from './container.ts'
import { type Entry, entriesOf, fieldPathOf, newEphemeral, noteEnd } from './entries.ts'
import { watchContainer } from './health.ts'
import { changesAround } from './probes.ts'
import { backOff, crashLoop, isDone, shouldRestart } from './restarts.ts'
import { recall, recallStart } from './resume.ts'
import { startContainer } from './start.ts'
import { type ContainerRecord, isInitialized, statusOf } from './status.ts'
import { createVolumes, mountProblems, type VolumeParts } from './volumes.ts'

const pods = { group: '', resource: 'pods' }

export interface NodeParts extends VolumeParts {
  clock: Clock
  network: DataPlane
  events: EventRecorder
  /** What sidecars answer about themselves. */
  pages?: ProxyPages
}

export interface PodWorker {
  readonly entries: readonly Readonly<Entry>[]
  readonly address: string
  /** The pod as it was last seen. */
  readonly pod: Pod
  /** Which program listens on that port, and in which container. */
  listener(port: number): { program: Program; run: Run } | undefined
  update(pod: Pod): void
  /** A ConfigMap or Secret of its namespace has changed: mounted files follow. */
  refresh(): void
  /** The object is gone: ends everything without another word. */
  drop(): void
}

export const startPod = (parts: NodeParts, first: Pod, address: string): PodWorker => {
  const { registry, clock, events, network } = parts
  let pod = first
  const changes = changesAround(network)
  const volumes = createVolumes(parts, first)
  let isOver = false
  let mounted = false
  let cancelRetry = (): void => {}
  /** A pod that ran before this node did is taken over in silence, as after a kubelet's restart. */
  let isResuming = first.status?.phase === 'Running'

  const entries = entriesOf(pod)
  const records = entries.map(({ record }) => record)
  if (isResuming) for (const record of records) recall(record, first)
  const say = (type: 'Normal' | 'Warning', reason: string, message: string, record?: ContainerRecord): void => {
    if (isResuming) return
    events.record(pod, { type, reason, message, ...(record ? { fieldPath: fieldPathOf(record) } : {}) })
  }

  const publish = (): void => {
    if (isOver || isResuming) return
    try {
      const next = registry.mutate(
        pods,
        pod.metadata.name,
        pod.metadata.namespace,
        (draft) => {
          if (draft.metadata.uid !== pod.metadata.uid) return false
          draft.status = statusOf(draft as Pod, records, mounted ? address : undefined, timestamp(clock))
        },
        { subresource: 'status', fieldManager: 'kubelet' },
      )
      if (next && next.metadata.uid === pod.metadata.uid) pod = next as Pod
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }

  const listener = (port: number): { program: Program; run: Run } | undefined => {
    for (const { run } of entries)
      if (run && !run.signal.aborted && run.program.ports.some((each) => each.port === port))
        return { program: run.program, run }
    return undefined
  }

  const local = (port: number): Program | undefined => listener(port)?.program

  const start = (item: Entry): void => {
    const { record } = item
    const target = () => entries.find(({ record: { spec } }) => spec.name === record.spec.targetContainerName)?.run
    const own = { target, address, volumes, pod: () => pod, local, say, publish, exited }
    const run = startContainer(item, { ...parts, ...own })
    if (run === 'misconfigured') retry()
    else if (run === 'failed') planRestart(item)
    else if (run !== 'waits') watch(item, run)
  }

  /** Probes of a fresh run. Without probes a container is started and ready at once. */
  const watch = (item: Entry, run: Run): void => {
    const { record } = item
    watchContainer(
      record,
      {
        run,
        address,
        ports: record.spec.ports ?? [],
        local,
        door: (port) => network.door({ ...pod, status: { ...pod.status, podIP: address } }, port, local),
        onChange: changes.listen,
        clock,
      },
      {
        changed: publish,
        started: advance,
        unhealthy: (kind, says) => say('Warning', 'Unhealthy', `${kind} probe failed: ${says}`, record),
        failed(kind) {
          say('Normal', 'Killing', `Container ${record.spec.name} failed ${kind} probe, will be restarted`, record)
          run.stop()
          exited(item, run, 137)
        },
      },
      isResuming,
    )
  }

  const exited = (item: Entry, run: Run, exitCode: number): void => {
    if (isOver || item.run !== run) return
    noteEnd(item, run, exitCode, timestamp(clock))
    planRestart(item)
    finishSidecars()
    advance()
  }

  /** When all main containers are done for good, sidecars are told to stop. */
  const finishSidecars = (): void => {
    if (!isDone(pod, records)) return
    for (const item of entries) if (item.record.role === 'sidecar') stop(item)
  }

  /** The first restart is immediate; from the second on the container waits in CrashLoopBackOff, twice as long each time. */
  const planRestart = (item: Entry): void => {
    const { record } = item
    if (!shouldRestart(pod, record)) return
    const wait = backOff(item, clock.now())
    const again = (): void => {
      item.cancelRestart = undefined
      if (isOver) return
      record.lastState = record.state.terminated ? record.state : record.lastState
      record.restarts++
      start(item)
      advance()
    }
    item.cancelRestart = clock.after(wait, again)
    if (wait === 0) return
    const { waiting, event } = crashLoop(pod, record.spec.name, wait)
    publish()
    record.lastState = record.state
    record.state = { waiting }
    say('Warning', 'BackOff', event, record)
  }

  const retry = (): void => {
    cancelRetry()
    cancelRetry = clock.after(2000, advance)
  }

  const waits = ({ record, run, cancelRestart }: Entry): boolean =>
    !run && !cancelRestart && record.state.waiting !== undefined && !/Image/.test(record.state.waiting.reason ?? '')

  /** Starts whatever may start now, then writes the status. */
  function advance(): void {
    if (isOver || pod.metadata.deletionTimestamp) return
    if (!mounted) {
      const problems = mountProblems(parts, pod)
      for (const problem of problems) say('Warning', 'FailedMount', problem)
      if (problems.length > 0) {
        retry()
        publish()
        return
      }
      mounted = true
    }
    let isHeldUp = false
    for (const item of entries) {
      const { record } = item
      if (isHeldUp && record.role !== 'ephemeral') continue
      if (record.role === 'main' || record.role === 'ephemeral') {
        if ((isInitialized(records) || record.role === 'ephemeral') && waits(item)) start(item)
        continue
      }
      if (waits(item)) start(item)
      const done = record.role === 'sidecar' ? record.started : record.state.terminated?.exitCode === 0
      // What comes later waits for it; a debugger does not.
      if (!done) isHeldUp = true
    }
    publish()
  }

  const stop = (item: Entry): void => {
    const { record, run } = item
    item.cancelRestart?.()
    item.cancelRestart = undefined
    if (!run) return
    say('Normal', 'Killing', `Stopping container ${record.spec.name}`, record)
    noteEnd(item, run, run.stop(), timestamp(clock))
  }

  const terminate = (): void => {
    cancelRetry()
    // Programs end on SIGTERM here, so the grace period is never used up.
    const isLater = ({ record }: Entry): boolean => record.role === 'init' || record.role === 'sidecar'
    for (const item of entries.filter((each) => !isLater(each))) stop(item)
    for (const item of entries.filter(isLater).reverse()) stop(item)
    publish()
    isOver = true
    try {
      registry.delete(pods, pod.metadata.name, pod.metadata.namespace, {
        gracePeriodSeconds: 0,
        preconditions: { uid: pod.metadata.uid },
      })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }

  publish()
  advance()
  if (isResuming) {
    for (const { record, run } of entries) if (run) recallStart(record, first)
    isResuming = false
    publish()
  }
  return {
    entries,
    address,
    get pod() {
      return pod
    },
    listener,
    update(next) {
      if (Number(next.metadata.resourceVersion) < Number(pod.metadata.resourceVersion)) return
      const isRelabelled = !isDeepStrictEqual(pod.metadata.labels, next.metadata.labels)
      pod = next
      if (isOver) return
      if (isRelabelled) changes.tell()
      if (next.metadata.deletionTimestamp) {
        terminate()
        return
      }
      volumes.refresh(pod)
      const added = newEphemeral(pod, entries)
      if (added.length > 0) {
        entries.push(...added)
        records.push(...added.map(({ record }) => record))
        advance()
      }
      for (const item of entries) {
        const { record } = item
        const list = record.role === 'main' ? next.spec.containers : (next.spec.initContainers ?? [])
        const spec = list.find(({ name }) => name === record.spec.name)
        if (!spec || spec.image === record.spec.image) continue
        Object.assign(record, { spec })
        if (item.run) {
          say('Normal', 'Killing', `Container ${spec.name} definition changed, will be restarted`, record)
          item.run.stop()
          exited(item, item.run, 0)
        } else if (record.state.waiting && !item.cancelRestart) {
          record.state = { waiting: { reason: 'ContainerCreating' } }
          advance()
        }
      }
    },
    refresh: () => volumes.refresh(pod),
    drop() {
      isOver = true
      cancelRetry()
      for (const item of entries) {
        item.cancelRestart?.()
        item.run?.stop()
      }
    },
  }
}
