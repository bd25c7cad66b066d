/**
 * The mesh's model and the network's view of the objects, built when first needed after a change and kept until the
 * next change of a kind they read. A request between two changes costs no compilation.
 */
import type { KubeObject, ResourceRef } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import { parseYaml } from '../../kube/yaml.ts'
import type { Call } from '../../meshes/call.ts'
import type { Mesh, Outside } from '../../meshes/mesh.ts'
import { buildWorld, type World } from '../../meshes/network.ts'
import {
  askNameServer,
  behindPolicies,
  compile as compilePolicies,
  decide as decidePolicies,
  type PolicyDecision,
  reads as policyReads,
  withoutMesh,
} from '../../meshes/network-policy/index.ts'
import type { Verdict } from '../../meshes/verdict.ts'
import type { GroupResource, Registry } from '../registry.ts'

const networkKinds: readonly GroupResource[] = [
  { group: '', resource: 'namespaces' },
  { group: '', resource: 'pods' },
  { group: '', resource: 'services' },
  { group: 'discovery.k8s.io', resource: 'endpointslices' },
]

/** Rebuilds when a listed kind has changed since the last time. */
export const cached = <T>(
  registry: Registry,
  kinds: readonly GroupResource[],
  build: (objects: KubeObject[], last: T | undefined) => T,
): { get: () => T; stop: () => void } => {
  let revision = -1
  let changed = -1
  let value: T | undefined
  return {
    get() {
      // Watch events come a microtask after the write; comparing revisions sees a write at once.
      if (registry.revision === revision) return value as T
      revision = registry.revision
      const now = Math.max(0, ...kinds.map((kind) => registry.changed(kind)))
      if (now === changed) return value as T
      changed = now
      value = build(
        kinds.flatMap((kind) => registry.list(kind)),
        value,
      )
      return value
    },
    stop() {
      value = undefined
      changed = -1
      revision = -1
    },
  }
}

const kindOf = ({ group, resource }: ResourceRef): GroupResource => ({ group, resource })

export const createModel = ({
  registry,
  mesh,
}: {
  registry: Registry
  mesh?: Mesh
}): {
  world: () => World
  /** The mesh's verdict (without a mesh: straight through), behind the NetworkPolicies. */
  decide: (call: Call) => Verdict
  /** What the mesh compiled. */
  model: () => unknown
  /** The call with the facts that only the outside can tell, e.g. whether its tokens are good. */
  gather: (call: Call, outside: Outside) => Promise<Call>
  /** Whether that pod's questions get as far as the name server. */
  askNameServer: (from: Pod) => PolicyDecision
  /** Whether packets of that pod may go to an address outside the pod network. */
  mayLeave: (from: Pod, address: string, port: number) => boolean
  stop: () => void
} => {
  const world = cached(registry, networkKinds, buildWorld)
  const model = cached(
    registry,
    (mesh?.reads ?? []).map(kindOf),
    (objects, last) => mesh?.compile(objects, { parseYaml, last }).model,
  )
  const policies = cached(registry, policyReads.map(kindOf), (objects) => compilePolicies(objects))
  return {
    world: world.get,
    model: model.get,
    decide: (call) => behindPolicies(policies.get(), call, mesh ? mesh.decide(model.get(), call) : withoutMesh(call)),
    gather: async (call, outside) => (await mesh?.gather?.(model.get(), call, outside)) ?? call,
    askNameServer: (from) => askNameServer(policies.get(), world.get(), from),
    mayLeave: (pod, address, port) =>
      decidePolicies(policies.get(), {
        from: { pod, address: pod.status?.podIP ?? '' },
        to: { address },
        port,
        protocol: 'TCP',
      }).allowed,
    stop() {
      world.stop()
      model.stop()
      policies.stop()
    },
  }
}
