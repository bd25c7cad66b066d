/** What runs in a simulated container. An image the catalogue does not know ends in ImagePullBackOff. */
import type { Container, Pod } from '../../kube/kinds.ts'
import type { HttpExchange } from '../dataplane/dataplane.ts'

/** The parts of a container that its program may know and do. */
export interface ContainerContext {
  pod: Pod
  container: Container
  env: Readonly<Record<string, string>>
  /** One line for `kubectl logs`, without the newline. */
  log: (line: string) => void
}

/** A running program: which ports it listens on and how it answers. */
export interface Program {
  /** Container ports it listens on, by protocol. */
  ports: { port: number; protocol: 'http' | 'https' | 'tcp' }[]
  http?: (
    request: HttpExchange['request'],
    connection: { port: number; remoteAddress: string },
  ) => Promise<HttpExchange['response']>
  /** Answers raw bytes; absent: closes. */
  tcp?: (data: Uint8Array, connection: { port: number; remoteAddress: string }) => Promise<Uint8Array>
  /** Ends by itself with this code after that many milliseconds (`sh -c 'exit 1'`, jobs); absent: runs on. */
  exits?: { code: number; afterMilliseconds: number }
}

export interface Image {
  /** Without registry default and tag: `curlimages/curl`, `registry.k8s.io/e2e-test-images/agnhost`. */
  repository: string
  /** One line for the ImagePullBackOff event and the docs. */
  says: string
  start: (context: ContainerContext) => Program
}
