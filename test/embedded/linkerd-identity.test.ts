/** Linkerd's issuer as it lies in the cluster, what becomes of proxies' certificates when it is rotated, and what is told. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { saveSnapshot, snapshotClock } from '../../src/embedded/snapshot.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import { createClient } from '../../src/kube/client.ts'
import type { Pod } from '../../src/kube/kinds.ts'
import { linkerd } from '../../src/meshes/linkerd/index.ts'
import { isReady } from '../../src/meshes/world.ts'
import { selfSignedAnchor } from '../../src/pki/anchored-authority.ts'
import {
  authorityExtensions,
  distinguishedName,
  identifierOf,
  keyPem,
  newKeys,
  oids,
  signCertificate,
  subjectOf,
} from '../../src/pki/x509.ts'
import { parseArguments } from '../../src/tools/istioctl/index.ts'
import { linkerdTool } from '../../src/tools/linkerd/index.ts'

const secrets = { group: '', resource: 'secrets' }
const day = 86_400_000
let embedded: EmbeddedCluster

beforeEach(async () => {
  embedded = await createEmbeddedCluster({ mesh: linkerd })
})
afterEach(() => embedded.stop())

const data = (): Record<string, string> =>
  embedded.registry.get(secrets, 'linkerd-identity-issuer', 'linkerd')!.data as Record<string, string>
const decoded = (name: string): string => Buffer.from(data()[name]!, 'base64').toString()

const put = (certificate: string, key: string): void =>
  void embedded.registry.mutate(secrets, 'linkerd-identity-issuer', 'linkerd', (draft) => {
    const encode = (text: string): string => Buffer.from(text).toString('base64')
    draft.data = { 'crt.pem': encode(certificate), 'key.pem': encode(key) }
  })

/** An issuer below the installation's own, good for so many days from now. */
const issuerFor = (days: number): { certificate: string; key: string } => {
  const anchor = new X509Certificate(decoded('crt.pem'))
  const { publicKey, privateKey } = newKeys()
  const certificate = signCertificate({
    issuer: { name: subjectOf(anchor.raw), key: createPrivateKey(decoded('key.pem')) },
    subject: distinguishedName([[oids.commonName, 'identity.linkerd.cluster.local']]),
    publicKey,
    notBefore: embedded.clock.now() - 2 * day,
    notAfter: embedded.clock.now() + days * day,
    extensions: authorityExtensions(identifierOf(publicKey), 0x06, 1),
  })
  return { certificate, key: keyPem(privateKey) }
}

/** Resolves with the first object, now or later, for which that holds. */
const until = (group: string, resource: string, holds: (object: KubeObject) => boolean): Promise<KubeObject> =>
  new Promise((resolve) => {
    const stop = embedded.registry.watch(
      { group, resource },
      ({ object }) => {
        if (!holds(object)) return
        resolve(object)
        queueMicrotask(() => stop())
      },
      { replay: true },
    )
  })

/** What is told of the issuer, first. */
const told = async (): Promise<string> =>
  String((await until('', 'events', ({ reason }) => String(reason).startsWith('Issuer'))).reason)

/** Whether that issuer signed what a proxy holds that started then. */
const isBy = (certificate: string, uid: string, since = embedded.clock.now()): boolean => {
  const held = embedded.certificates!.workloadCertificate('a.b.serviceaccount.identity.linkerd.cluster.local', {
    uid,
    since,
  })
  const leaf = new X509Certificate(held.certChain)
  return leaf.verify(new X509Certificate(certificate).publicKey)
}

/** What `linkerd …` prints, with the port-forward of the cluster's own kubelet. */
const tool = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
  const said = { out: '', err: '' }
  const forward = async (target: { namespace: string; pod: string }, port: number): Promise<Duplex> =>
    Duplex.fromWeb((await embedded.kubelet.connect(target, port)) as Parameters<typeof Duplex.fromWeb>[0])
  const code = await linkerdTool(parseArguments(argv), {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    client: async () => createClient({ ...embedded.cluster, forward } as typeof embedded.cluster),
  })
  return { code, ...said }
}

describe('the issuer', () => {
  test('is anchor and issuer in one, for a year, and signs for a day', () => {
    const issuer = new X509Certificate(decoded('crt.pem'))
    expect(issuer.subject).toBe('CN=identity.linkerd.cluster.local')
    expect(issuer.ca).toBe(true)
    const bundle = embedded.registry.get(
      { group: '', resource: 'configmaps' },
      'linkerd-identity-trust-roots',
      'linkerd',
    )
    expect(bundle?.data).toEqual({ 'ca-bundle.crt': decoded('crt.pem') })
    const { certChain } = embedded.certificates!.workloadCertificate(
      'a.b.serviceaccount.identity.linkerd.cluster.local',
    )
    const leaf = new X509Certificate(certChain)
    expect(leaf.subjectAltName).toBe('DNS:a.b.serviceaccount.identity.linkerd.cluster.local')
    expect(leaf.verify(issuer.publicKey)).toBe(true)
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(day + 40_000)
  })

  test('rotated: proxies keep what they have, those that start afterwards get the new one', async () => {
    const old = decoded('crt.pem')
    expect(isBy(old, 'first')).toBe(true)
    const next = issuerFor(90)
    const before = embedded.clock.now() - 1
    put(next.certificate, next.key)
    expect(await told()).toBe('IssuerUpdated')
    expect(isBy(old, 'first')).toBe(true)
    expect(isBy(old, 'started before, asked for now', before)).toBe(true)
    expect(isBy(next.certificate, 'second')).toBe(true)
  })

  test('of whom the anchors know nothing: skipped, and told', async () => {
    const old = decoded('crt.pem')
    const stranger = selfSignedAnchor('identity.linkerd.cluster.local', embedded.clock.now())
    put(stranger.certificate, stranger.key)
    expect(await told()).toBe('IssuerUpdateSkipped')
    expect(isBy(old, 'new')).toBe(true)
    const { code, out } = await tool('check')
    expect(code).toBe(1)
    expect(out).toContain(
      '× issuer cert is issued by the trust anchor\n    x509: certificate signed by unknown authority',
    )
  })

  test('that has expired is seen by check, which ends there', async () => {
    const expired = issuerFor(-1)
    put(expired.certificate, expired.key)
    expect(await told()).toBe('IssuerUpdateSkipped')
    const { code, out } = await tool('check', '--proxy')
    expect(code).toBe(1)
    expect(out).toMatch(
      /× issuer cert is within its validity period\n {4}issuer certificate is not valid anymore\. Expired on \S+Z\n {4}see https:\/\/linkerd\.io\/2\/checks\/#l5d-identity-issuer-cert-is-time-valid for hints\n\nStatus check results are ×\n$/,
    )
  })

  test('for a month more only is a warning', async () => {
    const short = issuerFor(30)
    put(short.certificate, short.key)
    // The real command waits for the control plane as well.
    await until('', 'pods', () => {
      const pods = embedded.registry.list({ group: '', resource: 'pods' }) as Pod[]
      return pods.length === 3 && pods.every(isReady)
    })
    const { code, out } = await tool('check')
    expect(code).toBe(0)
    for (const says of ['cluster networks contains all pods', 'policy-validator webhook has valid cert'])
      expect(out).toContain(`√ ${says}\n`)
    expect(out).toMatch(/‼ issuer cert is valid for at least 60 days\n {4}issuer certificate will expire on /)
  })

  test('with a key that is not its own', async () => {
    put(decoded('crt.pem'), issuerFor(90).key)
    const { out } = await tool('check')
    expect(out).toContain('× certificate config is valid\n    tls: Public and private key do not match\n')
  })
})

test('linkerd identity prints what the proxy shows, and says who has none', async () => {
  embedded.registry.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', annotations: { 'linkerd.io/inject': 'enabled' } },
  })
  await until('', 'serviceaccounts', ({ metadata }) => metadata.namespace === 'shop')
  for (const [name, inject] of [
    ['in', 'enabled'],
    ['out', 'disabled'],
  ])
    embedded.registry.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: name!, namespace: 'shop', annotations: { 'linkerd.io/inject': inject! } },
      spec: { containers: [{ name: 'app', image: 'curlimages/curl:8.15.0', command: ['sleep', 'infinity'] }] },
    })
  for (const name of ['in', 'out'])
    await until('', 'pods', (pod) => pod.metadata.name === name && (pod as Pod).status?.phase === 'Running')
  const { code, out } = await tool('identity', '-n', 'shop', 'in')
  expect(code).toBe(0)
  const lines = out.split('\n')
  expect(lines.slice(0, 5)).toEqual(['', 'POD in (1 of 1)', '', 'Certificate:', '    Data:'])
  expect(lines).toEqual(
    expect.arrayContaining([
      '    Signature Algorithm: ECDSA-SHA256',
      '        Issuer: CN=identity.linkerd.cluster.local',
      '        Subject: CN=default.shop.serviceaccount.identity.linkerd.cluster.local',
      '                DNS:default.shop.serviceaccount.identity.linkerd.cluster.local',
    ]),
  )
  const without = await tool('identity', '-n', 'shop', 'out')
  expect(without.out).toContain('failed to find linkerd-admin port in linkerd-proxy container for given pod spec')
  expect(await tool('identity', '-n', 'shop', 'nobody')).toMatchObject({
    code: 1,
    err: 'Error: pods "nobody" not found\n',
  })
  expect(await tool('identity')).toMatchObject({ code: 1 })
})

/** What `linkerd check` goes by (linkerd2 pkg/healthcheck/healthcheck.go, checkCertificatesConfig and CheckCertAndAnchors). */
describe('an installation', () => {
  const values = (cluster: EmbeddedCluster): string => {
    const found = cluster.registry.get({ group: '', resource: 'configmaps' }, 'linkerd-config', 'linkerd')
    return (found!.data as Record<string, string>).values!
  }
  const anchors = (cluster: EmbeddedCluster): string => {
    const found = cluster.registry.get({ group: '', resource: 'configmaps' }, 'linkerd-identity-trust-roots', 'linkerd')
    return (found!.data as Record<string, string>)['ca-bundle.crt']!
  }
  const recorded = (cluster: EmbeddedCluster): string =>
    /^identityTrustAnchorsPEM: \|\n((?: {2}.*\n)+)identityTrustDomain/m
      .exec(values(cluster))![1]!
      .replace(/^ {2}/gm, '')

  test('remembers its anchors in linkerd-config, one that goes on from a snapshot its own', async () => {
    expect(recorded(embedded).trim()).toBe(anchors(embedded))
    const old = await createEmbeddedCluster({ mesh: linkerd, clock: snapshotClock })
    const text = saveSnapshot(old.registry.store, linkerd)
    old.stop()
    const again = await createEmbeddedCluster({ mesh: linkerd, snapshot: text })
    expect(recorded(again).trim()).toBe(anchors(again))
    expect(new X509Certificate(anchors(again)).validToDate.getTime()).toBeGreaterThan(Date.now())
    again.stop()
  })

  test.each([
    ['proxy-injector', 'mutatingwebhookconfigurations'],
    ['sp-validator', 'validatingwebhookconfigurations'],
    ['policy-validator', 'validatingwebhookconfigurations'],
  ])('has a certificate for the %s, which its configuration vouches for', (name, resource) => {
    const secret = embedded.registry.get(secrets, `linkerd-${name}-k8s-tls`, 'linkerd')!.data as Record<string, string>
    const certificate = new X509Certificate(Buffer.from(secret['tls.crt']!, 'base64'))
    expect(certificate.checkHost(`linkerd-${name}.linkerd.svc`)).toBeDefined()
    expect(certificate.checkPrivateKey(createPrivateKey(Buffer.from(secret['tls.key']!, 'base64').toString()))).toBe(
      true,
    )
    const kind = { group: 'admissionregistration.k8s.io', resource }
    const { webhooks } = embedded.registry.get(kind, `linkerd-${name}-webhook-config`)!
    for (const { clientConfig } of webhooks as { clientConfig: { caBundle?: string } }[])
      expect(clientConfig.caBundle).toBe(secret['tls.crt'])
  })
})
