/**
 * Startup, readiness and liveness probes, asked of the simulated program directly, as from the node, or of the proxy that
 * stands in front of the port. A passed http or tcp probe is not asked again until a proxy may answer otherwise: a
 * simulated program answers the same for ever. Failed ones and exec probes are repeated every `periodSeconds`. Not modelled: `initialDelaySeconds` (programs start at once), programs that
 * speak gRPC: there are none, and such a probe fails.
 */
import type { Clock } from '../clock.ts'
import type { DataPlane, Door, Failure, HttpExchange } from '../dataplane/dataplane.ts'
import { pause, processOn } from '../workloads/process/process.ts'
import { findCommand } from '../workloads/process/run.ts'
import type { Program } from '../workloads/workload.ts'
import type { Run } from './container.ts'

export interface Probe {
  httpGet?: {
    path?: string
    port: number | string
    scheme?: string
    host?: string
    httpHeaders?: { name: string; value: string }[]
  }
  tcpSocket?: { port: number | string }
  exec?: { command?: string[] }
  grpc?: { port: number; service?: string }
  periodSeconds?: number
  timeoutSeconds?: number
  successThreshold?: number
  failureThreshold?: number
}

export type ProbeResult = { ok: true } | { ok: false; says: string }

export interface ProbeTarget {
  run: Run
  address: string
  ports: { name?: string; containerPort: number }[]
  /** What listens on a port of the pod. */
  local: (port: number) => Program | undefined
  /** See `DataPlane`. */
  door: (port: number) => Door | undefined
  /** Told when a passed probe is worth asking again. Gives what ends that. */
  onChange: (listener: () => void) => () => void
  clock: Clock
}

/** Whatever may change a proxy's answer to a probe of one pod: policies, and, told by the pod, the labels they select by. */
export const changesAround = ({ onPolicies }: Pick<DataPlane, 'onPolicies'>) => {
  const listeners = new Set<() => void>()
  return {
    listen: (listener: () => void): (() => void) => {
      const forget = onPolicies(listener)
      listeners.add(listener)
      return () => {
        forget()
        listeners.delete(listener)
      }
    },
    tell: (): void => {
      for (const listener of [...listeners]) listener()
    },
  }
}

const portOf = (target: ProbeTarget, port: number | string): number | undefined =>
  typeof port === 'number'
    ? port
    : /^\d+$/.test(port)
      ? Number(port)
      : target.ports.find(({ name }) => name === port)?.containerPort

const withTimeout = <T>(clock: Clock, seconds: number, work: Promise<T>): Promise<T | 'timeout'> =>
  new Promise((resolve, reject) => {
    const cancel = clock.after(seconds * 1000, () => resolve('timeout'))
    work.then(resolve, reject).finally(cancel)
  })

/** How Go's client ends where no HTTP came back (net/http transport.go). */
const endings: Partial<Record<Failure['kind'], string>> = {
  reset: 'read: connection reset by peer',
  refused: 'connect: connection refused',
  timeout: 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
}

/** The kubelet follows redirects within the host; others it takes for a warning (kubernetes/pkg/probe/http). */
const judge = ({ status }: HttpExchange['response']): ProbeResult =>
  status >= 200 && status < 400 ? { ok: true } : { ok: false, says: `HTTP probe failed with statuscode: ${status}` }

const askHttp = async (
  target: ProbeTarget,
  probe: NonNullable<Probe['httpGet']>,
  seconds: number,
): Promise<ProbeResult> => {
  const port = portOf(target, probe.port)
  if (port === undefined) return { ok: false, says: `couldn't find port: ${probe.port}` }
  const scheme = (probe.scheme ?? 'HTTP').toLowerCase()
  const path = probe.path?.startsWith('/') ? probe.path : `/${probe.path ?? ''}`
  const url = `${scheme}://${probe.host || target.address}:${port}${path}`
  const headers = (probe.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value] as const)
  const request: HttpExchange['request'] = {
    method: 'GET',
    path,
    authority: `${target.address}:${port}`,
    headers: [['user-agent', 'kube-probe/1.36'], ['accept', '*/*'], ['connection', 'close'], ...headers],
    body: new Uint8Array(),
  }
  const door = target.door(port)
  if (door) {
    const timeout = seconds * 1000
    const tls = scheme === 'https' ? { tls: { serverName: '', verify: false } } : {}
    const { answer, unmodelled } = await door.ask(request, { timeout, ...tls })
    if ('status' in answer) return judge(answer)
    const says =
      unmodelled === undefined ? (endings[answer.kind] ?? 'EOF') : `meshdojo does not model it: ${unmodelled}`
    return { ok: false, says: `Get "${url}": ${says}` }
  }
  const program = target.local(port)
  const listener = program?.ports.find((each) => each.port === port)
  if (!program || !listener)
    return { ok: false, says: `Get "${url}": dial tcp ${target.address}:${port}: connect: connection refused` }
  if (!program.http || listener.protocol === 'tcp') return { ok: false, says: `Get "${url}": EOF` }
  if (scheme === 'https' && listener.protocol === 'http')
    return { ok: false, says: `Get "${url}": http: server gave HTTP response to HTTPS client` }
  if (scheme === 'http' && listener.protocol === 'https')
    return { ok: false, says: 'HTTP probe failed with statuscode: 400' }
  const answer = await withTimeout(target.clock, seconds, program.http(request, { port, remoteAddress: '10.244.0.1' }))
  if (answer === 'timeout')
    return {
      ok: false,
      says: `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    }
  return judge(answer)
}

const askExec = async (target: ProbeTarget, argv: string[], seconds: number): Promise<ProbeResult> => {
  const command = findCommand(argv, target.run.view.commands)
  if (!command) return { ok: false, says: `command "${argv.join(' ')}" not found` }
  const chunks: Uint8Array[] = []
  const take = (chunk: Uint8Array): void => void chunks.push(chunk)
  const signal = target.run.signal
  const code = await withTimeout(
    target.clock,
    seconds,
    command(processOn(target.run.view, argv, { stdout: take, stderr: take, signal })),
  )
  if (code === 'timeout')
    return { ok: false, says: `command timed out: "${argv.join(' ')}" timed out after ${seconds}s` }
  return code === 0 ? { ok: true } : { ok: false, says: Buffer.concat(chunks).toString('utf8') }
}

export const ask = async (target: ProbeTarget, probe: Probe): Promise<ProbeResult> => {
  const seconds = probe.timeoutSeconds ?? 1
  if (probe.httpGet) return askHttp(target, probe.httpGet, seconds)
  if (probe.exec) return askExec(target, probe.exec.command ?? [], seconds)
  if (probe.tcpSocket) {
    const port = portOf(target, probe.tcpSocket.port)
    // A proxy takes every connection before it decides what becomes of it.
    if (port !== undefined && (target.door(port) ?? target.local(port))) return { ok: true }
    return {
      ok: false,
      says: `dial tcp ${target.address}:${port ?? probe.tcpSocket.port}: connect: connection refused`,
    }
  }
  if (probe.grpc) {
    // kubernetes/pkg/probe/grpc/grpc.go: neither a closed port nor one that speaks something else connects in time.
    await pause(target.clock, seconds * 1000, target.run.signal)
    return {
      ok: false,
      says: `timeout: failed to connect service "${target.address}:${probe.grpc.port}" within ${seconds}s: context deadline exceeded`,
    }
  }
  return { ok: true }
}

/**
 * Asks until the run ends. `onChange` hears each time the verdict turns, first of all the first success; `onFailure`
 * hears every failure, with whether that makes `failureThreshold` in a row.
 */
export const watchProbe = (
  target: ProbeTarget,
  probe: Probe,
  hear: { onSuccess: () => void; onFailure: (says: string, exhausted: boolean) => void; once?: boolean },
): void => {
  let successes = 0
  let failures = 0
  const period = (probe.periodSeconds ?? 10) * 1000
  const round = async (): Promise<void> => {
    const { signal } = target.run
    if (signal.aborted) return
    // What changes while an answer is under way may have come too late for it.
    let isStale = false
    const forget = target.onChange(() => {
      isStale = true
    })
    const result = await ask(target, probe)
    forget()
    if (signal.aborted) return
    successes = result.ok ? successes + 1 : 0
    failures = result.ok ? 0 : failures + 1
    const asked = target.clock.now()
    const isEnough = successes >= (probe.successThreshold ?? 1)
    if (result.ok && isEnough) hear.onSuccess()
    if (!result.ok) hear.onFailure(result.says, failures >= (probe.failureThreshold ?? 3))
    if (result.ok && isEnough && hear.once) return
    if (result.ok && isEnough && !probe.exec && !isStale) wake(asked)
    else later(period)
  }
  const later = (milliseconds: number): void => {
    const { signal } = target.run
    const cancel = target.clock.after(milliseconds, () => {
      signal.removeEventListener('abort', cancel)
      void round()
    })
    signal.addEventListener('abort', cancel, { once: true })
  }
  /** At the first turn after a change at which the kubelet would have asked. */
  const wake = (asked: number): void => {
    const forget = target.onChange(() => {
      forget()
      target.run.signal.removeEventListener('abort', forget)
      later(period - ((target.clock.now() - asked) % period))
    })
    target.run.signal.addEventListener('abort', forget, { once: true })
  }
  void round()
}
