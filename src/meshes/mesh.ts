/**
 * The second seam: a mesh is two pure functions. No clock, no network, no files; the same objects and the same call
 * always give the same verdict, on the embedded cluster and on objects read from a real one.
 */
import type { KubeObject, ResourceRef } from '../kube/api.ts'
import type { Namespace, Pod, Service } from '../kube/kinds.ts'
import type { Call, CheckReply, HttpRequest } from './call.ts'
import type { Finished, ProxyReport } from './traffic.ts'
import type { Problem, Verdict } from './verdict.ts'

export type MeshName = 'istio' | 'linkerd' | 'cilium' | 'consul'

/** What an admission webhook of the mesh sees. */
export interface AdmissionReview {
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  object: KubeObject
  oldObject?: KubeObject
  /** Go's words about a regular expression that is none: meshes load no parser. Absent: expressions are not looked at. */
  regexProblem?: (expression: string) => string | undefined
}

/** What it answers. `message` is the whole text that the API server sends, in the real webhook's words. */
export type AdmissionAnswer =
  | { allowed: true; warnings?: string[] }
  | { allowed: false; message: string; code?: number; reason?: string; warnings?: string[] }

/** What proxies write about traffic that is over. Pure, like the rest. */
export interface MeshTelemetry<Model = unknown, Settings = unknown> {
  /** The resources that `compile` reads. */
  readonly reads: readonly ResourceRef[]
  /** @param parseYaml reads YAML, and may throw; asked only when the configuration cannot be read without */
  compile(objects: readonly KubeObject[], parseYaml: (text: string) => unknown): Settings
  /** One report for each proxy that handled it, the caller's first. `requestId` is used where it has none. */
  report(model: Model, settings: Settings, finished: Finished, requestId: string): ProxyReport[]
}

/** What `gather` may ask of the world. */
export interface Outside {
  /** Milliseconds since the epoch. */
  now: number
  /**
   * A GET as the control plane sends it: the body of a 200, `null` when there was no such answer. `undefined`: nobody
   * could ask, so nothing is known.
   */
  fetch(url: string): Promise<string | null | undefined>
  /** What the proxy of that pod is told when it asks on its own account. Null and undefined as above. */
  ask?(from: Pod, question: Question): Promise<CheckReply | null | undefined>
}

/** A request of a proxy's own. */
export interface Question {
  /** Where it goes, whatever its authority says. */
  host: string
  port: number
  request: HttpRequest & { body: string }
  /** Milliseconds that the proxy waits. */
  timeout: number
}

/** The configuration of one proxy, as its admin interface shows it. Pure. */
export interface ProxyConfig<Model = unknown> {
  /** Of the proxy's own program. */
  readonly version: string
  /** The `configs` of `/config_dump`, without secrets. */
  dump(model: Model, pod: Pod): unknown[]
  /** `/clusters`, as text and as JSON. */
  clusters(model: Model, pod: Pod): string
  clusterStatuses(model: Model, pod: Pod): unknown
  /** `/listeners` */
  listeners(model: Model, pod: Pod): string
  node(pod: Pod): unknown
}

/** Why a proxy answers although no policy does: `refused`, `reset`: its application failed it. */
export type LocalReason = 'no-endpoints' | 'refused' | 'reset' | 'rate-limited'

/** An answer of a proxy, as its client gets it; whoever sends it adds the date. */
export interface LocalAnswer {
  status: number
  headers: [string, string][]
  body: string
  /** Milliseconds that it first waits for things to mend. Those who ask while they have not are answered at once. */
  after?: number
}

/** A CA that users may bring or the mesh makes, whose root is kept in every namespace. */
export interface PublishedTrust {
  kind: 'published'
  namespace: string
  trustDomain: string
  /** The Secret with a CA that users bring, and the one that the mesh makes itself. */
  suppliedSecret: string
  ownSecret: string
  /** The ConfigMap in every namespace, and its key. */
  rootConfigMap: string
  rootKey: string
  rootLabels: Record<string, string>
  /** Namespaces that get no root. */
  ignored: readonly string[]
}

/** An issuer in a Secret that counts as long as the anchors in a ConfigMap vouch for it. */
export interface AnchoredTrust {
  kind: 'anchored'
  namespace: string
  trustDomain: string
  /** `keys` of the certificate and its private key. */
  issuer: { secret: string; keys: readonly [certificate: string, key: string] }
  anchors: { configMap: string; key: string }
  labels: Record<string, string>
  /** Subject of the certificate that an installation makes, which is anchor and issuer in one. */
  commonName: string
  /** Who speaks up about a new issuer: the Deployment whose events tell. */
  controller: string
  /** Where an installation also writes the anchors down: a field at the top of the YAML in a ConfigMap. */
  recorded: { configMap: string; key: string; field: string }
  /** Webhooks, the DNS names that they answer to, and the Secrets with their certificates, which vouch for themselves. */
  webhooks: readonly { secret: string; host: string; configuration: { resource: string; name: string } }[]
}

/** Where a mesh keeps what its proxies' certificates are signed with and held against. */
export type MeshTrust = PublishedTrust | AnchoredTrust

/** What compiling may use besides the objects; neither changes an answer that can be had without it. */
export interface CompileWith<Model> {
  /** Reads YAML, and may throw; asked only for configuration that cannot be read without. */
  parseYaml?: ((text: string) => unknown) | undefined
  /** A model of mostly the same objects, from which a mesh may take what still holds. */
  last?: Model | undefined
}

export interface Mesh<Model = unknown> {
  readonly name: MeshName
  /** The container that its proxies run in. */
  readonly proxyContainer: string
  /** Where proxies show their metrics, beside Envoy's admin interface. */
  readonly metricsPage?: { port: number; path: string }
  /** The request header in which a receiver's proxy tells its application who calls; absent: `x-forwarded-client-cert`. */
  readonly identityHeader?: string
  /** What proxies answer by themselves. Absent: as Envoy does. */
  localAnswer?(reason: LocalReason, by: 'client-proxy' | 'server-proxy', service?: Call['service']): LocalAnswer
  /** The resources that `compile` reads, core ones included: who calls it lists exactly these. */
  readonly reads: readonly ResourceRef[]

  /**
   * Objects in, a model out. Never throws: what it cannot use it returns as problems.
   */
  compile(objects: readonly KubeObject[], given?: CompileWith<Model>): { model: Model; problems: Problem[] }
  /** What should happen to this call, and why. Never throws. */
  decide(model: Model, call: Call): Verdict
  /**
   * The call with the facts that deciding needs and that cannot be had by a pure function: the time, keys that live
   * elsewhere, cryptography. Never rejects. A mesh without it needs nothing; a call that was not gathered is decided
   * too, and is `unknown` where such a fact matters. See docs/decisions.
   */
  gather?(model: Model, call: Call, outside: Outside): Promise<Call>

  /** The CustomResourceDefinitions that an installation brings. Loaded when asked for: they are large. */
  crds(): Promise<KubeObject[]>
  /** The namespace, control plane Deployments, Services and ConfigMaps that an installation brings. */
  install(options?: { revision?: string }): KubeObject[]
  /** How the validating webhook calls itself in a refusal. */
  readonly validator: string
  /** The validating webhook: pure, for the mesh's own kinds; anything else is allowed. */
  validate(review: AdmissionReview): AdmissionAnswer
  /**
   * The injecting webhook: the pod with its sidecar, or the same pod. Runs at pod creation only, as in real life.
   * `webhooks`: the cluster's MutatingWebhookConfigurations, whose selectors decide; absent: those of an installation.
   */
  inject(pod: Pod, namespace: Namespace, webhooks?: readonly KubeObject[]): Pod
  /** What the injecting webhook makes of a Service when it is created, or the same Service. Absent: it sees none. */
  annotate?(service: Service, namespace: Namespace): Service
  /** Whether this pod's traffic goes through the mesh. */
  isMeshed(pod: Pod): boolean
  /** Whether a kubelet's probe of that port is asked of the pod's proxy first. Absent: never. */
  meetsProbes?(pod: Pod, port: number): boolean
  /** Absent: workloads have no certificates that are modelled. */
  readonly trust?: MeshTrust
  /** The identity in the certificate of a meshed pod. */
  identity?(model: Model, pod: Pod): string
  /** Absent: the proxy shows no configuration. */
  readonly proxyConfig?: ProxyConfig<Model>
  /** Whether the pod is a proxy with no application beside it, which listens where its configuration says. */
  isGateway?(pod: Pod): boolean
  /** Absent: proxies write nothing that is modelled. */
  readonly telemetry?: MeshTelemetry<Model>
}
