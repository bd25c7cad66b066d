/** Which mesh a cluster has, in which version and mode: read from what its installation leaves, never guessed. */
import type { KubeObject } from '../kube/api.ts'
import type { Client } from '../kube/client.ts'
import { StatusError } from '../kube/errors.ts'
import type { LabSpec } from './provider.ts'

export interface Inspected {
  mesh?: LabSpec['mesh']
  /** The tag of the control plane's image. */
  version?: string
  /** Only for meshes that have several. */
  mode?: 'sidecar' | 'ambient'
}

interface Workload extends KubeObject {
  spec: { template: { spec: { containers: { image?: string }[] } } }
}

/** API group that only the mesh brings, and where its control plane is. */
const signs: Record<LabSpec['mesh'], { group: string; kind: string; namespace: string; name: string }> = {
  istio: { group: 'security.istio.io', kind: 'Deployment', namespace: 'istio-system', name: 'istiod' },
  linkerd: { group: 'policy.linkerd.io', kind: 'Deployment', namespace: 'linkerd', name: 'linkerd-destination' },
  cilium: { group: 'cilium.io', kind: 'DaemonSet', namespace: 'kube-system', name: 'cilium' },
  consul: { group: 'consul.hashicorp.com', kind: 'StatefulSet', namespace: 'consul', name: 'consul-server' },
}

/** `docker.io/istio/pilot:1.30.3@sha256:…` → `1.30.3`. */
const tagOf = (image: string | undefined): string | undefined =>
  /:v?(?:edge-)?([\w.-]+)(?:@.*)?$/.exec(image?.replace(/@.*$/, '') ?? '')?.[1]

const served = async ({ cluster }: Client): Promise<Set<string>> => {
  const response = await cluster.fetch(new Request('http://cluster/apis', { headers: { accept: 'application/json' } }))
  const list = response.ok ? ((await response.json()) as { groups?: { name: string }[] }) : {}
  return new Set(list.groups?.map(({ name }) => name))
}

/** What may not be read is not known. */
const look = async (client: Client, kind: string, namespace: string, name: string): Promise<Workload | undefined> => {
  try {
    return await client.find<Workload>({ apiVersion: 'apps/v1', kind, namespace, name })
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}

/** Rejects with `ClusterUnreachable` when nobody answers. */
export const inspectCluster = async (client: Client): Promise<Inspected> => {
  const groups = await served(client)
  const names = Object.keys(signs) as LabSpec['mesh'][]
  const mesh = names.find((each) => groups.has(signs[each].group))
  if (mesh === undefined) return {}
  const { kind, namespace, name } = signs[mesh]
  const workload = await look(client, kind, namespace, name)
  const images = workload?.spec.template.spec.containers.map(({ image }) => image) ?? []
  const version = images.map(tagOf).find((tag) => tag !== undefined)
  if (mesh !== 'istio') return { mesh, ...(version ? { version } : {}) }
  const ztunnel = await look(client, 'DaemonSet', 'istio-system', 'ztunnel')
  return { mesh, ...(version ? { version } : {}), mode: ztunnel ? 'ambient' : 'sidecar' }
}
