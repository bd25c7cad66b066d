/** Tokens as curl in a pod meets them: the issuer is a pod, and istiod fetches its keys from there. */
import { afterEach, expect, test } from 'vitest'
import { labToken } from '../../../src/embedded/pki/lab-issuer.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { type ManualClock, manualClock } from '../manual-clock.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
let clock: ManualClock
afterEach(() => cluster.stop())

const sidecar = { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.0', restartPolicy: 'Always' }
const meshed = (app: string) => ({
  labels: { app, 'security.istio.io/tlsMode': 'istio' },
  spec: { initContainers: [sidecar] },
})

const security = (kind: string, spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'security.istio.io/v1',
  kind,
  metadata: { name: kind.toLowerCase(), namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
})

const jwksUri = 'http://token-issuer.shop/.well-known/jwks.json'
const jwt = security('RequestAuthentication', {
  selector: { matchLabels: { app: 'web' } },
  jwtRules: [{ issuer: 'lab', jwksUri, outputClaimToHeaders: [{ header: 'x-team', claim: 'team' }] }],
})
const aliceOnly = security('AuthorizationPolicy', {
  selector: { matchLabels: { app: 'web' } },
  rules: [{ from: [{ source: { requestPrincipals: ['lab/alice'] } }] }],
})

const start = async (...config: KubeObject[]): Promise<void> => {
  clock = manualClock()
  const mesh = {
    ...istio,
    reads: istio.reads.filter(({ group }) => group === '' || group === 'discovery.k8s.io'),
    compile: (objects: readonly KubeObject[]) => istio.compile([...objects, ...config]),
  }
  cluster = smallCluster({ mesh, clock, namespaces: ['istio-system'] })
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] }, meshed('client'))
  cluster.run('web', { image: 'mendhak/http-https-echo:37', ports: [{ containerPort: 8080 }] }, meshed('web'))
  const issuer = { image: 'meshdojo/token-issuer:1', env: [{ name: 'ISSUER', value: 'lab' }] }
  cluster.run('token-issuer', issuer, meshed('token-issuer'))
  cluster.run('istiod', { image: 'istio/pilot:1.30.0' }, { namespace: 'istio-system', labels: { app: 'istiod' } })
  for (const [at, name] of ['web', 'token-issuer'].entries())
    cluster.add(
      service(name, {
        clusterIP: `10.96.0.${20 + at}`,
        selector: { app: name },
        ports: [{ name: 'http', port: 80, targetPort: 8080 }],
      }),
    )
  await cluster.ready('client', 'web', 'token-issuer')
  const isReady = (pod?: { status?: { conditions?: { type: string; status: string }[] } }) =>
    pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  await cluster.until('istiod', isReady, 'istio-system')
}

const curl = async (...argv: string[]): Promise<string> =>
  (await cluster.exec('client', ['curl', '-s', ...argv])).stdout
const withToken = async (token: string): Promise<string> =>
  curl('-i', '-H', `Authorization: Bearer ${token.trim()}`, 'http://web/path')

test('a token of the issuer in the cluster opens, none and another subject do not', async () => {
  await start(jwt, aliceOnly)
  const answer = await withToken(await curl('http://token-issuer/token?sub=alice&claim=team=blue'))
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  // The application sees the claim and not the token.
  expect(answer).toContain('"x-team": "blue"')
  expect(answer).not.toContain('Bearer')
  expect(await curl('http://web/')).toBe('RBAC: access denied')
  const other = await withToken(await curl('http://token-issuer/token?sub=bob'))
  expect(other).toMatch(/^HTTP\/1\.1 403 Forbidden[\s\S]*RBAC: access denied$/)
})

test('time makes a token bad, in Envoy’s words', async () => {
  await start(jwt)
  const token = await curl('http://token-issuer/token?sub=alice&for=5m')
  expect(await withToken(token)).toMatch(/^HTTP\/1\.1 200/)
  clock.advance(361_000)
  const answer = await withToken(token)
  expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized/)
  expect(answer).toContain('www-authenticate: Bearer realm="http://web/path", error="invalid_token"\r\n')
  expect(answer).toMatch(/\r\n\r\nJwt is expired$/)
})

test('an issuer that takes mTLS only gives istiod no keys, and every token is refused', async () => {
  await start(jwt, security('PeerAuthentication', { mtls: { mode: 'STRICT' } }))
  const token = await labToken({ iss: 'lab', sub: 'alice' }, clock.now())
  expect(await withToken(token)).toMatch(/^HTTP\/1\.1 401 Unauthorized[\s\S]*Jwt verification fails$/)
})

test.each([
  ['http://token-issuer/token', 'sub is missing: /token?sub=alice\n'],
  ['http://token-issuer/token?sub=a&for=soon', 'for=soon is no duration: 90s, 15m, 2h, -5m\n'],
  ['http://token-issuer/token?sub=a&claim=x', 'claim=x is no pair: claim=level=7\n'],
  ['http://token-issuer/nothing', '404 page not found\n'],
])('%s says what is wrong', async (url, says) => {
  await start()
  expect(await curl(url)).toBe(says)
})
