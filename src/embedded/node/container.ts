/** One run of one container: its program, files, log. A restart is a new one. */
import { createHash } from 'node:crypto'
import type { Container, Pod } from '../../kube/kinds.ts'
import type { Clock } from '../clock.ts'
import type { DataPlane } from '../dataplane/dataplane.ts'
import type { Registry } from '../registry.ts'
import type { ProxyPages } from '../telemetry/admin.ts'
import { type ContainerView, processOn } from '../workloads/process/process.ts'
import { findCommand } from '../workloads/process/run.ts'
import type { Image, Program } from '../workloads/workload.ts'
import { buildEnvironment, ConfigError, expand } from './environment.ts'
import { identityOf, rootRefusal } from './identity.ts'
import { createLog, type Log } from './logs.ts'
import { containerFiles } from './mounts.ts'
import { createFeed, createOutput, type Feed, type Output } from './output.ts'
import type { Volumes } from './volumes.ts'

/** Why its processes end; made once, since an exception for each costs its stack. */
const ended = new Error('the container has ended')

/** A command line that the container runtime cannot start: containerd's words. */
export class StartError extends Error {}

export interface Run {
  readonly id: string
  readonly view: ContainerView
  readonly program: Program
  readonly log: Log
  readonly output: Output
  /** Standard input, when the pod asks for one. */
  readonly input?: Feed
  /** Standard input ends with the first client that attached to it. */
  readonly inputOnce: boolean
  readonly tty: boolean
  /** Fires when the container ends, for whatever reason. */
  readonly signal: AbortSignal
  /** Ends it; the exit code of a program that is told to stop. */
  stop(): number
}

export interface RunParts {
  registry: Registry
  clock: Clock
  network: DataPlane
  /** The pod as it is now, with its address. */
  pod: () => Pod
  address: string
  volumes: Volumes
  /** The container whose processes this one sees as well (`kubectl debug --target`). */
  target: () => Run | undefined
  local: (port: number) => Program | undefined
  pages?: ProxyPages
  /** The program ended by itself. */
  onExit: (code: number) => void
}

const pods = { group: '', resource: 'pods' }

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Container ids look like real ones and are the same for the same run. */
const idOf = (...parts: unknown[]): string => createHash('sha256').update(parts.join('\0')).digest('hex')

/** What the runtime executes: the pod's command and args over the image's, wrapper scripts seen through. */
export const commandLine = (container: Container, image: Image, env: Readonly<Record<string, string>>): string[] => {
  const own = (list: string[] | undefined): string[] | undefined =>
    list?.length ? list.map((word) => expand(word, env)) : undefined
  const command = own(container.command)
  const args = own(container.args)
  const line = command ? [...command, ...(args ?? [])] : [...(image.entrypoint ?? []), ...(args ?? image.cmd ?? [])]
  // Images' entrypoint.sh scripts run their own program when the first word is a flag or no command, else that command.
  if (!/entrypoint\.sh$/.test(line[0] ?? '')) return line
  const rest = line.slice(1)
  const first = rest[0] ?? ''
  const known = Object.hasOwn(image.programs ?? {}, baseName(first)) || findCommand(rest) !== undefined
  return known ? rest : [...(image.cmd?.slice(0, 1) ?? []), ...rest]
}

/** Throws `ConfigError` (environment.ts) or `StartError`. */
export const startRun = (parts: RunParts, container: Container, image: Image, restarts: number): Run => {
  const { registry, clock, network } = parts
  const pod = parts.pod()
  const refused = rootRefusal(pod, container, image)
  if (refused) throw new ConfigError(refused)
  // The address is known before the status says so.
  const addressed = { ...pod, status: { ...pod.status, podIP: parts.address, podIPs: [{ ip: parts.address }] } }
  const env = buildEnvironment(registry, addressed, container, image)
  const argv = commandLine(container, image, env)
  const name = argv[0] ?? ''
  const start = image.programs?.[baseName(name)]
  const command = start ? undefined : findCommand(argv, image.commands)
  if (!start && !command) {
    const where = name.includes('/') ? `stat ${name}: no such file or directory` : 'executable file not found in $PATH'
    throw new StartError(
      `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "${name}": ${where}: unknown`,
    )
  }
  const log = createLog(clock)
  const output = createOutput(log)
  const controller = new AbortController()
  const input = container.stdin === true ? createFeed() : undefined
  const tty = container.tty === true
  const { user, group, groups } = identityOf(pod, container, image)
  const view: ContainerView = {
    get pod() {
      return parts.pod()
    },
    name: container.name,
    hostname: pod.metadata.name,
    env,
    workingDir: (container.workingDir as string | undefined) ?? image.workingDir ?? '/',
    userland: image.userland,
    user,
    group,
    groups,
    files: containerFiles({ pod, container, image, address: parts.address, volumes: parts.volumes }),
    network,
    clock,
    shell: {},
    commands: image.commands ?? {},
    main: argv,
    terminate: () => {
      if (start) queueMicrotask(() => end(program.onTerm ?? 0))
    },
    neighbours: () => {
      const target = parts.target()
      return target ? [{ main: target.view.main, user: target.view.user }] : []
    },
  }
  let isOver = false
  const end = (code: number): void => {
    if (isOver) return
    isOver = true
    output.flush()
    log.close()
    controller.abort(ended)
    parts.onExit(code)
  }
  const writeLine = (line: string): void => output.write(Buffer.from(`${line}\n`), 'stdout')
  const program: Program = start
    ? start({
        get pod() {
          return parts.pod()
        },
        container,
        env,
        argv,
        log: writeLine,
        clock,
        network,
        local: parts.local,
        files: view.files,
        ...(parts.pages ? { pages: parts.pages } : {}),
        pods: () => registry.list(pods) as Pod[],
        signal: controller.signal,
        exit: end,
        async shell(script) {
          const chunks: Uint8Array[] = []
          const take = (chunk: Uint8Array): void => void chunks.push(chunk)
          const run = findCommand(['sh'])
          const exitCode =
            (await run?.(
              processOn(view, ['/bin/sh', '-c', script], { stdout: take, stderr: take, signal: controller.signal }),
            )) ?? 127
          return { output: Buffer.concat(chunks).toString('utf8'), exitCode }
        },
      })
    : { ports: [], onTerm: 143 }
  let cancelExit = (): void => {}
  if (program.exits) {
    const { code, afterMilliseconds } = program.exits
    if (afterMilliseconds > 0) cancelExit = clock.after(afterMilliseconds, () => end(code))
    else queueMicrotask(() => end(code))
  }
  if (command) {
    const streams = {
      stdin: input,
      stdout: (chunk: Uint8Array) => output.write(chunk, 'stdout'),
      stderr: (chunk: Uint8Array) => output.write(chunk, 'stderr'),
      tty,
      signal: controller.signal,
    }
    // Never in this turn: the caller first notes that the container runs.
    queueMicrotask(() => void command(processOn(view, argv, streams)).then(end))
  }
  return {
    id: idOf(pod.metadata.uid, container.name, restarts, image.repository),
    view,
    program,
    log,
    output,
    input,
    inputOnce: container.stdinOnce === true,
    tty,
    signal: controller.signal,
    stop() {
      if (isOver) return 0
      isOver = true
      cancelExit()
      output.flush()
      log.close()
      controller.abort(ended)
      input?.end()
      return program.onTerm ?? 0
    },
  }
}
