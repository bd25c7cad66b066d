/**
 * The simulated nodes, all in one: runs the pods that the scheduler gave to any of them, and does what the API server asks
 * of a kubelet. Driven by watch events; an idle cluster has no timer. Not modelled: resource limits, evictions,
 * image garbage collection, node heartbeats.
 */
import type { ExecStreams, KubeObject, PodTarget } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import type { Mesh } from '../../meshes/mesh.ts'
import type { Clock } from '../clock.ts'
import { eventRecorder } from '../controllers/events.ts'
import { createDataPlane } from '../dataplane/index.ts'
import type { Kubelet, LogOptions } from '../kubelet.ts'
import type { WorkloadCertificates } from '../pki/workloads.ts'
import type { Registry } from '../registry.ts'
import { createPages } from '../telemetry/admin.ts'
import { createTelemetry } from '../telemetry/index.ts'
import { processOn } from '../workloads/process/process.ts'
import { findCommand } from '../workloads/process/run.ts'
import type { Program } from '../workloads/workload.ts'
import { createAddresses } from './addresses.ts'
import type { Run } from './container.ts'
import { containerNames } from './entries.ts'
import { type PodWorker, startPod } from './pod.ts'
import { gatewayPort, openPort, withTls } from './ports.ts'
import { badRequest, cannotStart, internalError, podNotFound } from './refusals.ts'

const pods = { group: '', resource: 'pods' }

export interface NodeOptions {
  registry: Registry
  clock: Clock
  /** Absent: a cluster without a mesh. */
  mesh?: Mesh
  /** Signs a token for the pod's ServiceAccount; absent: token files are empty. */
  token?: (pod: Pod, audience?: string) => Promise<string>
  /** What listens at an address that is no pod's, such as the API server's. */
  outside?: (address: string, port: number) => Program | undefined
  /** The certificates of the mesh's workloads, once there are any. */
  certificates?: () => WorkloadCertificates | undefined
}

const hostOf = (pod: KubeObject): string | undefined => (pod as Pod).spec?.nodeName

/** Starts the nodes. Everything it holds ends with `stop()`. */
export const startNode = (options: NodeOptions): Kubelet => {
  const { registry, clock, mesh, outside, token = async () => '' } = options
  const workers = new Map<string, PodWorker>()
  const addresses = createAddresses()
  const events = eventRecorder({ registry, clock, component: 'kubelet', host: hostOf })
  const workerOf = (pod: Pod): PodWorker | undefined => workers.get(pod.metadata.uid ?? '')
  const logLine = (pod: Pod, container: string, line: string): void =>
    workerOf(pod)
      ?.entries.find(({ record }) => record.spec.name === container)
      ?.run?.log.write(line)
  const telemetry = mesh && createTelemetry({ registry, mesh, log: logLine })
  const dataPlane = createDataPlane({
    registry,
    clock,
    mesh,
    outside,
    listen: (pod, port) => workerOf(pod)?.listener(port)?.program,
    proxyLog: (pod, line) => logLine(pod, mesh?.proxyContainer ?? '', line),
    observe: telemetry?.observe,
  })
  const pages =
    telemetry &&
    createPages({
      clock,
      mesh,
      model: dataPlane.model,
      seriesOf: telemetry.seriesOf,
      certificates: options.certificates ?? (() => undefined),
    })

  const stopWatching = registry.watch(
    pods,
    ({ type, object }) => {
      if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return
      const pod = object as Pod
      const uid = pod.metadata.uid ?? ''
      const worker = workers.get(uid)
      if (type === 'DELETED') {
        worker?.drop()
        if (worker) addresses.give(worker.address)
        workers.delete(uid)
        telemetry?.forget(pod)
      } else if (worker) worker.update(pod)
      else if (pod.spec.nodeName && !pod.metadata.deletionTimestamp) {
        const phase = pod.status?.phase
        if (phase === 'Succeeded' || phase === 'Failed') return
        const address = pod.status?.podIP ?? addresses.take(pod.spec.nodeName)
        addresses.keep(address)
        workers.set(uid, startPod({ registry, clock, network: dataPlane, events, token, pages }, pod, address))
      }
    },
    { replay: true },
  )

  const stopFollowing = ['configmaps', 'secrets'].map((resource) =>
    registry.watch({ group: '', resource }, ({ object }) => {
      for (const worker of workers.values())
        if (worker.pod.metadata.namespace === object.metadata.namespace) worker.refresh()
    }),
  )

  const findPod = (target: PodTarget): Pod => {
    const pod = registry.get(pods, target.pod, target.namespace)
    if (!pod) throw podNotFound(target.pod)
    return pod as Pod
  }

  const findName = (pod: Pod, wanted: string | undefined, verb: 'exec' | 'logs'): string => {
    const names = containerNames(pod)
    if (wanted) {
      if (names.includes(wanted)) return wanted
      throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`)
    }
    const main = pod.spec.containers.map(({ name }) => name)
    const marked = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container']
    if (main.length === 1 && main[0]) return main[0]
    if (marked && names.includes(marked)) return marked
    // kubectl names a container itself; the API server refuses, and so does this, except for exec from inside.
    if (verb === 'exec' && main[0]) return main[0]
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names.join(' ')}]`,
    )
  }

  const findRun = (target: PodTarget): Run => {
    const pod = findPod(target)
    if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
    const phase = pod.status?.phase
    if (phase === 'Succeeded' || phase === 'Failed')
      throw badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`)
    const name = findName(pod, target.container, 'exec')
    const run = workerOf(pod)?.entries.find(({ record }) => record.spec.name === name)?.run
    if (!run) throw internalError(`unable to upgrade connection: container not found ("${name}")`)
    return run
  }

  const exec = async (
    target: PodTarget,
    argv: readonly string[],
    streams: ExecStreams,
  ): Promise<{ exitCode: number }> => {
    const run = findRun(target)
    const name = argv[0] ?? ''
    if (name === '') throw badRequest('you must specify at least 1 command for the container')
    const command = findCommand(argv, run.view.commands)
    if (!command)
      throw cannotStart(
        run.id,
        name.includes('/')
          ? `exec: "${name}": stat ${name}: no such file or directory`
          : `exec: "${name}": executable file not found in $PATH`,
      )
    const interrupted = new AbortController()
    const signal = AbortSignal.any([interrupted.signal, run.signal, ...(streams.signal ? [streams.signal] : [])])
    const process = processOn(
      run.view,
      argv,
      { ...streams, signal },
      streams.tty ? { env: { ...run.view.env, TERM: 'xterm' }, interrupt: () => interrupted.abort() } : {},
    )
    const killed = new Promise<number>((resolve) =>
      signal.addEventListener('abort', () => resolve(interrupted.signal.aborted ? 130 : 137), { once: true }),
    )
    return { exitCode: await Promise.race([command(process), killed]) }
  }

  const attach = async (target: PodTarget, streams: ExecStreams): Promise<{ exitCode: number }> => {
    const run = findRun(target)
    const detach = run.output.attach((chunk, stream) =>
      stream === 'stdout' || run.tty ? streams.stdout(chunk) : streams.stderr(chunk),
    )
    const { stdin } = streams
    if (stdin && run.input) {
      const input = run.input
      void (async () => {
        for await (const chunk of stdin) input.push(chunk)
        if (run.inputOnce) input.end()
      })().catch(() => input.end())
    }
    await new Promise<void>((resolve) => {
      if (run.signal.aborted) resolve()
      run.signal.addEventListener('abort', () => resolve(), { once: true })
      streams.signal?.addEventListener('abort', () => resolve(), { once: true })
    })
    detach()
    return { exitCode: 0 }
  }

  const waitsToStart = (name: string, pod: Pod, worker: PodWorker | undefined): Error => {
    const state = worker?.entries.find(({ record }) => record.spec.name === name)?.record.state
    const reason = state?.waiting?.reason ?? 'ContainerCreating'
    const isPull = /^(ErrImagePull|ImagePullBackOff)$/.test(reason)
    const says = isPull
      ? 'trying and failing to pull image'
      : reason === 'InvalidImageName'
        ? "image can't be pulled"
        : reason
    return badRequest(`container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${says}`)
  }

  /** Refuses at once, before the first line is asked for. */
  const logs = (target: PodTarget, options: LogOptions, signal?: AbortSignal): AsyncIterable<string> => {
    const pod = findPod(target)
    const name = findName(pod, target.container, 'logs')
    const worker = workerOf(pod)
    if (!pod.spec.nodeName) return (async function* () {})()
    const found = worker?.entries.find(({ record }) => record.spec.name === name)
    const run = options.previous ? found?.previous : (found?.run ?? found?.previous)
    if (options.previous && (!run || !found?.record.lastState.terminated))
      throw badRequest(`previous terminated container "${name}" in pod "${pod.metadata.name}" not found`)
    if (!run) throw waitsToStart(name, pod, worker)
    return run.log.read(options, signal)
  }

  const check: Kubelet['check'] = (target, purpose) => {
    if (purpose !== 'portforward') {
      findRun(target)
      return
    }
    const pod = findPod(target)
    if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  }

  return {
    dataPlane,
    check,
    exec,
    attach,
    logs,
    async connect(target, port) {
      const pod = findPod(target)
      const found = workerOf(pod)?.listener(port)
      const gateway = mesh?.isGateway?.(pod) ? gatewayPort(dataPlane, pod, port) : undefined
      const opened = openPort(found?.program ?? gateway, port, pod, clock)
      // A proxy shows its certificate to who starts TLS with its metrics page, a control plane on its own ports.
      const isOwn = found?.program.secured?.includes(port) ?? false
      const isPage = mesh?.isMeshed(pod) && port === mesh.metricsPage?.port
      const held = mesh?.identity && (isOwn || isPage) ? options.certificates?.() : undefined
      if (!mesh || !held) return opened
      const holder = { uid: pod.metadata.uid ?? '', since: Date.parse(pod.metadata.creationTimestamp ?? '') }
      return withTls(
        opened,
        () => held.workloadCertificate(mesh.identity?.(dataPlane.model(), pod) ?? '', holder),
        isOwn ? ['h2'] : undefined,
      )
    },
    stop() {
      stopWatching()
      for (const stop of stopFollowing) stop()
      for (const worker of workers.values()) worker.drop()
      workers.clear()
      dataPlane.stop()
      telemetry?.stop()
    },
  }
}
