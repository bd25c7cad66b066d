/** NetworkPolicies as programs in pods meet them: no answer, names that do not resolve, a sidecar that gives up. */
import { afterEach, expect, test } from 'vitest'
import type { Mesh } from '../../../src/meshes/mesh.ts'
import { withoutMesh } from '../../../src/meshes/network-policy/index.ts'
import { type ManualClock, manualClock } from '../manual-clock.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
let clock: ManualClock
afterEach(() => cluster.stop())

/** Every pod has a sidecar that lets everything through. */
const transparent: Mesh = {
  name: 'istio',
  proxyContainer: 'istio-proxy',
  validator: 'validation.istio.io',
  reads: [],
  compile: () => ({ model: undefined, problems: [] }),
  decide: (_model, call) => withoutMesh(call),
  crds: async () => [],
  install: () => [],
  validate: () => ({ allowed: true }),
  inject: (pod) => pod,
  isMeshed: () => true,
}

const start = async (mesh?: Mesh): Promise<void> => {
  clock = manualClock()
  cluster = smallCluster({ mesh, clock })
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] })
  cluster.run('web', {
    image: 'nginx',
    readinessProbe: { httpGet: { path: '/', port: 80 } },
    ports: [{ name: 'http', containerPort: 80 }],
  })
  cluster.add(
    service('web', { clusterIP: '10.96.0.20', selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] }),
  )
  await cluster.ready('client', 'web')
}

const policy = (name: string, spec: Record<string, unknown>): void => {
  cluster.add({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec,
  })
}

const denyIngress = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] }
const denyEgress = { podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'] }

/** Runs it while time passes, second by second; with how long it took. */
const timed = async (...argv: string[]) => {
  const began = clock.now()
  let isDone = false
  const running = cluster.exec('client', argv).finally(() => {
    isDone = true
  })
  while (!isDone) {
    for (let turn = 0; turn < 20 && !isDone; turn++) await new Promise((resolve) => setImmediate(resolve))
    if (!isDone) clock.advance(1000)
  }
  return { ...(await running), seconds: (clock.now() - began) / 1000 }
}

test('a dropped connection gets no answer, for as long as the client waits; replies and probes come through', async () => {
  await start()
  policy('deny', denyIngress)
  expect(await timed('curl', '-sS', '-m', '3', 'http://web/')).toMatchObject({
    exitCode: 28,
    stderr: expect.stringMatching(/^curl: \(28\) Connection timed out after \d+ milliseconds\n$/),
  })
  expect(await timed('curl', '-sS', '--connect-timeout', '2', 'http://web/')).toMatchObject({
    exitCode: 28,
    seconds: 2,
  })
  expect(await timed('nc', '-zv', '-w', '2', 'web', '80')).toMatchObject({ exitCode: 1, seconds: 2 })
  expect((await cluster.exec('web', ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'localhost'])).stdout).toBe(
    '200',
  )
  await cluster.ready('web')
  policy('allow', { ...denyIngress, ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 'http' }] }] })
  expect((await timed('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://web/')).stdout).toBe('200')
})

test('without a way to the name server no name resolves, in the tools’ own words', async () => {
  await start()
  policy('deny', denyEgress)
  expect(await timed('curl', '-sS', 'http://web/')).toMatchObject({
    exitCode: 6,
    stderr: 'curl: (6) Could not resolve host: web\n',
    seconds: 5,
  })
  expect(await timed('curl', '-sS', '-m', '2', 'http://web/')).toMatchObject({
    exitCode: 28,
    stderr: expect.stringMatching(/^curl: \(28\) Resolving timed out after \d+ milliseconds\n$/),
  })
  expect(await timed('wget', '-qO-', 'http://web/')).toMatchObject({ exitCode: 1, stderr: "wget: bad address 'web'\n" })
  expect(await timed('nslookup', 'web')).toMatchObject({
    exitCode: 1,
    stdout: ';; connection timed out; no servers could be reached\n\n',
  })
  policy('dns', {
    ...denyEgress,
    egress: [
      {
        to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
        ports: [{ port: 53, protocol: 'UDP' }],
      },
    ],
  })
  expect(await timed('nslookup', 'web')).toMatchObject({ exitCode: 0, seconds: 0 })
  expect(await timed('curl', '-sS', '-m', '3', 'http://web/')).toMatchObject({ exitCode: 28, seconds: 3 })
})

test('a sidecar connects for its application, and answers for it when nobody does', async () => {
  await start(transparent)
  policy('deny', denyIngress)
  expect(await timed('curl', '-sS', '-w', ' %{http_code}', 'http://web/')).toMatchObject({
    exitCode: 0,
    stdout:
      'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: connection timeout 503',
    seconds: 30,
  })
  expect(await timed('curl', '-sS', '-m', '3', 'http://web/')).toMatchObject({ exitCode: 28, seconds: 3 })
  // The sidecar takes the connection before it has one of its own.
  expect(await timed('nc', '-zv', '-w', '2', 'web', '80')).toMatchObject({ exitCode: 0, seconds: 0 })
})
