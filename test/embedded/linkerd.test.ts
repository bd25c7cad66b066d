/** A whole cluster with Linkerd: what a learner's own commands meet. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import { createClient } from '../../src/kube/client.ts'
import type { Pod } from '../../src/kube/kinds.ts'
import { linkerd } from '../../src/meshes/linkerd/index.ts'
import { parseArguments } from '../../src/tools/istioctl/index.ts'
import { linkerdTool } from '../../src/tools/linkerd/index.ts'

let embedded: EmbeddedCluster
const pods = { group: '', resource: 'pods' }

const server = (spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'policy.linkerd.io/v1beta3',
  kind: 'Server',
  metadata: { name: 'api', namespace: 'shop' },
  spec: { podSelector: { matchLabels: { app: 'api' } }, port: 8080, ...spec },
})

/** Resolves with the first object in `shop`, now or later, for which that holds. */
const until = (group: string, resource: string, holds: (object: KubeObject) => boolean): Promise<void> =>
  new Promise((resolve) => {
    const stop = embedded.registry.watch(
      { group, resource },
      ({ object }) => {
        if (object.metadata.namespace !== 'shop' || !holds(object)) return
        resolve()
        queueMicrotask(() => stop())
      },
      { replay: true },
    )
  })

const ready = (name: string): Promise<void> =>
  until('', 'pods', (object) => {
    const { conditions = [] } = (object as Pod).status ?? {}
    return object.metadata.name === name && conditions.some((each) => each.type === 'Ready' && each.status === 'True')
  })

const run = (name: string, annotations: Record<string, string> = {}): Promise<void> => {
  embedded.registry.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: name }, annotations },
    spec: {
      containers: [
        { name: 'app', image: 'registry.k8s.io/e2e-test-images/agnhost:2.53', args: ['netexec', '--http-port=8080'] },
      ],
    },
  })
  return ready(name)
}

beforeAll(async () => {
  embedded = await createEmbeddedCluster({ mesh: linkerd })
  const annotations = { 'linkerd.io/inject': 'enabled' }
  embedded.registry.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', annotations } })
  await until('', 'serviceaccounts', () => true)
  embedded.registry.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api', namespace: 'shop' },
    spec: { selector: { app: 'api' }, ports: [{ port: 80, targetPort: 8080 }] },
  })
  await Promise.all([run('api'), run('client'), run('plain', { 'linkerd.io/inject': 'disabled' })])
  await until('discovery.k8s.io', 'endpointslices', ({ endpoints }) =>
    ((endpoints ?? []) as { conditions?: { ready?: boolean } }[]).some(({ conditions }) => conditions?.ready),
  )
})
afterAll(() => embedded.stop())

const curl = async (pod: string, ...argv: string[]): Promise<string> => {
  let out = ''
  const target = { namespace: 'shop', pod, container: 'app' }
  await embedded.cluster.exec(target, ['curl', '-s', ...argv], {
    stdout: (chunk) => {
      out += new TextDecoder().decode(chunk)
    },
    stderr: () => {},
  })
  return out
}

const metrics = (): Promise<string> =>
  curl('plain', `http://${(embedded.registry.get(pods, 'api', 'shop') as Pod).status?.podIP}:4191/metrics`)

describe('a cluster with Linkerd', () => {
  test('mTLS is there, and the application hears who calls', async () => {
    const asked = 'http://api/header?key=L5d-Client-Id'
    expect(await curl('client', asked)).toBe('default.shop.serviceaccount.identity.linkerd.cluster.local')
    expect(await curl('plain', asked)).toBe('')
  })

  test('a Server denies with an empty 403 that only the log and the counters explain', async () => {
    embedded.registry.create(server({}))
    const answer = await curl('client', '-i', 'http://api/')
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\ncontent-length: 0\r\ndate: [^\r]+\r\n\r\n$/)
    expect(await metrics()).toMatch(/inbound_http_authz_deny_total\{.*srv_name="api".*tls="true".*\} 1/)
    const client = createClient(embedded.cluster)
    const log = await client.logs({ namespace: 'shop', pod: 'api', container: 'linkerd-proxy' }, {})
    const time = String.raw`\[ *\d+\.\d{6}s\]  INFO ThreadId\(01\) inbound:server\{port=8080\}`
    const who = `Some(Established { client_id: Some(ClientId(Dns(Name("default.shop.serviceaccount.identity.linkerd.cluster.local")))), negotiated_protocol: None })`
    expect(log).toMatch(new RegExp(`^${time}: linkerd_app_inbound::policy::http: Request denied `, 'm'))
    expect(log).toContain(
      `server.group=policy.linkerd.io server.kind=server server.name=api route.group= route.kind=default route.name=default client.tls=${who} client.ip=`,
    )
    expect(log).toMatch(
      new RegExp(
        `^${time}:rescue\\{client\\.addr=[\\d.]+:\\d+\\}: linkerd_app_core::errors::respond: HTTP/1\\.1 request failed error=client [\\d.:]+: server: [\\d.]+:8080: unauthorized request on route error\\.sources=\\[unauthorized request on route\\] path="/"$`,
        'm',
      ),
    )
    embedded.registry.delete({ group: 'policy.linkerd.io', resource: 'servers' }, 'api', 'shop')
  })

  test('a rate limit answers 429 without a body', async () => {
    embedded.registry.create(server({ accessPolicy: 'all-unauthenticated' }))
    embedded.registry.create({
      apiVersion: 'policy.linkerd.io/v1alpha1',
      kind: 'HTTPLocalRateLimitPolicy',
      metadata: { name: 'api', namespace: 'shop' },
      spec: {
        targetRef: { group: 'policy.linkerd.io', kind: 'Server', name: 'api' },
        identity: { requestsPerSecond: 2 },
      },
    })
    const ask = (pod: string): Promise<string> => curl(pod, '-o', '/dev/null', '-w', '%{http_code}', 'http://api/')
    const codes = await Promise.all(Array.from({ length: 12 }, () => ask('client')))
    expect(codes.filter((code) => code === '200').length).toBeGreaterThanOrEqual(2)
    expect(codes).toContain('429')
    expect(await ask('plain')).toBe('200')
    expect(await metrics()).toContain('inbound_http_local_ratelimit_total')
  })

  test('the tool shows edges as linkerd viz does, and no caller without a proxy', async () => {
    await curl('client', 'http://api/')
    await curl('plain', 'http://api/')
    let out = ''
    const io = {
      out: (text: string) => {
        out += text
      },
      err: () => {},
      client: async () => createClient(embedded.cluster),
    }
    const code = await linkerdTool(parseArguments(['viz', 'edges', 'po', '-n', 'shop']), io)
    expect([code, out]).toEqual([
      0,
      ['SRC      DST   SRC_NS   DST_NS   SECURED   ', 'client   api   shop     shop     √         ', ''].join('\n'),
    ])
    out = ''
    await linkerdTool(parseArguments(['viz', 'edges', 'pods', '-A', '-o', 'json']), io)
    expect(JSON.parse(out)).toEqual([
      {
        ...{ src: 'client', src_namespace: 'shop', dst: 'api', dst_namespace: 'shop' },
        ...{ client_id: 'default.shop', server_id: 'default.shop', no_tls_reason: '' },
      },
    ])
    expect(await linkerdTool(parseArguments(['viz', 'edges', 'deployment/api']), io)).toBe(1)
    expect(await linkerdTool(parseArguments(['multicluster', 'link']), io)).toBe(2)
  })

  test('stat and authz count what came in, in the layout of linkerd viz', async () => {
    embedded.registry.delete({ group: 'policy.linkerd.io', resource: 'httplocalratelimitpolicies' }, 'api', 'shop')
    embedded.registry.delete({ group: 'policy.linkerd.io', resource: 'servers' }, 'api', 'shop')
    embedded.registry.create(server({ accessPolicy: 'all-authenticated' }))
    for (const pod of ['client', 'client', 'plain']) await curl(pod, 'http://api/')
    let out = ''
    const io = {
      out: (text: string) => {
        out += text
      },
      err: () => {},
      client: async () => createClient(embedded.cluster),
    }
    expect(await linkerdTool(parseArguments(['viz', 'stat', 'pods', '-n', 'shop']), io)).toBe(0)
    // linkerd2 viz/cmd/testdata/stat_one_pod_output.golden
    const [head, ...rows] = out.split('\n')
    expect(head).toMatch(
      /^NAME {6}STATUS {3}MESHED {3}SUCCESS +RPS +LATENCY_P50 +LATENCY_P95 +LATENCY_P99 {3}TCP_CONN$/,
    )
    expect(rows[0]).toMatch(/^api {6}Running {6}1\/1 {3}100\.00% +\d+\.\drps +\d+ms/)
    // Probes and scrapes of a proxy's own port count as well, as upstream.
    expect(rows[1]).toMatch(/^client {3}Running {6}1\/1 /)
    expect(rows.slice(2)).toEqual([''])
    out = ''
    expect(await linkerdTool(parseArguments(['viz', 'authz', 'po/api', '-n', 'shop']), io)).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toMatch(
      /^ROUTE +SERVER +AUTHORIZATION +UNAUTHORIZED +SUCCESS +RPS +LATENCY_P50 +LATENCY_P95 +LATENCY_P99 {2}$/,
    )
    const cells = lines.slice(1).map((line) => line.split(/ {2,}/).slice(0, 3).join(' '))
    expect(cells).toContain('default api default/all-authenticated')
    expect(lines.find((line) => /^default +api {3,}\d/.test(line))).toMatch(/[\d.]+rps +0\.00% +0\.0rps/)
    expect(await linkerdTool(parseArguments(['viz', 'stat', 'svc']), io)).toBe(1)
    expect(await linkerdTool(parseArguments(['viz', 'tap', 'deploy']), io)).toBe(1)
    embedded.registry.delete({ group: 'policy.linkerd.io', resource: 'servers' }, 'api', 'shop')
  })

  test('check and authz read what the API has', async () => {
    let out = ''
    const io = {
      out: (text: string) => {
        out += text
      },
      err: () => {},
      client: async () => createClient(embedded.cluster),
    }
    expect(await linkerdTool(parseArguments(['check', '--proxy', '-n', 'empty']), io)).toBe(1)
    expect(out).toContain('√ issuer cert is issued by the trust anchor')
    expect(out).toContain(
      '× data plane namespace exists\n    The "empty" namespace does not exist\n    see https://linkerd.io/2/checks/#l5d-data-plane-exists for hints',
    )
    out = ''
    expect(await linkerdTool(parseArguments(['authz', '-n', 'shop', 'po/api']), io)).toBe(0)
    expect(out).toBe('ROUTE   SERVER  AUTHORIZATION_POLICY   SERVER_AUTHORIZATION   \n')
  })

  test('the webhook refuses in its own words', async () => {
    const wrong = { ...server({ accessPolicy: 'open' }), metadata: { name: 'wrong', namespace: 'shop' } }
    const response = await embedded.cluster.fetch(
      new Request('http://cluster/apis/policy.linkerd.io/v1beta3/namespaces/shop/servers', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(wrong),
      }),
    )
    expect(await response.json()).toMatchObject({
      message: `admission webhook "linkerd-policy-validator.linkerd.io" denied the request: Invalid 'accessPolicy' field: invalid mode: "open"`,
    })
  })

  test('the CRD of ExternalWorkload is there, as the real `linkerd check` wants it, but none is taken', async () => {
    const response = await embedded.cluster.fetch(
      new Request('http://cluster/apis/workload.linkerd.io/v1beta1/namespaces/shop/externalworkloads', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          apiVersion: 'workload.linkerd.io/v1beta1',
          kind: 'ExternalWorkload',
          metadata: { name: 'vm', namespace: 'shop' },
          spec: { meshTLS: { identity: 'vm', serverName: 'vm' } },
        }),
      }),
    )
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('does not model machines outside') })
  })
})
