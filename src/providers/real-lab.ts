/**
 * A lab in a real cluster: put in fresh, within namespaces that are meshdojo's. A namespace of the same name that is
 * somebody's is never touched.
 */
import type { Cluster, KubeObject, ResourceRef } from '../kube/api.ts'
import { ApplyFailed } from '../kube/apply.ts'
import { type Client, createClient } from '../kube/client.ts'
import { ClusterUnreachable, isNotFound } from '../kube/errors.ts'
import { seedLab } from '../kube/seed.ts'
import type { LabSpec } from './provider.ts'

/** A cluster that may not be changed, or a namespace that may not. The message says what allows it. */
export class NotALab extends Error {
  override readonly name = 'NotALab'
}

/** An image that only the embedded cluster has, in any pod of these objects; undefined: all can be pulled. */
export const embeddedImage = (objects: readonly KubeObject[]): string | undefined =>
  /"image":"(meshdojo\/[^"]+)"/.exec(JSON.stringify(objects))?.[1]

/** Throws `NotALab` for a lab that no real cluster can run. */
export const requireRealImages = ({ name, objects }: LabSpec): void => {
  const image = embeddedImage(objects)
  if (image)
    throw new LabDoesNotFit(
      `${name} needs the image ${image}, which only the embedded cluster has: leave --provider out for this one`,
    )
}

/** The lab's objects were refused, or its workloads do not run. The message ends with what to do. */
export class NotPut extends Error {
  override readonly name = 'NotPut'
}

/**
 * How long a change may take until every proxy has it. istiod gathers changes for 0.1 to 10 seconds before it pushes
 * (istio/istio pilot/pkg/features: PILOT_DEBOUNCE_AFTER, PILOT_DEBOUNCE_MAX), and a pod's readiness comes on top.
 */
export const realMeshSeconds = 30

/** This lab cannot play in that cluster, whoever allows it. */
export class LabDoesNotFit extends NotALab {}

export const labLabel = 'meshdojo.dev/lab'
const namespaces: ResourceRef = { group: '', version: 'v1', resource: 'namespaces' }
const marker = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-public', name: 'meshdojo-lab' }

/** What the marker says; undefined: no lab. */
export const readMarker = async (client: Client): Promise<Marker | undefined> =>
  (await client.find<KubeObject & { data?: Marker }>(marker))?.data

interface Marker {
  lab?: string
  mesh?: string
  /** Uids of the lab's namespaces: a learner's own manifest may take the label off them. */
  namespaces?: string
}

/** Namespaces of Kubernetes and of meshes: never labelled as a lab's, so never removed with one. */
const system: ReadonlySet<string> = new Set([
  ...['default', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'],
  ...['istio-system', 'linkerd', 'linkerd-viz', 'consul', 'cilium-secrets'],
])

/** Namespaces carry the label, so that they are known again. */
export const labelled = (lab: LabSpec): KubeObject[] =>
  lab.objects.map((object) =>
    object.kind === 'Namespace' && !system.has(object.metadata.name)
      ? {
          ...object,
          metadata: { ...object.metadata, labels: { ...object.metadata.labels, [labLabel]: lab.name } },
        }
      : object,
  )

/**
 * Where a policy counts for the whole mesh. Elsewhere it counts in its own namespace, and goes with it. Linkerd has no
 * such place: its policies are of one namespace each.
 */
const rootNamespaces: Partial<Record<LabSpec['mesh'], string>> = { istio: 'istio-system', consul: 'consul' }

/** Kinds that learners make in the root namespace or for the whole cluster. */
const policies: readonly ResourceRef[] = [
  ...['peerauthentications', 'authorizationpolicies', 'requestauthentications'].map((resource) => ({
    group: 'security.istio.io',
    version: 'v1',
    resource,
  })),
  ...['sidecars', 'destinationrules', 'virtualservices', 'gateways', 'serviceentries'].map((resource) => ({
    group: 'networking.istio.io',
    version: 'v1',
    resource,
  })),
  { group: 'telemetry.istio.io', version: 'v1', resource: 'telemetries' },
  { group: 'cilium.io', version: 'v2', resource: 'ciliumclusterwidenetworkpolicies' },
  ...['serviceintentions', 'servicedefaults', 'proxydefaults', 'meshes'].map((resource) => ({
    group: 'consul.hashicorp.com',
    version: 'v1alpha1',
    resource,
  })),
]

/** What an installer made stays. */
const isInstalled = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm' ||
  Object.keys(metadata.labels ?? {}).some(
    (key) => key.startsWith('install.operator.istio.io/') || key === 'operator.istio.io/component',
  )

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

const namesOf = (lab: LabSpec): Set<string> =>
  new Set(
    lab.objects.map(({ kind, metadata }) => (kind === 'Namespace' ? metadata.name : (metadata.namespace ?? 'default'))),
  )

/**
 * Removes the namespaces of earlier labs and waits until they are gone. Throws `NotALab` for one that is somebody's; in
 * a cluster of meshdojo's own the lab's names are the lab's.
 */
const clear = async (client: Client, lab: LabSpec, whole: boolean, signal?: AbortSignal): Promise<void> => {
  const own = namesOf(lab)
  const known = new Set((await readMarker(client))?.namespaces?.split(' '))
  const { items } = await client.list(namespaces)
  const isOurs = ({ metadata: { name, uid, labels } }: KubeObject): boolean =>
    !system.has(name) && (labels?.[labLabel] !== undefined || known.has(uid ?? '') || (whole && own.has(name)))
  const foreign = items
    .filter((each) => own.has(each.metadata.name) && !isOurs(each) && !system.has(each.metadata.name))
    .map(({ metadata }) => metadata.name)
  if (foreign.length)
    throw new NotALab(
      `the lab ${lab.name} needs the namespace ${foreign.join(', ')}, which is there and is not meshdojo's: it is left alone. Use another cluster, or remove or rename it yourself`,
    )
  const old = items.filter(isOurs)
  for (const { metadata } of old) await client.delete({ apiVersion: 'v1', kind: 'Namespace', name: metadata.name })
  const end = Date.now() + 180_000
  for (;;) {
    const left = (await client.list(namespaces)).items.filter((each) =>
      old.some(({ metadata }) => metadata.uid === each.metadata.uid),
    )
    if (left.length === 0) return
    signal?.throwIfAborted()
    if (Date.now() > end)
      throw new NotPut(
        `the namespace ${left[0]!.metadata.name} does not go away: "kubectl get namespace ${left[0]!.metadata.name} -o yaml" says what holds it`,
      )
    await sleep(250)
  }
}

/**
 * Policies that an earlier lesson left where they count for the whole mesh, and in `default` where a lab plays there.
 * What the installation brought, and what lies in any other namespace, stays.
 */
const clearPolicies = async (client: Client, lab: LabSpec, signal?: AbortSignal): Promise<void> => {
  const swept = new Set([rootNamespaces[lab.mesh], ...namesOf(lab)])
  for (const object of await client.listAll(policies, { signal })) {
    const { apiVersion, kind, metadata } = object
    if (isInstalled(object) || !(metadata.namespace === undefined || swept.has(metadata.namespace))) continue
    signal?.throwIfAborted()
    await client
      .delete({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
  }
}

/**
 * In a cluster that is not ours alone: what meshdojo itself wrote for the whole mesh goes, and where somebody else's
 * policy holds for the whole mesh no lab plays. Throws `LabDoesNotFit`.
 */
const clearOwnPolicies = async (client: Client, lab: LabSpec, signal?: AbortSignal): Promise<void> => {
  const root = rootNamespaces[lab.mesh]
  const found = (await client.listAll(policies, { signal })).filter(
    (object) => !isInstalled(object) && (object.metadata.namespace === undefined || object.metadata.namespace === root),
  )
  const isOwn = ({ metadata }: KubeObject): boolean =>
    (metadata.managedFields as { manager?: string }[] | undefined)?.some(({ manager }) => manager === 'meshdojo') ??
    false
  const foreign = found.filter((object) => !isOwn(object))
  if (foreign.length) {
    const list = foreign.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ')
    const where = root ? ` in ${root}` : ''
    throw new LabDoesNotFit(
      `the lab ${lab.name} needs a mesh without policies for all of it, and there is ${list}${where}: it is left alone. If it is of an earlier lesson, remove it with kubectl`,
    )
  }
  for (const { apiVersion, kind, metadata } of found)
    await client.delete({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace })
}

/** Its namespaces are known again by their uids, whatever becomes of their labels. */
const remember = async (client: Client, lab: LabSpec): Promise<void> => {
  const own = new Set(lab.objects.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name] : [])))
  const { items } = await client.list(namespaces)
  const uids = items.flatMap(({ metadata: { name, uid } }) => (own.has(name) && !system.has(name) && uid ? [uid] : []))
  await client.patch(marker, 'merge', { data: { namespaces: uids.join(' ') } })
}

/** A webhook that has only just come up refuses at first: that passes. */
const webhookIsComing = (error: unknown): boolean =>
  error instanceof ApplyFailed && /failed calling webhook|connection refused|no endpoints available/.test(error.message)

const explained = (lab: LabSpec, error: unknown, signal?: AbortSignal): unknown =>
  signal?.aborted || !(error instanceof Error) || error instanceof ClusterUnreachable
    ? error
    : new NotPut(
        `${lab.name} could not be put in: ${error.message}\nto do: see "kubectl get pods --all-namespaces" and "kubectl get events --all-namespaces"; the same command tries again`,
        { cause: error },
      )

export interface PutOptions {
  /** The cluster is meshdojo's own: policies of an earlier lesson for the whole mesh are taken away as well. */
  whole: boolean
  signal?: AbortSignal
  onProgress?: (says: string) => void
  /** Milliseconds until the workloads must run: images are pulled meanwhile. */
  timeout?: number
}

/** Takes earlier labs out and puts this one in, fresh. Resolves when its workloads are ready. */
export const putLab = async (
  cluster: Cluster,
  lab: LabSpec,
  { whole, signal, onProgress, timeout = 600_000 }: PutOptions,
): Promise<void> => {
  requireRealImages(lab)
  const client = createClient(cluster)
  onProgress?.('Taking earlier labs out')
  // What may refuse comes first: nothing is changed then.
  if (whole) await clearPolicies(client, lab, signal)
  else await clearOwnPolicies(client, lab, signal)
  await clear(client, lab, whole, signal)
  onProgress?.(`Putting ${lab.name} in; its images are pulled if they are not there yet`)
  for (let left = 10; ; left--) {
    try {
      await seedLab(cluster, { ...lab, objects: labelled(lab) }, { client, signal, timeout })
      await remember(client, lab)
      return
    } catch (error) {
      if (left === 0 || !webhookIsComing(error)) throw explained(lab, error, signal)
      signal?.throwIfAborted()
      await sleep(2_000)
    }
  }
}
