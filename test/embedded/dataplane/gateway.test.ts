/** An ingress gateway with a real certificate, as curl in a pod outside the mesh meets it. */
import { afterEach, expect, test } from 'vitest'
import { createAuthority } from '../../../src/embedded/pki/certificates.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
afterEach(() => cluster.stop())

const networking = (kind: string, name: string, spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
})

const config = [
  networking('Gateway', 'public', {
    selector: { istio: 'edge' },
    servers: [
      { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['shop.example'], tls: { httpsRedirect: true } },
      {
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        hosts: ['shop.example'],
        tls: { mode: 'SIMPLE', credentialName: 'shop' },
      },
      {
        port: { number: 443, name: 'missing', protocol: 'HTTPS' },
        hosts: ['missing.example'],
        tls: { mode: 'SIMPLE', credentialName: 'nowhere' },
      },
      {
        port: { number: 443, name: 'mutual', protocol: 'HTTPS' },
        hosts: ['mutual.example'],
        tls: { mode: 'MUTUAL', credentialName: 'shop' },
      },
    ],
  }),
  networking('VirtualService', 'shop', {
    hosts: ['shop.example'],
    gateways: ['public'],
    http: [{ match: [{ uri: { prefix: '/orders' } }], route: [{ destination: { host: 'web' } }] }],
  }),
]

const authority = createAuthority(Date.now())
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const start = async (): Promise<void> => {
  const mesh = {
    ...istio,
    reads: istio.reads.filter(({ group }) => group === '' || group === 'discovery.k8s.io'),
    compile: (objects: readonly KubeObject[]) => istio.compile([...objects, ...config]),
  }
  cluster = smallCluster({ mesh })
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] })
  cluster.run(
    'edge',
    { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.0', args: ['proxy', 'router'] },
    { labels: { istio: 'edge', app: 'edge' } },
  )
  cluster.run('web', { image: 'mendhak/http-https-echo:37', ports: [{ name: 'web', containerPort: 8080 }] })
  const port = (name: string, number: number, targetPort: number) => ({ name, port: number, targetPort })
  cluster.add(service('web', { clusterIP: '10.96.0.20', selector: { app: 'web' }, ports: [port('http', 80, 8080)] }))
  cluster.add(
    service('edge', {
      clusterIP: '10.96.0.30',
      selector: { app: 'edge' },
      ports: [port('http2', 80, 8080), port('https', 443, 8443)],
    }),
  )
  const { certificate, key } = authority.issueServer(['shop.example', 'mutual.example'])
  cluster.add({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'shop', namespace: 'shop' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  })
  await cluster.ready('client', 'edge', 'web')
}

const curl = (...argv: string[]) => cluster.exec('client', ['curl', '-s', ...argv])
const at = (host: string): string[] => ['--resolve', `${host}:443:10.96.0.30`, '--resolve', `${host}:80:10.96.0.30`]

test('TLS ends at the gateway, and the certificate of the Secret is what clients see', async () => {
  await start()
  const insecure = await curl('-k', ...at('shop.example'), 'https://shop.example/orders/1')
  expect(JSON.parse(insecure.stdout)).toMatchObject({
    path: '/orders/1',
    hostname: 'shop.example',
    headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': cluster.pod('client')?.status?.podIP },
  })
  expect(await curl(...at('shop.example'), 'https://shop.example/orders')).toMatchObject({ exitCode: 60 })
  const elsewhere = await curl('-k', '-w', '%{http_code}', ...at('shop.example'), 'https://shop.example/else')
  expect(elsewhere.stdout).toBe('404')
  const ca = ['sh', '-c', `printf '%s' '${authority.certificate}' > /tmp/ca.pem`]
  expect(await cluster.exec('client', ca)).toMatchObject({ exitCode: 0 })
  const trusting = await curl('--cacert', '/tmp/ca.pem', ...at('shop.example'), 'https://shop.example/orders')
  expect(trusting).toMatchObject({ exitCode: 0 })
})

test('a missing Secret, a name of nobody, a certificate that is demanded, and the redirect', async () => {
  await start()
  expect(await curl('-k', ...at('missing.example'), 'https://missing.example/')).toMatchObject({ exitCode: 35 })
  expect(await curl('-k', ...at('other.example'), 'https://other.example/')).toMatchObject({ exitCode: 35 })
  const mutual = await curl('-kS', ...at('mutual.example'), 'https://mutual.example/orders')
  expect(mutual.exitCode).not.toBe(0)
  expect(mutual.stderr).toContain('certificate required')
  const moved = await curl('-i', ...at('shop.example'), 'http://shop.example/orders?a=1')
  expect(moved.stdout).toMatch(/^HTTP\/1\.1 301 Moved Permanently\r\n/)
  expect(moved.stdout).toContain('location: https://shop.example/orders?a=1\r\n')
})

test('port-forward reaches the gateway as its clients do', async () => {
  await start()
  const { readable, writable } = await cluster.kubelet.connect({ namespace: 'shop', pod: 'edge' }, 8080)
  const writer = writable.getWriter()
  await writer.write(Buffer.from('GET /orders HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n'))
  const { value } = await readable.getReader().read()
  expect(Buffer.from(value ?? []).toString()).toMatch(
    /^HTTP\/1\.1 301 [\s\S]*location: https:\/\/shop\.example\/orders\r\n/,
  )
})
