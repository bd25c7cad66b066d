/**
 * The second seam: a mesh is two pure functions. No clock, no network, no files; the same objects and the same call
 * always give the same verdict, on the embedded cluster and on objects read from a real one.
 */
import type { KubeObject, ResourceRef } from '../kube/api.ts'
import type { Namespace, Pod } from '../kube/kinds.ts'
import type { Call } from './call.ts'
import type { Problem, Verdict } from './verdict.ts'

export type MeshName = 'istio' | 'linkerd' | 'cilium' | 'consul'

/** What an admission webhook of the mesh sees. */
export interface AdmissionReview {
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  object: KubeObject
  oldObject?: KubeObject
}

/** What it answers. `message` is the whole text that the API server sends, in the real webhook's words. */
export type AdmissionAnswer =
  | { allowed: true; warnings?: string[] }
  | { allowed: false; message: string; code?: number; reason?: string; warnings?: string[] }

export interface Mesh<Model = unknown> {
  readonly name: MeshName
  /** The resources that `compile` reads, core ones included: who calls it lists exactly these. */
  readonly reads: readonly ResourceRef[]

  /** Objects in, a model out. Never throws: what it cannot use it returns as problems. */
  compile(objects: readonly KubeObject[]): { model: Model; problems: Problem[] }
  /** What should happen to this call, and why. Never throws. */
  decide(model: Model, call: Call): Verdict

  /** The CustomResourceDefinitions that an installation brings. Loaded when asked for: they are large. */
  crds(): Promise<KubeObject[]>
  /** The namespace, control plane Deployments, Services and ConfigMaps that an installation brings. */
  install(options?: { revision?: string }): KubeObject[]
  /** The validating webhook: pure, for the mesh's own kinds; anything else is allowed. */
  validate(review: AdmissionReview): AdmissionAnswer
  /** The injecting webhook: the pod with its sidecar, or the same pod. Runs at pod creation only, as in real life. */
  inject(pod: Pod, namespace: Namespace): Pod
  /** Whether this pod's traffic goes through the mesh. */
  isMeshed(pod: Pod): boolean
}
