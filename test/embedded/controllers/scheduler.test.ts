import { afterEach, describe, expect, test } from 'vitest'
import type { NodeObject, PodObject } from '../../../src/embedded/kinds/types.ts'
import { type ControlPlane, controlPlane, kind, nodeNamed, pods } from './control-plane.ts'

const nodes = kind('nodes')
let plane: ControlPlane | undefined
afterEach(() => plane?.stop())

const podOn = async (spec: object, node: object = {}) => {
  plane = controlPlane({ nodes: [nodeNamed('node-1', node)] })
  plane.registry.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop' },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  })
  await plane.settle()
  return plane.get<PodObject>(pods, 'p')
}
const asking = (requests: object) => ({ containers: [{ name: 'c', image: 'nginx', resources: { requests } }] })
const taint = { spec: { taints: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }] } }
const room = { status: { allocatable: { cpu: '2', memory: '1Gi', pods: '10' } } }
const help = '1 Preemption is not helpful for scheduling.'
const none = '1 No preemption victims found for incoming pod.'

describe('the scheduler', () => {
  test.each<[string, object, object]>([
    ['a plain pod', {}, {}],
    ['a matching selector', { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }, {}],
    ['a tolerated taint', { tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'gpu' }] }, taint],
    ['anything tolerated', { tolerations: [{ operator: 'Exists' }] }, taint],
    ['a soft taint', {}, { spec: { taints: [{ key: 'a', effect: 'PreferNoSchedule' }] } }],
  ])('binds %s', async (_name, spec, node) => {
    const pod = await podOn(spec, node)
    expect(pod.spec?.nodeName).toBe('node-1')
    expect(pod.status?.conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'True' }))
    expect(plane?.events('Scheduled')).toEqual(['Scheduled: Successfully assigned shop/p to node-1'])
  })

  test.each<[string, object, object, string]>([
    [
      'a selector',
      { nodeSelector: { disk: 'ssd' } },
      {},
      `1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: ${help}`,
    ],
    ['a taint', {}, taint, `1 node(s) had untolerated taint(s). preemption: 0/1 nodes are available: ${help}`],
    [
      'a cordon',
      {},
      { spec: { unschedulable: true } },
      `1 node(s) were unschedulable. preemption: 0/1 nodes are available: ${help}`,
    ],
  ])('says that %s keeps the pod away', async (_name, spec, node, says) => {
    const pod = await podOn(spec, node)
    expect(pod.spec?.nodeName).toBeUndefined()
    expect(pod.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }])
    expect(plane?.events('FailedScheduling')).toEqual([`FailedScheduling: 0/1 nodes are available: ${says}`])
  })

  test('says that there is no room', async () => {
    plane = controlPlane({ nodes: [nodeNamed('node-1')] })
    plane.registry.mutate(
      nodes,
      'node-1',
      undefined,
      (draft) => {
        draft.status = room.status
      },
      { subresource: 'status' },
    )
    const { registry } = plane
    const create = (name: string, cpu: string) =>
      registry.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'shop' },
        spec: asking({ cpu }),
      })
    create('first', '1500m')
    create('second', '1')
    await plane.settle()
    expect(plane.events('FailedScheduling')).toEqual([
      `FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: ${none}`,
    ])
    registry.delete(pods, 'first', 'shop')
    await plane.settle()
    expect(plane.get<PodObject>(pods, 'second').spec?.nodeName).toBe('node-1')
  })

  test('tries again when the node changes', async () => {
    await podOn({ nodeSelector: { disk: 'ssd' } })
    plane?.registry.mutate(nodes, 'node-1', undefined, ({ metadata }) => {
      metadata.labels = { disk: 'ssd' }
    })
    await plane?.settle()
    expect(plane?.get<PodObject>(pods, 'p').spec?.nodeName).toBe('node-1')
  })

  test.each<[string, object]>([
    ['is for another scheduler', { schedulerName: 'mine' }],
    ['is gated', { schedulingGates: [{ name: 'wait' }] }],
  ])('leaves a pod alone that %s', async (_name, spec) => {
    const pod = await podOn(spec)
    expect(pod.spec?.nodeName).toBeUndefined()
    expect(plane?.events('FailedScheduling')).toEqual([])
  })
})

describe('a node', () => {
  test('has a lease that it owns', async () => {
    plane = controlPlane()
    await plane.settle()
    const lease = plane.get(kind('leases', 'coordination.k8s.io'), 'node-1', 'kube-node-lease')
    expect(lease).toMatchObject({
      spec: { holderIdentity: 'node-1' },
      metadata: { ownerReferences: [{ kind: 'Node' }] },
    })
  })

  test('is tainted while it is cordoned', async () => {
    plane = controlPlane()
    const cordon = (unschedulable: boolean) =>
      plane?.registry.mutate(nodes, 'node-1', undefined, (draft) => {
        draft.spec = { ...(draft.spec as object), unschedulable }
      })
    cordon(true)
    await plane.settle()
    expect(plane.get<NodeObject>(nodes, 'node-1').spec?.taints).toEqual([
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ])
    cordon(false)
    await plane.settle()
    expect(plane.get<NodeObject>(nodes, 'node-1').spec).not.toHaveProperty('taints')
  })
})
