/**
 * What stands in the way of a lab in a real cluster, found before anything is changed: what earlier labs left, which goes,
 * and what is somebody's, which stays and lets no lab in.
 */
import type { KubeObject, ResourceRef } from '../kube/api.ts'
import type { Client } from '../kube/client.ts'
import type { LabSpec } from './provider.ts'

/** A cluster that may not be changed, or a namespace that may not. The message says what allows it. */
export class NotALab extends Error {
  override readonly name = 'NotALab'
}

/** This lab cannot play in that cluster, whoever allows it. */
export class LabDoesNotFit extends NotALab {}

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

const labLabel = 'meshdojo.dev/lab'
export const namespaces: ResourceRef = { group: '', version: 'v1', resource: 'namespaces' }
export const marker = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-public', name: 'meshdojo-lab' }

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
export const system: ReadonlySet<string> = new Set([
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

const namesOf = (lab: LabSpec): Set<string> =>
  new Set(
    lab.objects.map(({ kind, metadata }) => (kind === 'Namespace' ? metadata.name : (metadata.namespace ?? 'default'))),
  )

/**
 * Namespaces of earlier labs. Throws `NotALab` for one that is somebody's; in a cluster of meshdojo's own the lab's names
 * are the lab's.
 */
const oldNamespaces = async (client: Client, lab: LabSpec, whole: boolean): Promise<KubeObject[]> => {
  const own = namesOf(lab)
  const known = new Set((await readMarker(client))?.namespaces?.split(' '))
  const items = (await client.list(namespaces)).items.filter(({ metadata: { name } }) => !system.has(name))
  const isOurs = ({ metadata: { name, uid, labels } }: KubeObject): boolean =>
    labels?.[labLabel] !== undefined || known.has(uid ?? '') || (whole && own.has(name))
  const foreign = items.filter((each) => own.has(each.metadata.name) && !isOurs(each))
  if (foreign.length)
    throw new NotALab(
      `the lab ${lab.name} needs the namespace ${foreign.map(({ metadata }) => metadata.name).join(', ')}, which is there and is not meshdojo's: it is left alone. Use another cluster, or remove or rename it yourself`,
    )
  return items.filter(isOurs)
}

/**
 * Policies that an earlier lesson left where they count for the whole mesh, and in `default` where a lab plays there.
 * What the installation brought, and what lies in any other namespace, stays.
 */
const oldPolicies = async (client: Client, lab: LabSpec, signal?: AbortSignal): Promise<KubeObject[]> => {
  const swept = new Set([rootNamespaces[lab.mesh], ...namesOf(lab)])
  return (await client.listAll(policies, { signal })).filter(
    (object) =>
      !isInstalled(object) && (object.metadata.namespace === undefined || swept.has(object.metadata.namespace)),
  )
}

/**
 * In a cluster that is not ours alone: what meshdojo itself wrote for the whole mesh goes, and where somebody else's
 * policy holds for the whole mesh no lab plays. Throws `LabDoesNotFit`.
 */
const ownPolicies = async (client: Client, lab: LabSpec, signal?: AbortSignal): Promise<KubeObject[]> => {
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
  return found
}

/**
 * What has to go before the lab comes, in this order; changes nothing. `whole`: the cluster is meshdojo's own. Throws
 * `NotALab` or `LabDoesNotFit` where something of somebody's is in the way.
 */
export const whatGoes = async (
  client: Client,
  lab: LabSpec,
  { whole, signal }: { whole: boolean; signal?: AbortSignal },
): Promise<KubeObject[]> => {
  const old = whole ? await oldPolicies(client, lab, signal) : await ownPolicies(client, lab, signal)
  return [...old, ...(await oldNamespaces(client, lab, whole))]
}
