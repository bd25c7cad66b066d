import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../src/kube/api.ts'
import type { Pod } from '../../src/kube/kinds.ts'
import { buildWorld, findWorkload, parseTarget, resolve } from '../../src/meshes/network.ts'

const pod = (namespace: string, name: string, ip: string, more: Partial<Pod['metadata']> = {}, ready = true): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name }, ...more },
  spec: { containers: [{ name: 'app', image: 'x', ports: [{ name: 'web', containerPort: 8080 }] }] },
  status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const service = (namespace: string, name: string, spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec,
})
const replica = (name: string, suffix: string, ready = true): Pod =>
  pod(
    'production',
    `${name}-6d5f-${suffix}`,
    `10.0.0.${suffix.charCodeAt(0)}`,
    {
      labels: { app: `${name}-app`, 'pod-template-hash': '6d5f' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-6d5f`, uid: '1', controller: true },
      ],
    },
    ready,
  )

const client = pod('legacy', 'client', '10.0.1.1')
const objects: KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'production' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'legacy' } },
  client,
  replica('orders', 'a'),
  replica('orders', 'b', false),
  pod('production', 'db-0', '10.0.2.1', { labels: { app: 'db' } }),
  pod('production', 'gone', '10.0.2.9', { labels: { app: 'other' } }, false),
  service('production', 'orders', {
    clusterIP: '10.96.0.10',
    selector: { app: 'orders-app' },
    ports: [
      { name: 'http', port: 80, targetPort: 'web' },
      { name: 'admin', port: 9000, targetPort: 9001 },
    ],
  }),
  service('production', 'db', {
    clusterIP: 'None',
    selector: { app: 'db' },
    ports: [{ port: 5432, targetPort: 15432 }],
  }),
  service('production', 'empty', { clusterIP: '10.96.0.11', selector: { app: 'none' }, ports: [{ port: 80 }] }),
  service('production', 'slow', { clusterIP: '10.96.0.12', selector: { app: 'other' }, ports: [{ port: 80 }] }),
  service('legacy', 'alias', { type: 'ExternalName', externalName: 'orders.production.svc.cluster.local' }),
  service('legacy', 'outside', { type: 'ExternalName', externalName: 'api.example.com' }),
  service('legacy', 'loop', { type: 'ExternalName', externalName: 'loop.legacy.svc.cluster.local' }),
  service('default', 'kubernetes', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] }),
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['172.18.0.2'], conditions: { ready: true } }],
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
  },
]
const world = buildWorld(objects)

const story = (target: string, from = client): string => {
  const found = resolve(world, from, target)
  switch (found.kind) {
    case 'service':
      return `service ${found.service.metadata.name} ${found.address} -> ${found.endpoints.map((e) => `${e.pod.metadata.name}:${e.port}`).join(',')}`
    case 'pod':
      return `pod ${found.pod.metadata.name}:${found.port}${found.loopback ? ' loopback' : ''}`
    case 'nxdomain':
      return 'nxdomain'
    case 'external':
      return `external ${found.host}:${found.port}`
    default:
      return `${found.kind} ${found.service.metadata.name}`
  }
}

describe('resolve', () => {
  test.each([
    ['http://orders.production/api', 'service orders 10.96.0.10 -> orders-6d5f-a:8080'],
    ['http://ORDERS.production.svc:80', 'service orders 10.96.0.10 -> orders-6d5f-a:8080'],
    ['http://orders.production.svc.cluster.local', 'service orders 10.96.0.10 -> orders-6d5f-a:8080'],
    ['http://orders.production.svc.cluster.local.:9000', 'service orders 10.96.0.10 -> orders-6d5f-a:9001'],
    ['http://10.96.0.10', 'service orders 10.96.0.10 -> orders-6d5f-a:8080'],
    ['http://orders.production:81', 'no-port orders'],
    ['http://orders', 'nxdomain'],
    ['http://orders.production.', 'nxdomain'],
    ['http://orders.prod', 'nxdomain'],
    ['http://alias', 'service orders 10.96.0.10 -> orders-6d5f-a:8080'],
    ['http://outside', 'external api.example.com:80'],
    ['http://loop', 'nxdomain'],
    ['https://example.com', 'external example.com:443'],
    ['http://empty.production', 'no-endpoints empty'],
    ['http://slow.production', 'no-endpoints slow'],
    ['tcp://db.production:5432', 'service db 10.0.2.1 -> db-0:5432'],
    ['tcp://db.production:15432', 'pod db-0:15432'],
    ['http://10.0.2.1:8080', 'pod db-0:8080'],
    ['http://10-0-2-1.production.pod:8080', 'pod db-0:8080'],
    ['http://10.9.9.9', 'external 10.9.9.9:80'],
    ['http://localhost:8080', 'pod client:8080 loopback'],
    ['http://127.0.0.1:8080', 'pod client:8080 loopback'],
    ['https://kubernetes.default', 'external 172.18.0.2:6443'],
    ['tcp://orders.production', 'nxdomain'],
    ['not a url at all://', 'nxdomain'],
  ])('%s leads to %s', (target, expected) => {
    expect(story(target)).toBe(expected)
  })

  test('a short name is looked for in the namespace of the pod that asks', () => {
    const inProduction = world.pods.get('production/db-0')
    expect(inProduction && story('http://orders', inProduction)).toMatch(/^service orders/)
  })

  test('endpoint slices win over the selector', () => {
    const slice: KubeObject = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'o', namespace: 'production', labels: { 'kubernetes.io/service-name': 'orders' } },
      endpoints: [
        { addresses: ['10.0.0.98'], targetRef: { kind: 'Pod', name: 'orders-6d5f-b' }, conditions: { ready: true } },
      ],
      ports: [{ name: 'http', port: 8080 }],
    }
    const found = resolve(buildWorld([...objects, slice]), client, 'http://orders.production')
    expect(found.kind === 'service' && found.endpoints.map((each) => each.pod.metadata.name)).toEqual(['orders-6d5f-b'])
  })
})

test.each([
  ['http://a.b:8080/x?y=1#z', { host: 'a.b', port: 8080, path: '/x?y=1', authority: 'a.b:8080' }],
  ['https://a:443', { host: 'a', port: 443, path: '/', authority: 'a' }],
  ['a?x', { host: 'a', port: 80, path: '/?x', authority: 'a' }],
  ['http://user:pw@a/p', { host: 'a', port: 80, path: '/p', authority: 'a' }],
  ['http://[::1]:8080/', { host: '::1', port: 8080, path: '/', authority: '[::1]:8080' }],
])('parseTarget %s', (url, expected) => {
  expect(parseTarget(url)).toMatchObject(expected)
})

test.each([
  ['production/orders', 'orders-6d5f-a'],
  ['production/orders-6d5f', 'orders-6d5f-a'],
  ['production/orders-6d5f-b', 'orders-6d5f-b'],
  ['production/orders-app', 'orders-6d5f-a'],
  ['production/db', 'db-0'],
  ['production/nothing', undefined],
  ['orders', undefined],
])('findWorkload %s finds %s', (workload, expected) => {
  expect(findWorkload(world, workload)?.metadata.name).toBe(expected)
})
