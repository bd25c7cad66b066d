/** The cluster as the engine sees it: its objects read once through the API, indexed and compiled. */
import type { Cluster, KubeObject, ResourceRef } from '../kube/api.ts'
import { type Client, createClient } from '../kube/client.ts'
import { parseYaml } from '../kube/yaml.ts'
import type { Mesh, Outside } from '../meshes/mesh.ts'
import { buildWorld, type World } from '../meshes/network.ts'
import { compile as compilePolicies, type PolicyModel, reads as policyReads } from '../meshes/network-policy/index.ts'
import type { Problem } from '../meshes/verdict.ts'
import { asControlPlane } from './control-plane.ts'

/** What the network needs, whatever the mesh. */
export const coreReads: readonly ResourceRef[] = [
  { group: '', version: 'v1', resource: 'namespaces' },
  { group: '', version: 'v1', resource: 'pods' },
  { group: '', version: 'v1', resource: 'services' },
  { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
  ...policyReads,
]

export interface ClusterWorld {
  network: World
  /** NetworkPolicies: asked before the mesh. */
  policies: PolicyModel
  objects: KubeObject[]
  /** Absent on a cluster whose mesh is not known: then nothing is predicted. */
  mesh?: Mesh
  model?: unknown
  /** Objects that the mesh ignores or that the engine does not model. */
  problems: Problem[]
  /** A GET as the control plane sends it; absent for objects without a cluster. */
  fetch?: Outside['fetch']
}

/** Indexes and compiles objects that are already at hand; `cluster` is where they are from, if keys are to be fetched. */
export const worldOf = (objects: KubeObject[], mesh?: Mesh, cluster?: Cluster): ClusterWorld => {
  const { model, problems } = mesh?.compile(objects, { parseYaml }) ?? { model: undefined, problems: [] }
  const network = buildWorld(objects)
  const fetch = cluster && asControlPlane(cluster, network)
  return { network, policies: compilePolicies(objects), objects, mesh, model, problems, fetch }
}

/** What is listed for a world, each resource once. */
export const worldReads = (mesh?: Mesh): ResourceRef[] => [
  ...new Map([...coreReads, ...(mesh?.reads ?? [])].map((ref) => [`${ref.group}/${ref.resource}`, ref])).values(),
]

/**
 * Reads everything that deciding needs, in parallel. A resource that the cluster does not serve counts as empty.
 * Throws `StatusError` when the reader may not list, `ClusterUnreachable` when there is no cluster.
 */
export const readWorld = async (
  cluster: Cluster,
  mesh?: Mesh,
  options: { client?: Client; signal?: AbortSignal } = {},
): Promise<ClusterWorld> => {
  const client = options.client ?? createClient(cluster)
  return worldOf(await client.listAll(worldReads(mesh), { signal: options.signal }), mesh, cluster)
}
