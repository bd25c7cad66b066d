/** Client certificates by way of the API: asked for, approved, signed, used. After kubernetes/kubernetes test/e2e/auth/certificates.go. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../../src/embedded/server.ts'
import { type Api, apiOf } from '../api.ts'

const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const folder = mkdtempSync(join(tmpdir(), 'meshdojo-csr-'))
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
const hasOpenssl = (() => {
  try {
    openssl('version')
    return true
  } catch {
    return false
  }
})()

let cluster: EmbeddedCluster
let api: Api
let served: ServedCluster
beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  served = await serve(cluster)
  api = apiOf(cluster)
})
afterAll(async () => {
  await served.close()
  cluster.stop()
  rmSync(folder, { recursive: true })
})

const csr = (subject: string, ...key: string[]): string => {
  openssl(
    'genpkey',
    '-out',
    'key.pem',
    ...(key.length > 0 ? key : ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']),
  )
  openssl('req', '-new', '-key', 'key.pem', '-subj', subject, '-out', 'csr.pem')
  return readFileSync(join(folder, 'csr.pem')).toString('base64')
}
const ask = (name: string, requestText: string, spec: object = {}) =>
  api('POST', path, {
    metadata: { name },
    spec: { request: requestText, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], ...spec },
  })
const approve = (name: string, caller: Api = api) =>
  caller(
    'PATCH',
    `${path}/${name}/approval`,
    { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test' }] } },
    { 'content-type': 'application/merge-patch+json' },
  )
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe.skipIf(!hasOpenssl)('a client certificate', () => {
  test.each([
    ['EC', []],
    ['RSA', ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']],
    ['Ed25519', ['-algorithm', 'ED25519']],
  ])('of an %s key', async (kind, key) => {
    const name = kind.toLowerCase()
    const made = await ask(name, csr('/O=dev/O=ops/CN=anna', ...key), { expirationSeconds: 3600, username: 'mallory' })
    expect(made.status).toBe(201)
    expect(made.body.spec).toMatchObject({
      username: 'kubernetes-admin',
      groups: expect.arrayContaining(['system:masters']),
    })
    expect(made.body.status).toEqual({})
    await turn()
    expect((await api('GET', `${path}/${name}`)).body.status).toEqual({})
    expect((await approve(name)).status).toBe(200)
    await turn()
    const { status } = (await api('GET', `${path}/${name}`)).body
    const pem = Buffer.from(status.certificate, 'base64').toString()
    const certificate = new X509Certificate(pem)
    expect(certificate.subject).toBe('O=dev\nO=ops\nCN=anna')
    expect(certificate.ca).toBe(false)
    expect(certificate.verify(new X509Certificate(cluster.authority.certificate).publicKey)).toBe(true)
    expect(certificate.validToDate.getTime() - cluster.clock.now()).toBeLessThanOrEqual(3600_000)

    const body = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        `${served.url}/api/v1/nodes`,
        { cert: pem, key: readFileSync(join(folder, 'key.pem')), ca: cluster.authority.certificate },
        async (response) => resolve((await response.toArray()).join('')),
      )
      outgoing.on('error', reject)
      outgoing.end()
    })
    expect(JSON.parse(body).message).toBe(
      'nodes is forbidden: User "anna" cannot list resource "nodes" in API group "" at the cluster scope',
    )
  })

  test('needs approval by somebody who may approve for the signer', async () => {
    await ask('guarded', csr('/CN=anna'))
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    const rules = [
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests', 'certificatesigningrequests/approval'],
        verbs: ['*'],
      },
    ]
    await api('POST', `${rbac}/clusterroles`, { metadata: { name: 'csr' }, rules })
    const subjects = [{ kind: 'User', name: 'bob' }]
    await api('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: 'csr' },
      roleRef: { kind: 'ClusterRole', name: 'csr' },
      subjects,
    })
    const bob: Api = (...call) =>
      apiOf({
        cluster: {
          ...cluster.cluster,
          fetch: (sent) => cluster.handle(sent, { username: 'bob', groups: ['system:authenticated'] }),
        },
      })(...call)
    expect((await approve('guarded', bob)).body.message).toBe(
      'certificatesigningrequests.certificates.k8s.io "guarded" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
    )
    const name = 'system:certificates.k8s.io:kube-apiserver-client-approver'
    await api('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: 'approve' },
      roleRef: { kind: 'ClusterRole', name },
      subjects,
    })
    expect((await approve('guarded', bob)).status).toBe(200)
  })

  test('is not made for the masters, nor for other usages or signers', async () => {
    expect((await ask('root', csr('/O=system:masters/CN=x'))).body.message).toBe(
      'certificatesigningrequests.certificates.k8s.io "root" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    )
    await ask('serving', csr('/CN=x'), { usages: ['server auth'] })
    await approve('serving')
    await turn()
    expect((await api('GET', `${path}/serving`)).body.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Failed', reason: 'SignerValidationFailure' }),
    )
    await ask('other', csr('/CN=x'), { signerName: 'example.com/signer' })
    await approve('other')
    await turn()
    expect((await api('GET', `${path}/other`)).body.status.certificate).toBeUndefined()
  })

  test('a tampered request is refused', async () => {
    const pem = Buffer.from(csr('/CN=anna'), 'base64').toString()
    const [head = '', ...lines] = pem.split('\n')
    const der = Buffer.from(lines.join('').replace(/-.*/, ''), 'base64')
    der[der.indexOf('anna')] = 'h'.charCodeAt(0)
    const forged = `${head}\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
    expect((await ask('forged', Buffer.from(forged).toString('base64'))).body.message).toMatch(
      /x509: signature does not match the public key of the request$/,
    )
  })
})

test.each([
  ['no PEM', 'aGVsbG8=', 'PEM block type must be CERTIFICATE REQUEST'],
  [
    'cut short',
    Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nMIIBYDCC\n-----END CERTIFICATE REQUEST-----').toString('base64'),
    'asn1: syntax error: data truncated',
  ],
])('%s', async (_name, text, says) => {
  const { body } = await ask('bad', text)
  expect(body.message).toBe(
    `CertificateSigningRequest.certificates.k8s.io "bad" is invalid: spec.request: Invalid value: ${JSON.stringify(text)}: ${says}`,
  )
})
