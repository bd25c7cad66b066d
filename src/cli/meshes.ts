/** Which mesh runs on a cluster, and the engine for it. */
import type { Client } from '../kube/client.ts'
import type { Mesh, MeshName } from '../meshes/mesh.ts'

/** The engine for a mesh; undefined for meshes that have none yet. Loaded when asked for. */
export const loadMesh = async (name: MeshName): Promise<Mesh | undefined> => {
  if (name === 'istio') return (await import('../meshes/istio/index.ts')).istio
  if (name === 'linkerd') return (await import('../meshes/linkerd/index.ts')).linkerd
  return undefined
}

export const knownMeshes: readonly MeshName[] = ['istio', 'linkerd']

/** API groups that only an installation of the mesh brings. */
const groups: Record<MeshName, string> = {
  istio: 'security.istio.io',
  linkerd: 'policy.linkerd.io',
  cilium: 'cilium.io',
  consul: 'consul.hashicorp.com',
}

/** The mesh whose kinds the cluster serves; undefined when there is none. */
export const detectMesh = async ({ cluster }: Client): Promise<MeshName | undefined> => {
  const response = await cluster.fetch(new Request('http://cluster/apis', { headers: { accept: 'application/json' } }))
  const list = response.ok ? ((await response.json()) as { groups?: { name: string }[] }) : {}
  const served = new Set(list.groups?.map(({ name }) => name))
  return (Object.keys(groups) as MeshName[]).find((name) => served.has(groups[name]))
}
