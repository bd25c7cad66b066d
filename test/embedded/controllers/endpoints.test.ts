import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EndpointSliceObject, EndpointsObject } from '../../../src/embedded/kinds/types.ts'
import {
  type ControlPlane,
  controlPlane,
  deployment,
  deployments,
  edit,
  kind,
  pods,
  services,
  template,
} from './control-plane.ts'

const endpoints = kind('endpoints')
const slices = kind('endpointslices', 'discovery.k8s.io')

let plane: ControlPlane
beforeEach(async () => {
  plane = controlPlane()
  plane.registry.create(deployment('web', { replicas: 2 }))
  await plane.settle()
})
afterEach(() => plane.stop())

const service = async (name: string, spec: object = {}) => {
  plane.registry.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', labels: { team: 'a' } },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  })
  await plane.settle()
}
const ips = () =>
  plane
    .pods()
    .map((pod) => pod.status?.podIP)
    .sort()
const sliceOf = (name: string) =>
  plane.registry
    .list(slices, { namespace: 'shop' })
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name) as EndpointSliceObject[]
const ready = (name: string) =>
  sliceOf(name)
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready)
    .flatMap(({ addresses = [] }) => addresses)
    .sort()
const subsets = (name: string) => plane.get<EndpointsObject>(endpoints, name).subsets

describe('a Service with a selector', () => {
  test('has a slice with its pods and ports, owned by it', async () => {
    await service('web')
    const [slice] = sliceOf('web')
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      metadata: {
        labels: { team: 'a', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
        ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
      },
    })
    expect(slice?.metadata.name).toMatch(/^web-[a-z0-9]{5}$/)
    expect(slice?.endpoints?.[0]).toMatchObject({
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'node-1',
      targetRef: { kind: 'Pod', namespace: 'shop' },
    })
    expect(ready('web')).toEqual(ips())
    expect(subsets('web')).toMatchObject([{ addresses: ips().map((ip) => ({ ip })), ports: [{ port: 8080 }] }])
  })

  test('follows readiness', async () => {
    await service('web')
    const [pod] = plane.pods()
    plane.setReady(pod!, false)
    await plane.settle()
    expect(ready('web')).toEqual(ips().filter((ip) => ip !== pod?.status?.podIP))
    expect(subsets('web')?.[0]?.notReadyAddresses).toMatchObject([{ ip: pod?.status?.podIP }])
    plane.setReady(pod!, true)
    await plane.settle()
    expect(ready('web')).toEqual(ips())
  })

  test('follows scaling, to nothing and back', async () => {
    await service('web')
    for (const replicas of [0, 3]) {
      edit(plane, 'web', (spec) => {
        spec.replicas = replicas
      })
      await plane.settle()
      expect(ready('web')).toEqual(ips())
      expect(sliceOf('web')).toHaveLength(1)
    }
  })

  test('follows labels of pods', async () => {
    await service('web')
    const [pod] = plane.pods()
    plane.registry.mutate(pods, pod!.metadata.name, 'shop', ({ metadata }) => {
      metadata.labels = { app: 'quarantine' }
    })
    await plane.settle()
    expect(ready('web')).not.toContain(pod?.status?.podIP)
    expect(ready('web')).toHaveLength(2)
  })

  test('lets go of a pod that nobody replaces', async () => {
    const bare = { metadata: { name: 'bare', namespace: 'shop', labels: { app: 'bare' } }, spec: template().spec }
    plane.registry.create({ apiVersion: 'v1', kind: 'Pod', ...bare })
    await service('bare', { selector: { app: 'bare' } })
    expect(ready('bare')).toHaveLength(1)
    plane.registry.mutate(pods, 'bare', 'shop', ({ metadata }) => {
      delete metadata.labels
    })
    await plane.settle()
    expect(ready('bare')).toEqual([])
  })

  test('shows a pod on its way out as terminating, in slices only', async () => {
    await service('web')
    plane.holdDeletion(true)
    const [pod] = plane.pods()
    plane.registry.delete(pods, pod!.metadata.name, 'shop')
    await plane.settle()
    const going = sliceOf('web')
      .flatMap((slice) => slice.endpoints ?? [])
      .find(({ conditions }) => conditions?.terminating)
    expect(going).toMatchObject({ addresses: [pod?.status?.podIP], conditions: { ready: false, serving: true } })
    expect(JSON.stringify(subsets('web'))).not.toContain(pod?.status?.podIP)
  })

  test('may list pods that are not ready', async () => {
    plane.setReady(plane.pods()[0]!, false)
    await service('web', { publishNotReadyAddresses: true })
    expect(ready('web')).toEqual(ips())
  })

  test('finds a named port in each pod, whatever its number', async () => {
    for (const [name, containerPort] of [
      ['a', 8080],
      ['b', 9090],
    ] as const) {
      const pod = template('nginx:1', { app: name, tier: 'named' })
      const container = { ...pod.spec.containers[0]!, ports: [{ name: 'http', containerPort }] }
      plane.registry.create(deployment(name, { replicas: 1, template: { ...pod, spec: { containers: [container] } } }))
    }
    await service('named', { selector: { tier: 'named' }, ports: [{ port: 80, targetPort: 'http' }] })
    expect(
      sliceOf('named')
        .map(({ ports }) => ports?.[0]?.port)
        .sort(),
    ).toEqual([8080, 9090])
    expect(
      subsets('named')
        ?.map(({ ports }) => ports?.[0]?.port)
        .sort(),
    ).toEqual([8080, 9090])
  })

  test('has an empty slice when it selects nothing', async () => {
    await service('empty', { selector: { app: 'nobody' } })
    expect(sliceOf('empty')).toMatchObject([{ endpoints: [], ports: [] }])
    expect(subsets('empty')).toBeUndefined()
  })

  test('takes both away when it goes', async () => {
    await service('web')
    plane.registry.delete(services, 'web', 'shop')
    await plane.settle()
    expect(sliceOf('web')).toEqual([])
    expect(plane.registry.get(endpoints, 'web', 'shop')).toBeUndefined()
  })

  test('gets them back when somebody deletes them', async () => {
    await service('web')
    plane.registry.delete(endpoints, 'web', 'shop')
    plane.registry.delete(slices, sliceOf('web')[0]!.metadata.name, 'shop')
    await plane.settle()
    expect(ready('web')).toEqual(ips())
    expect(subsets('web')).toHaveLength(1)
  })
})

test('a Service without a selector is left to its author', async () => {
  await service('manual', { selector: undefined })
  expect(sliceOf('manual')).toEqual([])
  expect(plane.registry.get(endpoints, 'manual', 'shop')).toBeUndefined()
})

test('a headless Service says so on what belongs to it', async () => {
  await service('web', { clusterIP: 'None' })
  expect(sliceOf('web')[0]?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '')
})

test('nothing is written again when nothing has changed', async () => {
  await service('web')
  const { revision } = plane.registry
  plane.registry.mutate(deployments, 'web', 'shop', ({ metadata }) => {
    metadata.labels = { touched: 'yes' }
  })
  await plane.settle()
  // The Deployment's own write, and nothing else.
  expect(plane.registry.revision).toBe(revision + 1)
})
