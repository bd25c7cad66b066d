/**
 * Probes of a pod with Istio's sidecar: rewritten by the injector, or not. Upstream: istio pkg/kube/inject/app_probe.go,
 * istio.io/latest/docs/ops/configuration/mesh/app-health-check ("the kubelet's requests fail where mutual TLS is required").
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import type { Pod } from '../../src/kube/kinds.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { pass as letPass, type ManualClock, manualClock } from './manual-clock.ts'

let cluster: EmbeddedCluster
let clock: ManualClock

const pass = (seconds: number): Promise<void> => letPass(clock, seconds)

beforeEach(async () => {
  clock = manualClock()
  cluster = await createEmbeddedCluster({ mesh: istio, clock })
  const labels = { 'istio-injection': 'enabled' }
  cluster.registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } })
  await pass(1)
})
afterEach(() => cluster.stop())

const isReady = (): boolean => {
  const pod = cluster.registry.get({ group: '', resource: 'pods' }, 'api', 'shop') as Pod
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
}
const unhealthy = (): string[] =>
  cluster.registry
    .list({ group: '', resource: 'events' })
    .filter(({ reason }) => reason === 'Unhealthy')
    .map(({ message }) => String(message))

const agnhost = { image: 'registry.k8s.io/e2e-test-images/agnhost:2.53', args: ['netexec', '--http-port=8080'] }

const run = async (
  annotations: Record<string, string>,
  readinessProbe: object = { httpGet: { path: '/healthz', port: 8080 }, failureThreshold: 1 },
  program: object = agnhost,
): Promise<void> => {
  const ports = [{ name: 'http', containerPort: 8080 }]
  cluster.registry.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api', namespace: 'shop', labels: { app: 'api' }, annotations },
    spec: { containers: [{ name: 'app', ...program, ports, readinessProbe }] },
  })
  await pass(2)
}

const strict = (): void =>
  void cluster.registry.create({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'shop' },
    spec: { mtls: { mode: 'STRICT' } },
  })
const nothing = (): void =>
  void cluster.registry.create({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'nothing', namespace: 'shop' },
    spec: {},
  })

test('rewritten, as they are by default: no policy of the mesh is asked', async () => {
  await run({})
  strict()
  nothing()
  await pass(30)
  expect(isReady()).toBe(true)
  expect(unhealthy()).toEqual([])
})

test('as the pod has them: STRICT resets the kubelet, and a policy denies it', async () => {
  await run({ 'sidecar.istio.io/rewriteAppHTTPProbers': 'false' })
  expect(isReady()).toBe(true)
  nothing()
  await pass(11)
  expect(isReady()).toBe(false)
  expect(unhealthy()).toEqual(['Readiness probe failed: HTTP probe failed with statuscode: 403'])
  strict()
  await pass(11)
  expect(isReady()).toBe(false)
  expect(unhealthy()[1]).toMatch(/Readiness probe failed: Get "http:.*": read: connection reset by peer$/)
})

test('a policy that comes while the application still thinks about a probe counts for the next one', async () => {
  const slow = { path: '/?x-set-response-delay-ms=3000', port: 8080 }
  await run(
    { 'sidecar.istio.io/rewriteAppHTTPProbers': 'false' },
    { httpGet: slow, timeoutSeconds: 5, failureThreshold: 1 },
    { image: 'mendhak/http-https-echo:37' },
  )
  expect(isReady()).toBe(false)
  nothing()
  await pass(3)
  expect(isReady()).toBe(true)
  await pass(11)
  expect(isReady()).toBe(false)
})
