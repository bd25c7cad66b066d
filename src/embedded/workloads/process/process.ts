/** One process in a simulated container: what a command sees of the world, and what it may do to it. */
import type { Bash } from 'just-bash'
import type { ExecStreams } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/kinds.ts'
import type { Clock } from '../../clock.ts'
import type { DataPlane } from '../../dataplane/dataplane.ts'
import type { Userland } from '../workload.ts'
import type { Files } from './files.ts'
import { createTerminalLine } from './terminal-line.ts'

/** The container that a process runs in. Lives as long as the container. */
export interface ContainerView {
  /** The pod as it is now. */
  readonly pod: Pod
  readonly name: string
  readonly hostname: string
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
  readonly userland: Userland
  /** Numeric user that processes run as. */
  readonly user: number
  readonly group: number
  /** Supplementary groups. */
  readonly groups: readonly number[]
  readonly files: Files
  readonly network: DataPlane
  readonly clock: Clock
  /** The image's own commands, besides those that every container has. */
  readonly commands: Readonly<Record<string, Command>>
  /** The container's shell, once one was asked for. */
  readonly shell: { bash?: Bash }
  /** Command line of the main process, for `ps`. */
  readonly main: readonly string[]
  /** SIGTERM to the main process: a server shuts down, a shell or `sleep` takes no notice. */
  terminate(): void
  /** Main processes of other containers in the same process namespace. */
  neighbours(): { main: readonly string[]; user: number }[]
}

export interface Process {
  readonly container: ContainerView
  /** `argv[0]` is the name that was called. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Absent: nothing attached, which reads as end of file. */
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly tty: boolean
  readonly signal?: AbortSignal
  /** Takes the keys of the terminal as they come, without echo: who edits lines itself. */
  raw?(): void
  out(text: string | Uint8Array): void
  err(text: string | Uint8Array): void
}

/** Resolves with the exit code. Never rejects: trouble is written to standard error. */
export type Command = (process: Process) => Promise<number>

const encoder = new TextEncoder()
export const toBytes = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? encoder.encode(text) : text

/** A shell that nobody gave a script, by its command line. */
const editsLines = (argv: readonly string[]): boolean =>
  /(^|\/)(ba|a|da)?sh$/.test(argv[0] ?? '') && argv.slice(1).every((word) => /^-[^c]*$/.test(word))

/** A process that writes to the given streams; with `tty` standard error joins standard output. */
export const processOn = (
  container: ContainerView,
  argv: readonly string[],
  streams: ExecStreams,
  options: { env?: Readonly<Record<string, string>>; cwd?: string; interrupt?: () => void } = {},
): Process => {
  const tty = streams.tty ?? false
  const line =
    tty && streams.stdin
      ? createTerminalLine(streams.stdin, {
          raw: editsLines(argv),
          echo: (text) => streams.stdout(toBytes(text)),
          interrupt: options.interrupt ?? (() => {}),
        })
      : undefined
  // A terminal's line discipline turns each newline into carriage return and newline.
  const cooked = (text: string | Uint8Array): Uint8Array =>
    tty
      ? toBytes((typeof text === 'string' ? text : new TextDecoder().decode(text)).replace(/\r?\n/g, '\r\n'))
      : toBytes(text)
  const write = (sink: (chunk: Uint8Array) => void) => (text: string | Uint8Array) => {
    if (text.length > 0) sink(cooked(text))
  }
  return {
    container,
    argv,
    env: options.env ?? container.env,
    cwd: options.cwd ?? container.workingDir,
    stdin: line?.input ?? streams.stdin,
    tty,
    ...(line ? { raw: () => line.raw() } : {}),
    signal: streams.signal,
    out: write(streams.stdout),
    err: write(tty ? streams.stdout : streams.stderr),
  }
}

/** Everything on standard input until end of file; empty without one. */
export const readAll = async (stdin: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  if (stdin) for await (const chunk of stdin) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** Waits on the cluster's clock; false when the signal came first. */
export const pause = (clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve(false)
    const onAbort = (): void => {
      cancel()
      resolve(false)
    }
    const cancel = clock.after(milliseconds, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve(true)
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
