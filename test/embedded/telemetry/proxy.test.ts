/** A sidecar's own pages and logs, through kubectl's doors: exec, logs, curl in a pod. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { createClient } from '../../../src/kube/client.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { apiOf } from '../api.ts'

let embedded: EmbeddedCluster
let api: ReturnType<typeof apiOf>

const pod = (name: string, image: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { app: name } },
  spec: { containers: [{ name: 'app', image, ...more }] },
})

const run = async (name: string, argv: string[], container = 'app') => {
  let stdout = ''
  let stderr = ''
  const decoder = new TextDecoder()
  const { exitCode } = await embedded.cluster.exec({ namespace: 'shop', pod: name, container }, argv, {
    stdout: (chunk) => (stdout += decoder.decode(chunk)),
    stderr: (chunk) => (stderr += decoder.decode(chunk)),
  })
  return { exitCode, stdout, stderr }
}

const logOf = (name: string) =>
  createClient(embedded.cluster).logs({ namespace: 'shop', pod: name, container: 'istio-proxy' }, {})

const ready = async (name: string): Promise<void> => {
  for (;;) {
    const { body } = await api('GET', `/api/v1/namespaces/shop/pods/${name}`)
    if (
      body.status?.conditions?.some(
        (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
      )
    )
      return
    await turns()
  }
}

const telemetry = (spec: object) => ({
  apiVersion: 'telemetry.istio.io/v1',
  kind: 'Telemetry',
  metadata: { name: 'logs', namespace: 'shop' },
  spec,
})

const create = async (path: string, object: object): Promise<void> => {
  const { status, body } = await api('POST', path, object)
  if (status !== 201) throw new Error(JSON.stringify(body))
}

/** The namespace's controller works in the turns after its creation. */
const turns = () => new Promise((resolve) => setImmediate(resolve))

beforeAll(async () => {
  embedded = await createEmbeddedCluster({ mesh: istio })
  api = apiOf(embedded)
  const labels = { 'istio-injection': 'enabled' }
  await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } })
  await turns()
  const inShop = '/api/v1/namespaces/shop'
  await create(`${inShop}/pods`, pod('client', 'curlimages/curl', { command: ['sleep', 'infinity'] }))
  await create(`${inShop}/pods`, pod('web', 'mendhak/http-https-echo:37'))
  await create(`${inShop}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  })
  await ready('client')
  await ready('web')
})
afterAll(() => embedded.stop())

describe('access logs', () => {
  test('none by default; with a Telemetry each side has a line; a filter is asked per proxy', async () => {
    await run('client', ['curl', '-s', 'http://web/before'])
    expect(await logOf('web')).not.toContain('/before')
    await api(
      'POST',
      '/apis/telemetry.istio.io/v1/namespaces/shop/telemetries',
      telemetry({
        accessLogging: [
          { providers: [{ name: 'envoy' }], filter: { expression: "connection.mtls || request.path == '/both'" } },
        ],
      }),
    )
    await run('client', ['curl', '-s', '-A', 'me', 'http://web/server'])
    await run('client', ['curl', '-s', 'http://web/both'])
    const lines = async (name: string) => (await logOf(name)).split('\n').filter((line) => line.startsWith('['))
    expect((await lines('client')).map((line) => / (\/\w+) /.exec(line)?.[1])).toEqual(['/both'])
    const [line = '', both] = await lines('web')
    expect(line).toMatch(
      /^\[\d{4}-[^\]]+Z\] "GET \/server HTTP\/1\.1" 200 - via_upstream - "-" 0 \d+ \d+ \d+ "-" "me" "[0-9a-f-]{36}" "web" "10\.[\d.]+:8080" inbound\|8080\|\| 127\.0\.0\.6:\d+ 10\.[\d.]+:8080 10\.[\d.]+:\d+ outbound_\.80_\._\.web\.shop\.svc\.cluster\.local default$/,
    )
    expect(both).toContain('/both')
  })

  test('the request id in the log is the one that the application got', async () => {
    const { stdout } = await run('client', ['curl', '-s', 'http://web/id'])
    const id = JSON.parse(stdout).headers['x-request-id']
    expect(await logOf('web')).toContain(`"${id}"`)
  })

  test('an expression that cannot be evaluated is said, once', async () => {
    const filter = { expression: 'nonsense.code == 1' }
    const { status } = await api(
      'PATCH',
      '/apis/telemetry.istio.io/v1/namespaces/shop/telemetries/logs',
      { spec: { accessLogging: [{ providers: [{ name: 'envoy' }], filter }] } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect(status).toBe(200)
    await run('client', ['curl', '-s', 'http://web/nonsense'])
    await run('client', ['curl', '-s', 'http://web/nonsense'])
    expect(
      (await logOf('web')).match(/meshdojo: the expression "nonsense.code == 1" cannot be evaluated/g),
    ).toHaveLength(1)
  })
})

describe('pages', () => {
  test.each([15020, 15090])('metrics at port %i of the proxy, for its own pod and for others', async (port) => {
    await run('client', ['curl', '-s', 'http://web/'])
    const { stdout } = await run('web', ['curl', '-s', `localhost:${port}/stats/prometheus`], 'istio-proxy')
    expect(stdout).toContain('# TYPE istio_requests_total counter\n')
    expect(stdout).toMatch(
      /istio_requests_total\{reporter="destination",source_workload="client",.*response_code="200",.*connection_security_policy="mutual_tls"\} \d+\n/,
    )
    expect(stdout).toMatch(/istio_request_duration_milliseconds_bucket\{.*,le="\+Inf"\} \d+\n/)
    const { body } = await api('GET', '/api/v1/namespaces/shop/pods/web')
    const other = await run('client', ['curl', '-s', `${body.status.podIP}:${port}/stats/prometheus`])
    expect(other.stdout).toContain('reporter="destination"')
  })

  // envoy source/server/admin/logs_handler.cc
  test('log levels are kept by proxy, one or all, and nonsense is refused', async () => {
    const ask = async (name: string, path: string) =>
      (await run(name, ['pilot-agent', 'request', 'POST', path], 'istio-proxy')).stdout
    expect(await ask('web', 'logging')).toContain('active loggers:\n  admin: warning\n')
    await ask('web', 'logging?level=error')
    await ask('web', 'logging?rbac=debug&jwt=trace')
    expect(await ask('web', 'logging')).toMatch(/admin: error\n[\s\S]*jwt: trace\n[\s\S]*rbac: debug\n/)
    expect(await ask('client', 'logging')).toContain('rbac: warning\n')
    for (const [path, says] of [
      ['logging?rbac=loud', 'unknown logger level'],
      ['logging?nothing=debug', 'unknown logger name'],
    ] as const) {
      const { exitCode, stderr } = await run('web', ['pilot-agent', 'request', 'POST', path], 'istio-proxy')
      expect(exitCode).toBe(1)
      expect(stderr).toContain(`error: ${says}`)
    }
    expect(await ask('web', 'logging')).toContain('rbac: debug\n')
  })

  test('pilot-agent asks Envoy', async () => {
    const certs = await run('web', ['pilot-agent', 'request', 'GET', 'certs'], 'istio-proxy')
    const { certificates } = JSON.parse(certs.stdout)
    expect(certificates[0].cert_chain[0].subject_alt_names).toEqual([
      { uri: 'spiffe://cluster.local/ns/shop/sa/default' },
    ])
    const stats = await run('web', ['pilot-agent', 'request', 'GET', 'stats/prometheus'], 'istio-proxy')
    expect(stats.stdout).toContain('istio_requests_total{')
    const dump = JSON.parse((await run('web', ['pilot-agent', 'request', 'GET', 'config_dump'], 'istio-proxy')).stdout)
    expect(dump.configs.map((each: { '@type': string }) => each['@type'].split('.').at(-1))).toEqual([
      'BootstrapConfigDump',
      'ClustersConfigDump',
      'ListenersConfigDump',
      'RoutesConfigDump',
      'SecretsConfigDump',
    ])
    expect((await run('web', ['pilot-agent', 'request', 'GET', 'ready'], 'istio-proxy')).stdout).toBe('LIVE\n')
  })

  test('statistics: requests by cluster, what RBAC refused', async () => {
    const policy = {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'none' },
      spec: {},
    }
    await create('/apis/security.istio.io/v1/namespaces/shop/authorizationpolicies', policy)
    await run('client', ['curl', '-s', 'http://web/'])
    await api('DELETE', '/apis/security.istio.io/v1/namespaces/shop/authorizationpolicies/none')
    const refused = await run('web', ['pilot-agent', 'request', 'GET', 'stats?filter=rbac'], 'istio-proxy')
    expect(refused.stdout).toBe('http.inbound_0.0.0.0_8080;.rbac.denied: 1\n')
    const sent = await run('client', ['pilot-agent', 'request', 'GET', 'stats'], 'istio-proxy')
    expect(sent.stdout).toMatch(/^cluster\.outbound\|80\|\|web\.shop\.svc\.cluster\.local;\.upstream_rq_total: \d+\n/)
  })

  test('statistics: what a local rate limit counted and turned away', async () => {
    const hundred = { default_value: { numerator: 100, denominator: 'HUNDRED' } }
    const limit = {
      name: 'envoy.filters.http.local_ratelimit',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
        stat_prefix: 'http_local_rate_limiter',
        token_bucket: { max_tokens: 2, tokens_per_fill: 2, fill_interval: '3600s' },
        filter_enabled: hundred,
        filter_enforced: hundred,
      },
    }
    await create('/apis/networking.istio.io/v1alpha3/namespaces/shop/envoyfilters', {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'limit' },
      spec: {
        workloadSelector: { labels: { app: 'web' } },
        configPatches: [
          {
            applyTo: 'HTTP_FILTER',
            match: {
              context: 'SIDECAR_INBOUND',
              listener: { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager' } } },
            },
            patch: { operation: 'INSERT_BEFORE', value: limit },
          },
        ],
      },
    })
    for (let at = 0; at < 3; at++) await run('client', ['curl', '-s', 'http://web/'])
    await api('DELETE', '/apis/networking.istio.io/v1alpha3/namespaces/shop/envoyfilters/limit')
    const counted = await run('web', ['pilot-agent', 'request', 'GET', 'stats?filter=local_rate_limit'], 'istio-proxy')
    expect(counted.stdout.split('\n').filter(Boolean).sort()).toEqual([
      'http_local_rate_limiter.http_local_rate_limit.enabled: 3',
      'http_local_rate_limiter.http_local_rate_limit.enforced: 1',
      'http_local_rate_limiter.http_local_rate_limit.ok: 2',
      'http_local_rate_limiter.http_local_rate_limit.rate_limited: 1',
    ])
  })

  test('a page that is not modelled says which there are', async () => {
    const { exitCode, stderr } = await run('web', ['pilot-agent', 'request', 'GET', 'memory'], 'istio-proxy')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('received 404 status from envoy')
    expect(stderr).toContain('/config_dump')
  })
})
