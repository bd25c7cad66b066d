/** CUSTOM policies as curl in a pod meets them: Istio's sample authorizer is a pod, and the receiver's sidecar asks it. */
import { afterEach, expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/api.ts'
import { parseYaml } from '../../../src/kube/yaml.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { manualClock } from '../manual-clock.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
afterEach(() => cluster.stop())

const sidecar = { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.0', restartPolicy: 'Always' }
const meshed = (app: string) => ({
  labels: { app, 'security.istio.io/tlsMode': 'istio' },
  spec: { initContainers: [sidecar] },
})

const object = (kind: string, name: string, spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'security.istio.io/v1',
  kind,
  metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
})

/** The providers of istio.io tasks/security/authorization/authz-custom. */
const meshConfig: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'istio', namespace: 'istio-system' },
  data: {
    mesh: `extensionProviders:
- name: "sample-ext-authz-grpc"
  envoyExtAuthzGrpc:
    service: "ext-authz.shop.svc.cluster.local"
    port: "9000"
- name: "sample-ext-authz-http"
  envoyExtAuthzHttp:
    service: "ext-authz.shop.svc.cluster.local"
    port: "8000"
    includeRequestHeadersInCheck: ["x-ext-authz"]
`,
  },
}

const custom = (provider: string, app = 'web'): KubeObject =>
  object('AuthorizationPolicy', `ext-authz-${app}`, {
    selector: { matchLabels: { app } },
    action: 'CUSTOM',
    provider: { name: provider },
    rules: [{ to: [{ operation: { paths: ['/headers'] } }] }],
  })

const start = async (authorizer: { replicas: 0 | 1; isMeshed?: true }, ...config: KubeObject[]): Promise<void> => {
  const mesh = {
    ...istio,
    reads: istio.reads.filter(({ group }) => group === '' || group === 'discovery.k8s.io'),
    compile: (objects: readonly KubeObject[]) => istio.compile([...objects, meshConfig, ...config], { parseYaml }),
  }
  cluster = smallCluster({ mesh, clock: manualClock(), namespaces: ['istio-system'] })
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] }, meshed('client'))
  cluster.run('web', { image: 'mendhak/http-https-echo:37', ports: [{ containerPort: 8080 }] }, meshed('web'))
  if (authorizer.replicas === 1) {
    const image = { image: 'registry.istio.io/testing/ext-authz:latest' }
    cluster.run('ext-authz', image, authorizer.isMeshed ? meshed('ext-authz') : { labels: { app: 'ext-authz' } })
  }
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }]
  cluster.add(service('web', { clusterIP: '10.96.0.20', selector: { app: 'web' }, ports }))
  const own = [
    { name: 'http', port: 8000, targetPort: 8000 },
    { name: 'grpc', port: 9000, targetPort: 9000 },
  ]
  cluster.add(service('ext-authz', { clusterIP: '10.96.0.21', selector: { app: 'ext-authz' }, ports: own }))
  await cluster.ready('client', 'web', ...(authorizer.replicas === 1 ? ['ext-authz'] : []))
}

const curl = async (...argv: string[]): Promise<string> =>
  (await cluster.exec('client', ['curl', '-s', '-i', ...argv])).stdout

const denied = /\r\n\r\ndenied by ext_authz for not found header `x-ext-authz: allow` in the request$/

test.each(['sample-ext-authz-http', 'sample-ext-authz-grpc'])(
  '%s allows by its header, and only what it is asked about',
  async (provider) => {
    await start({ replicas: 1 }, custom(provider))
    expect(await curl('-H', 'x-ext-authz: deny', 'http://web/headers')).toMatch(/^HTTP\/1\.1 403 Forbidden/)
    expect(await curl('http://web/headers')).toMatch(denied)
    const allowed = await curl('-H', 'x-ext-authz: allow', 'http://web/headers')
    expect(allowed).toMatch(/^HTTP\/1\.1 200 OK/)
    // gRPC answers carry headers for the application; over HTTP the provider would have to name them.
    const isTold = allowed.includes('"x-ext-authz-check-result": "allowed"')
    expect(isTold).toBe(provider === 'sample-ext-authz-grpc')
    expect(await curl('http://web/other')).toMatch(/^HTTP\/1\.1 200 OK/)
  },
)

test('without a ready authorizer what it would be asked about is denied', async () => {
  await start({ replicas: 0 }, custom('sample-ext-authz-http'))
  const answer = await curl('-H', 'x-ext-authz: allow', 'http://web/headers')
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\ncontent-length: 0\r\n/)
  expect(await curl('http://web/other')).toMatch(/^HTTP\/1\.1 200 OK/)
})

test('the question is a call of the receiver’s own, with its certificate: a policy of the authorizer may refuse it', async () => {
  const own = (account: string): KubeObject =>
    object('AuthorizationPolicy', 'who-may-ask', {
      selector: { matchLabels: { app: 'ext-authz' } },
      rules: [{ from: [{ source: { principals: [`cluster.local/ns/shop/sa/${account}`] } }] }],
    })
  const strict = object('PeerAuthentication', 'strict', { mtls: { mode: 'STRICT' } })
  await start({ replicas: 1, isMeshed: true }, custom('sample-ext-authz-http'), strict, own('nobody'))
  expect(await curl('-H', 'x-ext-authz: allow', 'http://web/headers')).toMatch(
    /403 Forbidden[\s\S]*RBAC: access denied$/,
  )
  await cluster.stop()
  await start({ replicas: 1, isMeshed: true }, custom('sample-ext-authz-http'), strict, own('default'))
  expect(await curl('-H', 'x-ext-authz: allow', 'http://web/headers')).toMatch(/^HTTP\/1\.1 200 OK/)
})

test('an authorizer that would have to ask itself is not modelled, and says so', async () => {
  const about = object('AuthorizationPolicy', 'all', {
    action: 'CUSTOM',
    provider: { name: 'sample-ext-authz-http' },
    rules: [{}],
  })
  await start({ replicas: 1, isMeshed: true }, about)
  expect(await cluster.exec('client', ['curl', '-s', 'http://web/headers'])).toMatchObject({ exitCode: 56 })
})
