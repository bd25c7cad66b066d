/** What runs in a simulated container. An image the catalogue does not know ends in ImagePullBackOff. */
import type { Duplex } from 'node:stream'
import type { Container, Pod } from '../../kube/kinds.ts'
import type { Clock } from '../clock.ts'
import type { DataPlane, HttpExchange } from '../dataplane/dataplane.ts'
import type { ProxyPages } from '../telemetry/admin.ts'
import type { Files } from './process/files.ts'
import type { Command } from './process/process.ts'

/** The parts of a container that its program may know and do. */
export interface ContainerContext {
  /** The pod as it is now; its address is known once the program runs. */
  readonly pod: Pod
  container: Container
  env: Readonly<Record<string, string>>
  /** The whole command line: the image's entrypoint and arguments, as the pod overrides them, `$(VAR)` expanded. */
  argv: readonly string[]
  /** One line for `kubectl logs`, without the newline. */
  log: (line: string) => void
  clock: Clock
  /** The network as this pod meets it. */
  network: DataPlane
  /** What listens on a port inside this pod, whichever container runs it: `localhost`. */
  local: (port: number) => Program | undefined
  /** The pods of the cluster, for programs that discover what there is. */
  pods: () => Pod[]
  /** Fires when the container ends. */
  signal: AbortSignal
  /** What a sidecar in this pod answers about itself; absent without a mesh. */
  pages?: ProxyPages
  /** The container's files, mounted volumes included. */
  files: Files
  /** Runs `sh -c` in this container, for programs that offer it. */
  shell: (script: string) => Promise<{ output: string; exitCode: number }>
  /** Ends the program by itself. */
  exit: (code: number) => void
}

/** A running program: which ports it listens on and how it answers. */
export interface Program {
  /** Container ports it listens on, by protocol. */
  ports: { port: number; protocol: 'http' | 'https' | 'tcp' }[]
  /** The certificate that its https ports show; absent: a self-signed one. */
  certificate?: {
    /** PEM of who signed it. */
    ca: string
    /** Names and addresses it is for. */
    names: readonly string[]
  }
  http?: (
    request: HttpExchange['request'],
    connection: { port: number; remoteAddress: string; tls?: { serverName: string } },
  ) => Promise<HttpExchange['response']>
  /** Answers raw bytes; absent: closes. */
  tcp?: (data: Uint8Array, connection: { port: number; remoteAddress: string }) => Promise<Uint8Array>
  /** Takes a connection over, for what keeps state or speaks by itself; only from port-forward. Before `tcp`. */
  stream?: (socket: Duplex, connection: { port: number; remoteAddress: string }) => void | Promise<void>
  /** TCP ports whose bytes come inside TLS with the workload's certificate of the mesh, in HTTP/2. */
  secured?: readonly number[]
  /** Ends by itself with this code after that many milliseconds (`sh -c 'exit 1'`, jobs); absent: runs on. */
  exits?: { code: number; afterMilliseconds: number }
  /** Exit code after SIGTERM; absent: 0, a program that shuts down cleanly. */
  onTerm?: number
}

/** Which tools of which origin a container has: decides the words of `wget`, `nc`, `nslookup`. */
export type Userland = 'busybox' | 'debian'

export interface Image {
  /** Without registry default and tag: `curlimages/curl`, `registry.k8s.io/e2e-test-images/agnhost`. */
  repository: string
  /** One line for the ImagePullBackOff event and the docs. */
  says: string
  entrypoint?: readonly string[]
  /** Default arguments (Docker's CMD). */
  cmd?: readonly string[]
  env?: Readonly<Record<string, string>>
  workingDir?: string
  /** Numeric user that the image runs as; absent: root. */
  user?: number
  userland: Userland
  /**
   * The image's own programs by executable name (`agnhost`, `nginx`). Any other command line is run by the simulated
   * userland (`sleep`, `sh`, …).
   */
  programs?: Readonly<Record<string, (context: ContainerContext) => Program>>
  /** Programs of the image that are run by hand (`kubectl exec`) and end. */
  commands?: Readonly<Record<string, Command>>
  /** Files the image ships, by absolute path. */
  files?: Readonly<Record<string, string>>
}
