/**
 * What a node has besides its object: a Lease, renewed by its own hand in a real cluster, and the taint that goes with
 * `kubectl cordon`. Not modelled: heartbeats (an idle cluster stays idle, so the Lease keeps its first time) and the
 * eviction of pods from a node that is lost.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { NodeObject } from '../kinds/types.ts'
import { asManager, type Controller, resources, stopAll } from './controller.ts'
import { workQueue } from './queue.ts'

const { nodes } = resources
const leases = { group: 'coordination.k8s.io', resource: 'leases' }
const leaseNamespace = 'kube-node-lease'
const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

export const nodeController: Controller = ({ registry, clock }) => {
  const ensureLease = (node: NodeObject) => {
    const { name, uid = '' } = node.metadata
    if (registry.get(leases, name, leaseNamespace) || !registry.get(resources.namespaces, leaseNamespace)) return
    const lease: KubeObject = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace: leaseNamespace,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
      },
      spec: {
        holderIdentity: name,
        leaseDurationSeconds: 40,
        renewTime: new Date(clock.now()).toISOString().replace('Z', '000Z'),
      },
    }
    registry.create(lease, { fieldManager: 'kubelet' })
  }

  const taint = (node: NodeObject) => {
    const isOurs = ({ key, effect }: { key: string; effect: string }) =>
      key === cordoned.key && effect === cordoned.effect
    const wanted = node.spec?.unschedulable ?? false
    if (wanted === (node.spec?.taints ?? []).some(isOurs)) return
    const change = (draft: KubeObject) => {
      const { spec = {} } = draft as NodeObject
      const others = (spec.taints ?? []).filter((one) => !isOurs(one))
      const taints = wanted ? [...others, cordoned] : others
      const { taints: _before, ...rest } = spec
      draft.spec = taints.length > 0 ? { ...rest, taints } : rest
    }
    registry.mutate(nodes, node.metadata.name, undefined, change, asManager)
  }

  const queue = workQueue(clock, (name) => {
    const node = registry.get(nodes, name) as NodeObject | undefined
    if (!node) return
    ensureLease(node)
    taint(node)
  })

  return stopAll(
    queue,
    registry.watch(nodes, ({ object }) => queue.add(object.metadata.name), { replay: true }),
  )
}
