/** A pod asks the API server with its ServiceAccount's token, as `kubernetes.default.svc`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import type { KubeObject } from '../../../src/kube/api.ts'
import { settled } from '../small-cluster.ts'

let embedded: EmbeddedCluster
const folder = '/var/run/secrets/kubernetes.io/serviceaccount'

const pod = (name: string, spec: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app: name } },
  spec: {
    nodeName: 'node-1',
    containers: [{ name: 'main', image: 'curlimages/curl', command: ['sleep', 'infinity'] }],
    ...spec,
  },
})

const run = async (name: string, script: string) => {
  const out: Uint8Array[] = []
  const take = (chunk: Uint8Array): void => void out.push(chunk)
  const { exitCode } = await embedded.kubelet.exec({ namespace: 'default', pod: name }, ['sh', '-c', script], {
    stdout: take,
    stderr: take,
  })
  return { exitCode, output: Buffer.concat(out).toString() }
}

const ask = (path: string, more = ''): string =>
  `curl -sS --cacert ${folder}/ca.crt ${more} -w ' %{http_code}' https://kubernetes.default.svc${path}`
const token = `-H "Authorization: Bearer $(cat ${folder}/token)"`

beforeAll(async () => {
  embedded = await createEmbeddedCluster()
  await settled(embedded)
  const { registry } = embedded
  registry.create(pod('client'))
  registry.create(pod('bare', { automountServiceAccountToken: false }))
  registry.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reader', namespace: 'default' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  })
  registry.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'reader', namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  })
})
afterAll(() => embedded.stop())

test('the token, the CA and the namespace are mounted', async () => {
  const { output } = await run(
    'client',
    `ls ${folder}; cat ${folder}/namespace; echo; head -1 ${folder}/ca.crt; cut -d. -f2 ${folder}/token`,
  )
  const [ca, namespace, file, inside, header, claims = ''] = output.split('\n')
  expect([ca, namespace, file, inside, header]).toEqual([
    'ca.crt',
    'namespace',
    'token',
    'default',
    '-----BEGIN CERTIFICATE-----',
  ])
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    sub: 'system:serviceaccount:default:default',
    'kubernetes.io': { namespace: 'default', pod: { name: 'client' } },
  })
  // Read again it is the same one.
  const twice = await run('client', `cat ${folder}/token; echo; cat ${folder}/token`)
  expect(new Set(twice.output.split('\n')).size).toBe(1)
  expect((await run('bare', `ls ${folder}`)).exitCode).not.toBe(0)
})

test('the token may do what its account may', async () => {
  const found = await run('client', ask('/api/v1/namespaces/default/pods/client', token))
  expect(found.output).toMatch(/"name": "client".* 200$/s)
  const refused = await run('client', ask('/api/v1/namespaces/default/secrets', token))
  expect(refused.output).toContain(
    'secrets is forbidden: User \\"system:serviceaccount:default:default\\" cannot list resource \\"secrets\\" in API group \\"\\" in the namespace \\"default\\"',
  )
  expect(refused.output).toMatch(/ 403$/)
})

test('without a token one is nobody, with a wrong one nothing', async () => {
  expect((await run('client', ask('/api/v1/namespaces/default/pods'))).output).toContain(
    'User \\"system:anonymous\\" cannot list',
  )
  expect((await run('client', ask('/version'))).output).toMatch(/"gitVersion": "v1\.\d+\.\d+".* 200$/s)
  expect((await run('client', ask('/version', '-H "Authorization: Bearer x"'))).output).toMatch(
    /"Unauthorized".* 401$/s,
  )
})

test('certificates are checked against the mounted CA', async () => {
  const plain = 'https://kubernetes.default.svc/healthz'
  expect(await run('client', `curl -sS ${plain}`)).toMatchObject({
    exitCode: 60,
    output: expect.stringContaining('SSL certificate problem: unable to get local issuer certificate'),
  })
  expect(await run('client', `curl -sSk ${plain}`)).toEqual({ exitCode: 0, output: 'ok' })
  expect(await run('client', `curl -sS --cacert ${folder}/ca.crt https://172.18.0.2:6443/healthz`)).toMatchObject({
    exitCode: 60,
    output: expect.stringContaining("no alternative certificate subject name matches target ip address '172.18.0.2'"),
  })
  expect(
    await run(
      'client',
      `curl -sS --cacert ${folder}/ca.crt https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/healthz`,
    ),
  ).toEqual({ exitCode: 0, output: 'ok' })
})

test('what goes on for ever is refused, not begun', async () => {
  expect(
    (await run('client', ask("'/api/v1/namespaces/default/pods?watch=true'".replaceAll("'", ''), token))).output,
  ).toMatch(/watching from inside a pod is not modelled.* 501$/s)
})

test('a NetworkPolicy keeps a pod from the API server', async () => {
  embedded.registry.create({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'dns-only', namespace: 'default' },
    spec: {
      podSelector: { matchLabels: { app: 'bare' } },
      policyTypes: ['Egress'],
      egress: [{ ports: [{ protocol: 'UDP', port: 53 }] }],
    },
  })
  expect((await run('bare', 'curl -sSk -m 0.1 https://kubernetes.default.svc/healthz')).exitCode).toBe(28)
  expect((await run('client', 'curl -sSk https://kubernetes.default.svc/healthz')).exitCode).toBe(0)
})
