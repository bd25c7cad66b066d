/**
 * The kubelet's probes and Linkerd's proxy. Upstream: linkerd2 policy-controller/k8s/index/src/inbound/index.rs
 * (http_routes: any route of a user ends default_inbound_http_routes), .../inbound/tests/http_routes.rs
 * (routes_created_for_probes), .../inbound/workload.rs (pod_http_probes); what a refusal is for whom asks in plaintext:
 * linkerd2-proxy linkerd/app/core/src/errors/respond.rs.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import { createClient } from '../../src/kube/client.ts'
import type { Pod } from '../../src/kube/kinds.ts'
import { linkerd } from '../../src/meshes/linkerd/index.ts'
import { pass as letPass, type ManualClock, manualClock } from './manual-clock.ts'

let cluster: EmbeddedCluster
let clock: ManualClock

const pass = (seconds: number): Promise<void> => letPass(clock, seconds)

beforeEach(async () => {
  clock = manualClock()
  cluster = await createEmbeddedCluster({ mesh: linkerd, clock })
  const annotations = { 'linkerd.io/inject': 'enabled' }
  cluster.registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', annotations } })
  await pass(1)
})
afterEach(() => cluster.stop())

const app = (): Pod => cluster.registry.get({ group: '', resource: 'pods' }, 'api', 'shop') as Pod
const isReady = (): boolean =>
  (app().status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
const unhealthy = (): string[] =>
  cluster.registry
    .list({ group: '', resource: 'events' })
    .filter(({ reason }) => reason === 'Unhealthy')
    .map(({ message }) => String(message))

const health = { httpGet: { path: '/healthz', port: 'web' } }

/** A pod that listens at 8080 (`web`). */
const run = async (probes: Record<string, unknown>, annotations: Record<string, string> = {}): Promise<void> => {
  cluster.registry.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api', namespace: 'shop', labels: { app: 'api' }, annotations },
    spec: {
      containers: [
        {
          name: 'app',
          image: 'registry.k8s.io/e2e-test-images/agnhost:2.53',
          args: ['netexec', '--http-port=8080'],
          ports: [{ name: 'web', containerPort: 8080 }],
          ...probes,
        },
      ],
    },
  })
  await pass(1)
}

const policy = (kind: string, name: string, spec: Record<string, unknown>, version = 'v1alpha1'): KubeObject => ({
  apiVersion: `policy.linkerd.io/${version}`,
  kind,
  metadata: { name, namespace: 'shop' },
  spec,
})
const server = (spec: Record<string, unknown> = {}): KubeObject =>
  policy('Server', 'api', { podSelector: { matchLabels: { app: 'api' } }, port: 'web', ...spec }, 'v1beta3')
const route = (name: string, value: string): KubeObject =>
  policy(
    'HTTPRoute',
    name,
    {
      parentRefs: [{ group: 'policy.linkerd.io', kind: 'Server', name: 'api' }],
      rules: [{ matches: [{ path: { type: 'Exact', value } }] }],
    },
    'v1beta3',
  )
const give = (...objects: KubeObject[]): void => {
  for (const object of objects) cluster.registry.create(object)
}

test('nobody is let in, and the probe is: by the default policy’s own route, and by that of a Server', async () => {
  await run({ readinessProbe: health, livenessProbe: health }, { 'config.linkerd.io/default-inbound-policy': 'deny' })
  expect(isReady()).toBe(true)
  expect(unhealthy()).toEqual([])
  give(server())
  await pass(60)
  expect(isReady()).toBe(true)
  expect(unhealthy()).toEqual([])
})

test('the first route ends that: 404, then 403, until a route for the probe admits the node', async () => {
  await run({ readinessProbe: health })
  give(server(), route('products', '/api/products'))
  await pass(9)
  expect(isReady()).toBe(true)
  await pass(30)
  expect(isReady()).toBe(false)
  expect(unhealthy()).toEqual(['Readiness probe failed: HTTP probe failed with statuscode: 404'])
  const target = { namespace: 'shop', pod: 'api', container: 'linkerd-proxy' }
  expect(await createClient(cluster.cluster).logs(target, {})).toMatch(
    /HTTP\/1\.1 request failed error=client 10\.244\.\d+\.1:\d+: server: [\d.]+:8080: no route found for request/,
  )

  give(route('health', '/healthz'))
  await pass(30)
  expect(isReady()).toBe(false)
  expect(unhealthy()).toContain('Readiness probe failed: HTTP probe failed with statuscode: 403')

  give(
    policy('NetworkAuthentication', 'node', { networks: [{ cidr: '10.244.0.0/16' }] }),
    policy('AuthorizationPolicy', 'health', {
      targetRef: { group: 'policy.linkerd.io', kind: 'HTTPRoute', name: 'health' },
      requiredAuthenticationRefs: [{ group: 'policy.linkerd.io', kind: 'NetworkAuthentication', name: 'node' }],
    }),
  )
  await pass(10)
  expect(isReady()).toBe(true)
})

test('a liveness probe that no route takes restarts the application, again and again', async () => {
  await run({ livenessProbe: { ...health, periodSeconds: 2 } })
  give(server({ accessPolicy: 'all-unauthenticated' }), route('products', '/api/products'))
  await pass(10)
  const restarts = (): number => Number(app().status?.containerStatuses?.[0]?.restartCount)
  expect(restarts()).toBe(1)
  await pass(20)
  expect(restarts()).toBeGreaterThan(1)
})

test('a probe that no policy speaks about as HTTP is closed with everybody else', async () => {
  await run({ readinessProbe: { ...health, failureThreshold: 1 } })
  give(server({ proxyProtocol: 'opaque' }))
  await pass(11)
  expect(isReady()).toBe(false)
  expect(unhealthy()).toEqual([expect.stringMatching(/^Readiness probe failed: Get "http:.*\/healthz": EOF$/)])
})

test('a probe of TCP only hears of the proxy, which takes every connection', async () => {
  await run({ readinessProbe: { tcpSocket: { port: 9999 } } })
  give(server({ proxyProtocol: 'opaque' }))
  await pass(60)
  expect(isReady()).toBe(true)
})

test('a pod comes under a Server by a label, and its probe hears of it', async () => {
  await run({ readinessProbe: { ...health, failureThreshold: 1 } })
  give(server({ podSelector: { matchLabels: { tier: 'closed' } } }), route('products', '/api/products'))
  await pass(11)
  expect(isReady()).toBe(true)
  cluster.registry.mutate({ group: '', resource: 'pods' }, 'api', 'shop', (draft) => {
    draft.metadata.labels = { ...draft.metadata.labels, tier: 'closed' }
  })
  await pass(11)
  expect(isReady()).toBe(false)
})

test('a port past the proxy, a pod without one: the program alone answers', async () => {
  await run({ readinessProbe: health }, { 'config.linkerd.io/skip-inbound-ports': '8080' })
  give(server(), route('products', '/api/products'))
  await pass(60)
  expect(isReady()).toBe(true)
})

test('of a Service whose pods are not ready callers hear from their own proxy: after three seconds, then at once', async () => {
  cluster.registry.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api', namespace: 'shop' },
    spec: { selector: { app: 'api' }, clusterIP: '10.96.7.7', ports: [{ port: 80, targetPort: 'web' }] },
  })
  await run({ readinessProbe: { ...health, failureThreshold: 1 } })
  give(server({ accessPolicy: 'all-unauthenticated' }), route('products', '/api/products'))
  await pass(10)
  expect(isReady()).toBe(false)
  let out = ''
  const ask = async (): Promise<void> => {
    const asked = ['curl', '-s', '-i', 'http://api.shop/api/products']
    await cluster.cluster.exec({ namespace: 'shop', pod: 'client', container: 'app' }, asked, {
      stdout: (chunk) => {
        out += new TextDecoder().decode(chunk)
      },
      stderr: () => {},
    })
  }
  const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53'
  cluster.registry.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'client', namespace: 'shop' },
    spec: { containers: [{ name: 'app', image, args: ['netexec', '--http-port=8080'] }] },
  })
  await pass(1)
  // linkerd2-proxy linkerd/app/src/env.rs (DEFAULT_OUTBOUND_HTTP_FAILFAST_TIMEOUT); the text as in linkerd2 issue 12720.
  const says =
    'logical service 10.96.7.7:80: route default.http: backend Service.shop.api:80: Service.shop.api:80: service in fail-fast'
  const expected = [
    'HTTP/1.1 504 Gateway Timeout',
    'content-length: 0',
    `l5d-proxy-error: ${says}`,
    'connection: close',
  ]
  const first = ask()
  await pass(2)
  expect(out).toBe('')
  await pass(1)
  await first
  expect(out.split('\r\n').slice(0, 4)).toEqual(expected)
  out = ''
  await ask()
  expect(out.split('\r\n').slice(0, 4)).toEqual(expected)

  cluster.registry.delete({ group: 'policy.linkerd.io', resource: 'httproutes' }, 'products', 'shop')
  await pass(10)
  out = ''
  await ask()
  expect(out).toMatch(/^HTTP\/1\.1 200 OK/)
})
