/** Workload certificates: who is in them, how long they live, whose CA signs them, and that a real handshake takes them. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { authorityExtensions, distinguishedName, identifierOf, oids, signCertificate } from '../../../src/pki/x509.ts'
import { apiOf } from '../api.ts'
import { manualClock } from '../manual-clock.ts'

let embedded: EmbeddedCluster
afterEach(() => embedded.stop())
const start = async () => {
  const clock = manualClock()
  embedded = await createEmbeddedCluster({ mesh: istio, clock })
  return { clock, held: embedded.certificates!, api: apiOf(embedded) }
}

const orders = 'spiffe://cluster.local/ns/production/sa/orders'
const frontend = 'spiffe://cluster.local/ns/production/sa/frontend'
const hour = 3600_000

// istio/istio security/pkg/pki/util/generate_cert.go, pilot/pkg/bootstrap/istio_ca.go
describe('a workload certificate', () => {
  test('names the identity and nothing else, for a day, signed by the root', async () => {
    const { clock, held } = await start()
    const { certChain, root, key } = held.workloadCertificate(orders)
    const leaf = new X509Certificate(certChain)
    expect(leaf.subjectAltName).toBe(`URI:${orders}`)
    expect(leaf.subject ?? '').toBe('')
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(leaf.verify(new X509Certificate(root).publicKey)).toBe(true)
    expect(Math.round((Date.parse(leaf.validTo) - clock.now()) / 1000)).toBe(24 * 3600)
    expect(new X509Certificate(root).subject).toBe('O=cluster.local')
  })

  // security/pkg/nodeagent/cache/secretcache.go, rotateTime: half of the lifetime
  test('is renewed when half of its life is over, not before', async () => {
    const { clock, held } = await start()
    const first = held.workloadCertificate(orders)
    clock.advance(12 * hour - 1000)
    expect(held.workloadCertificate(orders)).toBe(first)
    clock.advance(1000)
    const second = held.workloadCertificate(orders)
    expect(second.certChain).not.toBe(first.certChain)
    expect(second.root).toBe(first.root)
  })
})

describe('the root', () => {
  // istio/istio security/pkg/k8s/controller/namespacecontroller; inject.IgnoredNamespaces
  test('is in every namespace, new ones too, but not in the system’s; who deletes it gets it back', async () => {
    const { held, api } = await start()
    await api('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'late' } })
    await Promise.resolve()
    const root = async (namespace: string) =>
      (await api('GET', `/api/v1/namespaces/${namespace}/configmaps/istio-ca-root-cert`)).body.data?.['root-cert.pem']
    expect(await root('late')).toBe(held.root())
    expect(await root('default')).toBe(held.root())
    expect(await root('kube-system')).toBeUndefined()
    await api('DELETE', '/api/v1/namespaces/late/configmaps/istio-ca-root-cert')
    expect(await root('late')).toBe(held.root())
  })

  const intermediate = (kind: 'rsa' | 'ec') => {
    const keys = () =>
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const [root, ca] = [keys(), keys()]
    const name = (text: string) => distinguishedName([[oids.organization, text]])
    const sign = (subject: string, publicKey: typeof root.publicKey) =>
      signCertificate({
        issuer: { name: name('My Root'), key: root.privateKey },
        subject: name(subject),
        publicKey,
        notBefore: Date.now() - hour,
        notAfter: Date.now() + 100_000 * hour,
        extensions: authorityExtensions(identifierOf(publicKey), 0x04, 2),
      })
    const certificate = sign('My Intermediate', ca.publicKey)
    return {
      'ca-cert.pem': certificate,
      'ca-key.pem': ca.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'cert-chain.pem': certificate,
      'root-cert.pem': sign('My Root', root.publicKey),
    }
  }

  test.each(['rsa', 'ec'] as const)('is the learner’s, from the Secret cacerts (%s keys)', async (kind) => {
    const { held, api } = await start()
    const before = held.workloadCertificate(orders)
    const data = intermediate(kind)
    await api('POST', '/api/v1/namespaces/istio-system/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'cacerts', namespace: 'istio-system' },
      stringData: data,
    })
    const after = held.workloadCertificate(orders)
    expect(after.root).toBe(data['root-cert.pem'])
    expect(after.certChain).not.toBe(before.certChain)
    const [leaf, middle] = after.certChain
      .match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g)!
      .map((pem) => new X509Certificate(pem))
    expect(leaf!.issuer).toBe('O=My Intermediate')
    expect(leaf!.verify(middle!.publicKey)).toBe(true)
    expect(middle!.verify(new X509Certificate(after.root).publicKey)).toBe(true)
    await Promise.resolve()
    const published = await api('GET', '/api/v1/namespaces/default/configmaps/istio-ca-root-cert')
    expect(published.body.data['root-cert.pem']).toBe(data['root-cert.pem'])
  })

  test('stays the mesh’s own when cacerts is of no use', async () => {
    const { held, api } = await start()
    const root = held.root()
    await api('POST', '/api/v1/namespaces/istio-system/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'cacerts', namespace: 'istio-system' },
      stringData: { ...intermediate('ec'), 'ca-key.pem': 'no key' },
    })
    expect(held.root()).toBe(root)
  })
})

test('two workloads shake hands over TLS 1.3, and each knows the other’s identity', async () => {
  embedded = await createEmbeddedCluster({ mesh: istio })
  const [server, client] = [orders, frontend].map((identity) => embedded.certificates!.workloadCertificate(identity))
  const options = { minVersion: 'TLSv1.3', requestCert: true, checkServerIdentity: () => undefined } as const
  const listener = createServer({ ...options, key: server!.key, cert: server!.certChain, ca: server!.root })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>
  const { port } = listener.address() as { port: number }
  const socket = connect({
    ...options,
    port,
    host: '127.0.0.1',
    key: client!.key,
    cert: client!.certChain,
    ca: client!.root,
  })
  await once(socket, 'secureConnect')
  const [peer] = await accepted
  expect([socket.authorized, peer.authorized, socket.getProtocol()]).toEqual([true, true, 'TLSv1.3'])
  expect(socket.getPeerCertificate().subjectaltname).toBe(`URI:${orders}`)
  expect(peer.getPeerCertificate().subjectaltname).toBe(`URI:${frontend}`)
  socket.destroy()
  listener.close()
})
