/** What goes with an owner, and with a namespace. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NamespaceObject } from '../../../src/embedded/kinds/types.ts'
import {
  type ControlPlane,
  controlPlane,
  deployment,
  deployments,
  kind,
  namespaces,
  pods,
  replicaSets,
} from './control-plane.ts'

let plane: ControlPlane
beforeEach(async () => {
  plane = controlPlane()
  plane.registry.create(deployment('web'))
  await plane.settle()
})
afterEach(() => plane.stop())

const count = (of: { group: string; resource: string }) => plane.registry.list(of, { namespace: 'shop' }).length
const counts = () => [count(deployments), count(replicaSets), count(pods)]
const configMap = (name: string, metadata: object = {}) =>
  plane.registry.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', ...metadata } })
const owner = (name: string, uid: string | undefined, more: object = {}) => ({
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid: uid ?? '', ...more }],
})
const configMaps = kind('configmaps')
const names = () => plane.registry.list(configMaps, { namespace: 'shop' }).map(({ metadata }) => metadata.name)

describe('deleting a Deployment', () => {
  test('in the background takes everything below it', async () => {
    plane.registry.delete(deployments, 'web', 'shop', { propagationPolicy: 'Background' })
    expect(counts()).toEqual([0, 1, 3])
    await plane.settle()
    expect(counts()).toEqual([0, 0, 0])
  })

  test('in the foreground keeps it until the last pod has gone, and makes no new ones', async () => {
    plane.holdDeletion(true)
    plane.registry.delete(deployments, 'web', 'shop', { propagationPolicy: 'Foreground' })
    await plane.settle()
    expect(counts()).toEqual([1, 1, 3])
    expect(plane.pods().every(({ metadata }) => metadata.deletionTimestamp)).toBe(true)
    plane.holdDeletion(false)
    await plane.settle()
    expect(counts()).toEqual([0, 0, 0])
  })

  test('as orphans leaves the ReplicaSet without an owner; the same Deployment adopts it again', async () => {
    plane.registry.delete(deployments, 'web', 'shop', { propagationPolicy: 'Orphan' })
    await plane.settle()
    expect(counts()).toEqual([0, 1, 3])
    const [set] = plane.registry.list(replicaSets, { namespace: 'shop' })
    expect(set?.metadata.ownerReferences ?? []).toEqual([])

    plane.registry.create(deployment('web'))
    await plane.settle()
    expect(counts()).toEqual([1, 1, 3])
    expect(plane.get(replicaSets, set!.metadata.name).metadata.ownerReferences).toMatchObject([{ kind: 'Deployment' }])
  })
})

describe('the garbage collector', () => {
  test('deletes what names an owner that never was', async () => {
    configMap('lost', owner('nobody', 'no-such-uid'))
    await plane.settle()
    expect(names()).toEqual(['kube-root-ca.crt'])
  })

  test('keeps what has another owner left, and drops the reference to the lost one', async () => {
    const a = configMap('a')
    const b = configMap('b')
    configMap('child', {
      ownerReferences: [...owner('a', a.metadata.uid).ownerReferences, ...owner('b', b.metadata.uid).ownerReferences],
    })
    await plane.settle()
    plane.registry.delete(configMaps, 'a', 'shop')
    await plane.settle()
    expect(names()).toEqual(['b', 'child', 'kube-root-ca.crt'])
    expect(plane.get(configMaps, 'child').metadata.ownerReferences).toMatchObject([{ name: 'b' }])
  })

  test('does not wait in the foreground for what does not block', async () => {
    const a = configMap('a')
    configMap('child', { ...owner('a', a.metadata.uid), finalizers: ['example.com/stays'] })
    await plane.settle()
    plane.registry.delete(configMaps, 'a', 'shop', { propagationPolicy: 'Foreground' })
    await plane.settle()
    expect(names()).toEqual(['child', 'kube-root-ca.crt'])
    expect(plane.get(configMaps, 'child').metadata.deletionTimestamp).toBeDefined()
  })

  test('takes an owner of another namespace for none', async () => {
    const other = plane.registry.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'default' },
    })
    configMap('child', owner('a', other.metadata.uid))
    await plane.settle()
    expect(names()).toEqual(['kube-root-ca.crt'])
    expect(plane.events('OwnerRefInvalidNamespace')).toHaveLength(1)
  })
})

describe('a namespace', () => {
  test('has a ServiceAccount and the CA, which come back when they are deleted', async () => {
    const accounts = kind('serviceaccounts')
    expect(plane.get(accounts, 'default')).toBeDefined()
    plane.registry.delete(accounts, 'default', 'shop')
    plane.registry.delete(configMaps, 'kube-root-ca.crt', 'shop')
    await plane.settle()
    expect(plane.get(accounts, 'default')).toBeDefined()
    expect(names()).toEqual(['kube-root-ca.crt'])
  })

  test('goes with all its content', async () => {
    plane.registry.delete(namespaces, 'shop')
    await plane.settle()
    expect(plane.registry.get(namespaces, 'shop')).toBeUndefined()
    for (const each of plane.registry.kinds()) expect(plane.registry.list(each, { namespace: 'shop' })).toEqual([])
    expect(plane.registry.get(namespaces, 'default')).toBeDefined()
  })

  test('says what it waits for, refuses new content, and goes once that is gone', async () => {
    configMap('stays', { finalizers: ['example.com/hold'] })
    plane.registry.delete(namespaces, 'shop')
    await plane.settle()
    const namespace = plane.get<NamespaceObject>(namespaces, 'shop')
    expect(namespace.status?.phase).toBe('Terminating')
    expect(namespace.status?.conditions).toMatchObject([
      { type: 'NamespaceDeletionDiscoveryFailure', status: 'False' },
      { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False' },
      { type: 'NamespaceDeletionContentFailure', status: 'False' },
      {
        type: 'NamespaceContentRemaining',
        status: 'True',
        message: 'Some resources are remaining: configmaps. has 1 resource instances',
      },
      {
        type: 'NamespaceFinalizersRemaining',
        status: 'True',
        message: 'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
      },
    ])
    expect(() => configMap('late')).toThrow(
      'configmaps "late" is forbidden: unable to create new content in namespace shop because it is being terminated',
    )
    plane.registry.mutate(configMaps, 'stays', 'shop', ({ metadata }) => {
      delete metadata.finalizers
    })
    await plane.settle()
    expect(plane.registry.get(namespaces, 'shop')).toBeUndefined()
  })

  test('can be made anew under the same name', async () => {
    plane.registry.delete(namespaces, 'shop')
    await plane.settle()
    plane.registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
    plane.registry.create(deployment('web'))
    await plane.settle()
    expect(counts()).toEqual([1, 1, 3])
  })
})
