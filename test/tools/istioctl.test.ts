/** The simulated istioctl against the embedded cluster: what it prints, and how it ends. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { createClient } from '../../src/kube/client.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { istioctl, parseArguments } from '../../src/tools/istioctl/index.ts'
import { apiOf } from '../embedded/api.ts'

let embedded: EmbeddedCluster

const object = (apiVersion: string, kind: string, path: string, more: object = {}) => {
  const [namespace, name] = path.split('/')
  return { apiVersion, kind, metadata: { name, namespace, labels: { app: name } }, ...more }
}
const pod = (path: string) =>
  object('v1', 'Pod', path, {
    spec: { containers: [{ name: 'app', image: 'mendhak/http-https-echo:37', ports: [{ containerPort: 8080 }] }] },
  })

beforeAll(async () => {
  embedded = await createEmbeddedCluster({ mesh: istio })
  const api = apiOf(embedded)
  const create = async (path: string, body: object) => expect((await api('POST', path, body)).status).toBe(201)
  const turns = () => new Promise((resolve) => setImmediate(resolve))
  for (const [name, labels] of [
    ['shop', { 'istio-injection': 'enabled' }],
    ['old', {}],
  ] as const)
    await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
  await turns()
  await create('/api/v1/namespaces/shop/pods', pod('shop/web'))
  await create('/api/v1/namespaces/old/pods', pod('old/plain'))
  await create(
    '/api/v1/namespaces/shop/services',
    object('v1', 'Service', 'shop/web', {
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    }),
  )
  const security = '/apis/security.istio.io/v1/namespaces/shop'
  const policy = (name: string, spec: object) =>
    create(
      `${security}/authorizationpolicies`,
      object('security.istio.io/v1', 'AuthorizationPolicy', `shop/${name}`, { spec }),
    )
  await policy('no-admin', {
    action: 'DENY',
    rules: [{ to: [{ operation: { paths: ['/a'] } }] }, { to: [{ operation: { paths: ['/b'] } }] }],
  })
  await policy('none', {})
  await policy('nobody', { selector: { matchLabels: { app: 'nobody' } }, rules: [{}] })
  await create(
    `${security}/peerauthentications`,
    object('security.istio.io/v1', 'PeerAuthentication', 'shop/default', { spec: { mtls: { mode: 'STRICT' } } }),
  )
  const network = '/apis/networking.istio.io/v1/namespaces/shop'
  await create(
    `${network}/destinationrules`,
    object('networking.istio.io/v1', 'DestinationRule', 'shop/web', { spec: { host: 'web' } }),
  )
  await create(
    `${network}/virtualservices`,
    object('networking.istio.io/v1', 'VirtualService', 'shop/lost', {
      spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web', subset: 'v9' } }] }] },
    }),
  )
  for (;;) {
    const { body } = await api('GET', '/api/v1/namespaces/shop/pods/web')
    if (
      body.status?.conditions?.some(
        (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
      )
    )
      return
    await turns()
  }
})
afterAll(() => embedded.stop())

const run = async (line: string) => {
  let out = ''
  let err = ''
  const code = await istioctl(parseArguments(line.split(' ').filter(Boolean)), {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    client: async () => createClient(embedded.cluster),
  })
  return {
    code,
    out,
    err,
    rows: out
      .trimEnd()
      .split('\n')
      .map((row) => row.trimEnd().split(/\s{2,}/)),
  }
}

/** Columns with one space between them, of which MATCH has spaces inside. */
const cells = (line: string): string[] =>
  /^(\S+) +(\S+) +(.*?) +((?:Cluster: |Route: |Inline Route: )?\S+)$/.exec(line)?.slice(1) ?? []

// istio/istio istioctl/pkg/writer/envoy/configdump/testdata: columns and their order
describe('proxy-config', () => {
  test('secret: the workload’s certificate and the root', async () => {
    const { rows, code } = await run('proxy-config secret web.shop')
    expect(rows.map((row) => row.slice(0, 4))).toEqual([
      ['RESOURCE NAME', 'TYPE', 'STATUS', 'VALID CERT'],
      ['default', 'Cert Chain', 'ACTIVE', 'true'],
      ['ROOTCA', 'CA', 'ACTIVE', 'true'],
    ])
    expect(code).toBe(0)
  })

  test('cluster: Services with the DestinationRule that manages them', async () => {
    const { rows } = await run('pc clusters web -n shop --fqdn web.shop.svc.cluster.local')
    expect(rows).toEqual([
      ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'],
      ['web.shop.svc.cluster.local', '80', '-', 'outbound', 'EDS', 'web.shop'],
    ])
  })

  test('listener: STRICT has no chain for plaintext', async () => {
    const { out } = await run('pc listener web -n shop --port 15006')
    expect(
      out
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => cells(line).slice(2)),
    ).toEqual([
      ['Addr: *:15006', 'Non-HTTP/Non-TCP'],
      ['Trans: tls; App: istio-http/1.0,istio-http/1.1,istio-h2', 'InboundPassthroughCluster'],
      ['Trans: tls', 'InboundPassthroughCluster'],
      ['Trans: tls; Addr: *:8080', 'Cluster: inbound|8080||'],
    ])
  })

  test('route: virtual hosts by port; JSON is what Envoy has', async () => {
    expect((await run('pc route web -n shop --name 80')).rows[1]?.slice(0, 2)).toEqual([
      '80',
      'web.shop.svc.cluster.local:80',
    ])
    expect(JSON.parse((await run('pc route web -n shop -o json')).out)[0]).toHaveProperty('virtual_hosts')
  })
})

test('x authz check counts the rules of each policy in the listeners', async () => {
  const { rows } = await run('x authz check web.shop')
  expect(rows).toEqual([
    ['ACTION', 'AuthorizationPolicy', 'RULES'],
    ['DENY', 'no-admin.shop', '2'],
    ['ALLOW', 'none.shop', '1'],
  ])
})

test('x describe pod says what applies', async () => {
  const { out } = await run('experimental describe pod web -n shop')
  // kname and printIngressInfo: the namespace that the command is about is left out; no gateway is said to be none.
  expect(out).toContain('Service: web\n   Port: http 80/HTTP targets pod port 8080\n')
  expect(out).toMatch(/\nSkipping Gateway information \(no ingress gateway pods\)\n$/)
  expect(out).toContain('RBAC policies: ns[shop]-policy[no-admin]-rule[0], ns[shop]-policy[no-admin]-rule[1]\n')
  expect(out).toContain('Workload mTLS mode: STRICT\nApplied PeerAuthentication:\n   default.shop\n')
})

test('x describe service goes by its first pod with a sidecar', async () => {
  const { out } = await run('x describe svc web.shop')
  expect(out).toMatch(/^Service: web\.shop\n {3}Port: http 80\/HTTP targets pod port 8080\n/)
  expect(out).toContain('RBAC policies: ns[shop]-policy[no-admin]-rule[0], ns[shop]-policy[no-admin]-rule[1]\n')
  expect(await run('x describe service nothing -n shop')).toMatchObject({
    code: 1,
    err: 'Error: services "nothing" not found\n',
  })
  expect((await run('x describe thing web -n shop')).err).toContain('of describe there is here: pod, service')
})

test('proxy-status and version count what has a sidecar', async () => {
  expect((await run('ps')).rows.map(([name]) => name)).toEqual(['NAME', 'web.shop'])
  expect((await run('version')).out).toMatch(
    /^client version: (\S+)\ncontrol plane version: \1\ndata plane version: \1 \(1 proxies\)\n$/,
  )
})

// pkg/config/analysis/msg/messages.yaml; exit code 79: istioctl/pkg/util/exit_codes
describe('analyze', () => {
  test('errors end with 79', async () => {
    const { out, err, code } = await run('analyze -n shop')
    expect(out.trimEnd().split('\n')).toEqual([
      'Error [IST0101] (VirtualService shop/lost) Referenced host+subset in destinationrule not found: "web+v9"',
      'Warning [IST0127] (AuthorizationPolicy shop/nobody) No matching workloads for this resource with the following labels: app=nobody',
      'Warning [IST0133] (AuthorizationPolicy shop/no-admin) Schema validation warning: configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes in a DENY rule; it is recommended to explicitly specify the port',
    ])
    expect(err).toContain('Error: Analyzers found issues when analyzing namespace: shop.')
    expect(code).toBe(79)
  })
  test('infos do not', async () => {
    const { out, code } = await run('analyze -n old')
    expect(out).toMatch(/^Info \[IST0102\] \(Namespace old\) The namespace is not enabled for Istio injection\./)
    expect(code).toBe(0)
  })
  test('nothing is said to be nothing', async () => {
    expect((await run('analyze -n kube-system')).err).toBe(
      '✔ No validation issues found when analyzing namespace: kube-system.\n',
    )
  })
})

test.each([
  ['tag set prod', 2, 'istioctl tag is not modelled'],
  ['x wait', 2, 'istioctl x wait is not modelled'],
  ['pc bootstrap web', 1, 'of proxy-config there are here: cluster, listener, route, secret; not "bootstrap"'],
  ['pc secret nobody -n shop', 1, 'pods "nobody" not found'],
  [
    'pc secret plain.old',
    1,
    'failed to execute command on plain.old sidecar: container istio-proxy is not valid for pod plain',
  ],
  ['pc secret', 1, 'a pod is needed'],
  ['analyze file.yaml', 1, 'analyzing files is not modelled'],
])('istioctl %s', async (line, code, says) => {
  const result = await run(line)
  expect(result.err).toContain(says)
  expect(result.code).toBe(code)
})
