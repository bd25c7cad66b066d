/** The embedded cluster: API server, controllers and node in one process, put together here. */
import { randomUUID } from 'node:crypto'
import type { Cluster } from '../kube/api.ts'
import type { Pod } from '../kube/kinds.ts'
import type { Mesh } from '../meshes/mesh.ts'
import { builtinAdmission } from './admission/index.ts'
import { startQuotaStatus } from './admission/quota/controller.ts'
import { webhookNamespaces } from './admission/webhooks.ts'
import type { AdmissionPlugin } from './admission.ts'
import { createDocuments } from './apiserver/documents.ts'
import { inClusterProgram } from './apiserver/in-cluster.ts'
import { createKindTable, type KindTable } from './apiserver/kind-table.ts'
import { objectsOf } from './apiserver/objects.ts'
import { startRoleAggregation } from './apiserver/rbac/aggregation.ts'
import { type Authorizer, createAuthorizer } from './apiserver/rbac/authorizer.ts'
import { bootstrapPolicy } from './apiserver/rbac/bootstrap.ts'
import { type ApiRegistry, bucketOf, createRegistry } from './apiserver/registry.ts'
import { type ApiServer, createApiServer } from './apiserver/routes.ts'
import { meshAdmission } from './apiserver/webhooks.ts'
import {
  apiServerAddress,
  apiServerNames,
  apiServerPort,
  bootstrapObjects,
  clusterNodes,
  nodeStatus,
} from './bootstrap.ts'
import { type Clock, systemClock, timestamp } from './clock.ts'
import { startCertificateSigner } from './controllers/certificate-signer.ts'
import { startControllers } from './controllers/index.ts'
import { startTokenSecrets } from './controllers/token-secrets.ts'
import { crdsSettled, startCrdController } from './crds/controller.ts'
import { crdKind } from './crds/crd-kind.ts'
import { builtinKinds } from './kinds/index.ts'
import type { Kubelet } from './kubelet.ts'
import { startNode } from './node/index.ts'
import { startTrust } from './pki/anchored.ts'
import { type Authority, createAuthority } from './pki/certificates.ts'
import { createTokenIssuer, issuer, type TokenIssuer } from './pki/tokens.ts'
import type { WorkloadCertificates } from './pki/workloads.ts'
import { readSnapshot, type Saved } from './snapshot.ts'
import { revisionFromTime, Store } from './store.ts'
import type { Program } from './workloads/workload.ts'

export interface EmbeddedCluster {
  /** The seam: everything above the provider talks to this. In-process requests come from the administrator. */
  cluster: Cluster
  /** The same API with a user; what the HTTPS server calls. */
  handle: ApiServer
  registry: ApiRegistry
  kinds: KindTable
  kubelet: Kubelet
  tokens: TokenIssuer
  /** The cluster's CA: of the API server, of its clients, and what `kube-root-ca.crt` holds. */
  authority: Authority
  authorizer: Authorizer
  clock: Clock
  /** The mesh's CA and what it signed; absent without a mesh that has one. */
  certificates?: WorkloadCertificates
  /**
   * All objects as they are now, for other clusters to go on from, in no time: they are shared, since nobody may change
   * them. What is no object is not in it: logs, metrics, limits that were used up.
   */
  save(): Saved
  /** Stops controllers and node; no timer is left. */
  stop(): void
}

export interface EmbeddedClusterOptions {
  /** Installed from the start. Absent: a cluster without a mesh. */
  mesh?: Mesh
  clock?: Clock
  /** The cluster goes on from there, mesh included. A text is that of `saveSnapshot`. */
  snapshot?: string | Saved
}

/** A cluster of its own, with one Ready node and the mesh installed; cheap enough for every test to have one. */
export async function createEmbeddedCluster(options: EmbeddedClusterOptions = {}): Promise<EmbeddedCluster> {
  const { mesh, clock = systemClock, snapshot } = options
  const kinds = createKindTable([...builtinKinds(), crdKind])
  const saved = typeof snapshot === 'string' ? readAsOfNow(snapshot, clock) : snapshot
  const store = saved === undefined ? new Store({ startRevision: revisionFromTime(clock.now()) }) : restore(saved)
  let plugins: AdmissionPlugin[] = []
  const registry = createRegistry({ store, kindTable: kinds, clock, admission: () => plugins })
  const authorizer = createAuthorizer(registry)
  plugins = builtinAdmission({
    registry,
    authorizer,
    isMeshNamespace: (namespace) => meshNamespaces?.has(namespace) ?? true,
  })
  // Until the mesh is installed, what comes is its own.
  let meshNamespaces: Set<string> | undefined
  if (mesh) plugins = meshAdmission(mesh, registry, plugins)

  let certificates: WorkloadCertificates | undefined
  const authority = saved?.authority ?? createAuthority(clock.now())
  if (saved === undefined) bootstrap(registry, clock)
  const tokens = createTokenIssuer({ clock, registry })
  const outside = (address: string, port: number): Program | undefined =>
    address === apiServerAddress && port === apiServerPort ? apiServer : undefined
  const kubelet = startNode({
    registry,
    clock,
    mesh,
    outside,
    token: podTokens(tokens, registry),
    certificates: () => certificates,
  })
  const stopControllers = startControllers({ registry, clock, caCertificate: authority.certificate })
  const stopSigner = startCertificateSigner({ registry, clock, authority })
  const stopTokens = startTokenSecrets({ registry, tokens, caCertificate: authority.certificate })
  const stopQuota = startQuotaStatus(registry)
  const stopAggregation = startRoleAggregation(registry)
  const stopCrds = startCrdController({ registry, kindTable: kinds, clock })
  const documents = createDocuments(kinds, () => clock.now())
  const handle = createApiServer({ registry, clock, tokens, authorizer, kubelet: () => kubelet }, documents)
  const certificate = { ca: authority.certificate, names: apiServerNames }
  const apiServer = inClusterProgram({ handle, tokens, port: apiServerPort, certificate })
  if (saved !== undefined) await crdsSettled(registry)
  else if (mesh) await installMesh(mesh, registry)
  meshNamespaces = webhookNamespaces(registry)
  if (mesh?.trust) certificates = startTrust({ registry, clock, trust: mesh.trust })

  return {
    cluster: { fetch: (request) => handle(request), exec: kubelet.exec, objects: objectsOf(registry) },
    handle,
    registry,
    kinds,
    kubelet,
    tokens,
    authority,
    authorizer,
    clock,
    certificates,
    save: () => ({ entries: [...store.contents()], revision: store.revision, authority }),
    stop: () => {
      certificates?.stop()
      stopControllers()
      stopCrds()
      stopAggregation()
      stopQuota()
      stopTokens()
      stopSigner()
      kubelet.stop()
    },
  }
}

const serviceAccounts = { group: '', resource: 'serviceaccounts' }
/** What `expirationSeconds: 3607` gets from an API server that extends tokens, the default: a year. */
const tokenSeconds = 365 * 24 * 3600

/** Tokens as the kubelet asks for them: bound to the pod. Empty when the ServiceAccount is gone. */
const podTokens =
  (tokens: TokenIssuer, registry: ApiRegistry) =>
  async ({ metadata, spec }: Pod, audience: string = issuer): Promise<string> => {
    const { namespace = '', name: pod, uid = '' } = metadata
    const name = spec.serviceAccountName ?? 'default'
    const account = registry.get(serviceAccounts, name, namespace)
    if (!account) return ''
    const issued = await tokens.issue({
      namespace,
      name,
      uid: account.metadata.uid ?? '',
      audiences: [audience],
      expirationSeconds: tokenSeconds,
      pod: { name: pod, uid },
    })
    return issued.token
  }

const nodes = { group: '', resource: 'nodes' }

function bootstrap(registry: ApiRegistry, clock: Clock): void {
  // Straight into the store: they are complete and right, and creating each as a client would takes most of a start.
  for (const object of bootstrapPolicy()) {
    const { name } = object.metadata
    const metadata = { ...object.metadata, uid: randomUUID(), creationTimestamp: timestamp(clock) }
    registry.store.put(bucketOf(registry.kindTable.byKind(object.apiVersion, object.kind)!), name, {
      ...object,
      metadata,
    })
  }
  for (const object of bootstrapObjects())
    if (registry.kindTable.byKind(object.apiVersion, object.kind)) registry.create(object)
  for (const node of clusterNodes)
    registry.mutate(
      nodes,
      node.name,
      undefined,
      (draft) => {
        draft.status = nodeStatus(node, timestamp(clock))
      },
      { subresource: 'status' },
    )
}

/** The text of a snapshot, with times and revisions of now. */
export const readAsOfNow = (text: string, clock: Clock): Saved =>
  readSnapshot(text, timestamp(clock), revisionFromTime(clock.now()))

function restore({ entries, revision }: Saved): Store {
  const store = new Store({ startRevision: revision })
  for (const [bucket, key, object] of entries) store.load(bucket, key, object)
  return store
}

async function installMesh(mesh: Mesh, registry: ApiRegistry): Promise<void> {
  for (const crd of await mesh.crds()) registry.create(crd, { trusted: true })
  await crdsSettled(registry)
  for (const object of mesh.install()) registry.create(object)
}
