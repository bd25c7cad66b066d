/**
 * A lab in a real cluster: put in fresh, within namespaces that are meshdojo's. A namespace of the same name that is
 * somebody's is never touched.
 */
import type { Cluster, KubeObject, ResourceRef } from '../kube/api.ts'
import { ApplyFailed } from '../kube/apply.ts'
import { type Client, createClient } from '../kube/client.ts'
import { isNotFound } from '../kube/errors.ts'
import { seedLab } from '../kube/seed.ts'
import type { LabSpec } from './provider.ts'

/** A cluster that may not be changed, or a namespace that may not. The message says what allows it. */
export class NotALab extends Error {
  override readonly name = 'NotALab'
}

export const labLabel = 'meshdojo.dev/lab'
const namespaces: ResourceRef = { group: '', version: 'v1', resource: 'namespaces' }
const marker = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-public', name: 'meshdojo-lab' }

/** What the marker says; undefined: no lab. */
export const readMarker = async (client: Client): Promise<{ lab?: string; mesh?: string } | undefined> =>
  (await client.find<KubeObject & { data?: { lab?: string; mesh?: string } }>(marker))?.data

/** Namespaces carry the label, so that they are known again. */
export const labelled = (lab: LabSpec): KubeObject[] =>
  lab.objects.map((object) =>
    object.kind === 'Namespace'
      ? {
          ...object,
          metadata: { ...object.metadata, labels: { ...object.metadata.labels, [labLabel]: lab.name } },
        }
      : object,
  )

/** Kinds that learners make outside the lab's namespaces, too: mesh-wide and cluster-wide policies. */
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
  ...['ciliumnetworkpolicies', 'ciliumclusterwidenetworkpolicies'].map((resource) => ({
    group: 'cilium.io',
    version: 'v2',
    resource,
  })),
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

/** Removes the namespaces of earlier labs and waits until they are gone. Throws `NotALab` for one that is somebody's. */
const clear = async (client: Client, lab: LabSpec, signal?: AbortSignal): Promise<void> => {
  const own = namesOf(lab)
  const { items } = await client.list(namespaces)
  const isOurs = ({ metadata }: KubeObject): boolean => metadata.labels?.[labLabel] !== undefined
  const system = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease', 'istio-system'])
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
      throw new Error(
        `the namespace ${left[0]!.metadata.name} does not go away: "kubectl get namespace ${left[0]!.metadata.name} -o yaml" says what holds it`,
      )
    await sleep(250)
  }
}

/** Policies of an earlier lesson outside its namespaces. For clusters that are ours alone. */
const clearPolicies = async (client: Client): Promise<void> => {
  for (const object of await client.listAll(policies)) {
    if (isInstalled(object)) continue
    const { apiVersion, kind, metadata } = object
    await client
      .delete({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
  }
}

/** A webhook that has only just come up refuses at first: that passes. */
const webhookIsComing = (error: unknown): boolean =>
  error instanceof ApplyFailed && /failed calling webhook|connection refused|no endpoints available/.test(error.message)

export interface PutOptions {
  /** The whole cluster is meshdojo's: policies outside the lab are taken away as well. */
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
  const client = createClient(cluster)
  onProgress?.('Taking earlier labs out')
  await clear(client, lab, signal)
  if (whole) await clearPolicies(client)
  onProgress?.(`Putting ${lab.name} in; its images are pulled if they are not there yet`)
  for (let left = 10; ; left--) {
    try {
      await seedLab(cluster, { ...lab, objects: labelled(lab) }, { client, signal, timeout })
      return
    } catch (error) {
      if (left === 0 || !webhookIsComing(error)) throw error
      signal?.throwIfAborted()
      await sleep(2_000)
    }
  }
}
