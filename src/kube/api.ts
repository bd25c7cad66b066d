/**
 * The first seam: a cluster is a function. Everything above it (grading, the session, `why`, the TUI) talks to a
 * Kubernetes cluster through these types only, and cannot tell the embedded cluster from a real one.
 */

/** Any JSON value, as it travels to and from the API server. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined }

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ObjectMeta {
  name: string
  namespace?: string
  generateName?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: Json[]
}

/**
 * Any Kubernetes object. Kinds that code reaches into have a narrower interface in `kube/kinds.ts`;
 * `spec`, `status`, `data` and the like are otherwise read with the helpers there, not by casts.
 */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  [field: string]: unknown
}

/** Names one object. `group` is empty for the core group. */
export interface ObjectRef {
  apiVersion: string
  kind: string
  namespace?: string
  name: string
}

/** Names one resource of the API: what a URL is made of. */
export interface ResourceRef {
  /** Empty for the core group. */
  group: string
  version: string
  /** Plural, lower case: `pods`, `peerauthentications`. */
  resource: string
}

/** The `Status` object that the API server answers with on failure, and sometimes on success. */
export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: { resourceVersion?: string; continue?: string }
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: {
    name?: string
    group?: string
    kind?: string
    uid?: string
    causes?: { reason?: string; message?: string; field?: string }[]
    retryAfterSeconds?: number
  }
  code?: number
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: T
}

/** One container. Without `container`, the pod's first (or its `kubectl.kubernetes.io/default-container`). */
export interface PodTarget {
  namespace: string
  pod: string
  container?: string
}

/** What goes in and out of a process in a container. All callbacks are synchronous; chunks arrive in order. */
export interface ExecStreams {
  /** Bytes for standard input; the end of the iterable is end of file. Absent: no stdin. */
  stdin?: AsyncIterable<Uint8Array>
  stdout: (chunk: Uint8Array) => void
  /** Never called with `tty`: a terminal has one output. */
  stderr: (chunk: Uint8Array) => void
  tty?: boolean
  /** Terminal sizes, only with `tty`. */
  resize?: AsyncIterable<{ width: number; height: number }>
  signal?: AbortSignal
}

/** A collection as it is now. */
export interface Objects {
  items: readonly KubeObject[]
  resourceVersion: string
}

/**
 * A Kubernetes cluster.
 *
 * `fetch` answers any API request; the URL's origin is ignored, its path and query are the API's
 * (`http://cluster/api/v1/pods?limit=500`). It rejects only when the cluster cannot be reached (`ClusterUnreachable`):
 * an HTTP error is a Response. Watches and followed logs are Responses whose body streams.
 *
 * `exec` runs a command in a container and resolves with its exit code. It rejects with `StatusError`
 * (see `kube/errors.ts`) when the command could not be started, `ClusterUnreachable` when the connection broke.
 *
 * `objects` is what only a cluster of this very process has: a collection as `fetch` would list it, without the text in
 * between. The objects are frozen, and the very same ones until they change. Undefined: ask `fetch`.
 */
export interface Cluster {
  fetch(request: Request): Promise<Response>
  exec(target: PodTarget, argv: readonly string[], streams: ExecStreams): Promise<{ exitCode: number }>
  objects?(resource: ResourceRef, namespace?: string): Objects | undefined
}
