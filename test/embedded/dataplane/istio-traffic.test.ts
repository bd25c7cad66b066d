/** Istio's limits and ways out, as curl in a pod meets them. Time stands still until a test moves it. */
import { afterEach, expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/api.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { type ManualClock, manualClock } from '../manual-clock.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
let clock: ManualClock
afterEach(() => cluster.stop())

const sidecar = { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.0', restartPolicy: 'Always' }
const meshed = (app: string, more: Record<string, string> = {}) => ({
  labels: { app, 'security.istio.io/tlsMode': 'istio', ...more },
  spec: { initContainers: [sidecar] },
})

const networking = (kind: string, name: string, spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
})

const echo = { image: 'mendhak/http-https-echo:37', ports: [{ name: 'web', containerPort: 8080 }] }

/** `web` is a healthy echo, `broken` (of the same Service) answers nothing; `client` has a sidecar, `plain` has none. */
const start = async (config: KubeObject[], pods: readonly string[] = ['web']): Promise<void> => {
  clock = manualClock()
  const mesh = {
    ...istio,
    reads: istio.reads.filter(({ group }) => group === '' || group === 'discovery.k8s.io'),
    compile: (objects: readonly KubeObject[]) => istio.compile([...objects, ...config]),
  }
  cluster = smallCluster({ mesh, clock })
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] }, meshed('client'))
  cluster.run('plain', { image: 'curlimages/curl', command: ['sleep', 'infinity'] })
  if (pods.includes('web')) cluster.run('web', echo, meshed('web', { version: 'v1' }))
  if (pods.includes('broken'))
    cluster.run(
      'broken',
      { image: 'curlimages/curl', command: ['sleep', 'infinity'] },
      meshed('web', { version: 'v2' }),
    )
  cluster.add(
    service('web', {
      clusterIP: '10.96.0.20',
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    }),
  )
  await cluster.ready('client', 'plain', ...pods)
}

const soon = async (): Promise<void> => {
  for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Runs them all at once while time passes, a second at a time. */
const together = async (pod: string, ...commands: string[][]): Promise<string[]> => {
  let isDone = false
  const running = Promise.all(commands.map((argv) => cluster.exec(pod, argv))).finally(() => {
    isDone = true
  })
  for (let seconds = 0; !isDone && seconds < 120; seconds++) {
    await soon()
    if (!isDone) clock.advance(1000)
  }
  return (await running).map(({ stdout }) => stdout)
}

const code = ['-s', '-o', '/dev/null', '-w', '%{http_code}']
const slow = ['curl', ...code, '-H', 'x-set-response-delay-ms: 5000', 'http://web/']
const statuses = async (count: number, pod = 'client', url = 'http://web/'): Promise<string[]> => {
  const seen: string[] = []
  for (let turn = 0; turn < count; turn++) seen.push(...(await together(pod, ['curl', ...code, url])))
  return seen
}

const pool = (http: Record<string, number>, tcp: Record<string, number> = {}) =>
  networking('DestinationRule', 'web', { host: 'web', trafficPolicy: { connectionPool: { http, tcp } } })

test('one connection and one that waits: the third at once is turned away, and there is room again after', async () => {
  await start([pool({ http1MaxPendingRequests: 1 }, { maxConnections: 1 })])
  expect((await together('client', slow, slow, slow)).sort()).toEqual(['200', '200', '503'])
  expect(await statuses(2)).toEqual(['200', '200'])
})

test('the overflow is Envoy’s answer to the letter', async () => {
  await start([pool({ http2MaxRequests: 1 })])
  const [, answer = ''] = await together('client', slow, ['curl', '-si', 'http://web/'])
  expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/)
  expect(answer).toContain('x-envoy-overloaded: true\r\n')
  expect(answer).toContain('content-length: 81\r\n')
  expect(answer).toMatch(/\r\n\r\nupstream connect error or disconnect\/reset before headers\. reset reason: overflow$/)
})

test('a caller without a sidecar is limited by the receiver’s, and a client that leaves gives its place back', async () => {
  await start([pool({ http2MaxRequests: 1 })])
  expect((await together('plain', slow, slow)).sort()).toEqual(['200', '503'])
  const impatient = ['curl', ...code, '-m', '2', '-H', 'x-set-response-delay-ms: 60000', 'http://web/']
  expect(await together('plain', impatient)).toEqual(['000'])
  expect(await statuses(1, 'plain')).toEqual(['200'])
})

test('a connection of bytes beyond the pool is closed, and makes room when it is over', async () => {
  const bytes = service('echo', {
    clusterIP: '10.96.0.30',
    selector: { app: 'echo' },
    ports: [{ name: 'tcp', port: 9000 }],
  })
  const one = networking('DestinationRule', 'echo', {
    host: 'echo',
    trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } },
  })
  await start([one])
  cluster.run('echo', { image: 'docker.io/istio/tcp-echo-server:1.3', args: ['9000', 'hello'] }, meshed('echo'))
  cluster.add(bytes)
  await cluster.ready('echo')
  const say = ['sh', '-c', 'echo hi | nc echo 9000']
  expect((await together('client', say, say)).sort()).toEqual(['', 'hello hi\n'])
  expect(await together('client', say)).toEqual(['hello hi\n'])
})

const outlier = (more: Record<string, unknown>) =>
  networking('DestinationRule', 'web', {
    host: 'web',
    trafficPolicy: {
      outlierDetection: { consecutive5xxErrors: 2, interval: '1s', baseEjectionTime: '30s', ...more },
    },
  })
const noRetries = networking('VirtualService', 'web', {
  hosts: ['web'],
  http: [{ route: [{ destination: { host: 'web' } }], retries: { attempts: 0 } }],
})

test('an endpoint that fails twice is left alone for 30 seconds, then longer', async () => {
  await start([outlier({ maxEjectionPercent: 100 }), noRetries], ['web', 'broken'])
  const failures = (seen: string[]): number => seen.filter((status) => status === '503').length
  expect(failures(await statuses(4))).toBe(2)
  expect(failures(await statuses(6))).toBe(0)
  clock.advance(29_000)
  expect(failures(await statuses(2))).toBe(0)
  clock.advance(1000)
  expect(failures(await statuses(4))).toBe(2)
  clock.advance(31_000)
  expect(failures(await statuses(4))).toBe(0)
  clock.advance(30_000)
  expect(failures(await statuses(4))).toBeGreaterThan(0)
})

test('nobody left is 503 without panic; the default share of 10 % never ejects one of one', async () => {
  await start([outlier({ maxEjectionPercent: 100 }), noRetries], ['broken'])
  await statuses(2)
  const [answer] = await together('client', ['curl', '-s', 'http://web/'])
  expect(answer).toBe('no healthy upstream')
  cluster.stop()
  await start([outlier({}), noRetries], ['broken'])
  await statuses(5)
  expect((await together('client', ['curl', '-s', 'http://web/']))[0]).toContain('delayed connect error')
})

test('without outlier detection nobody stays ejected', async () => {
  const config = [outlier({ maxEjectionPercent: 100 }), noRetries]
  await start(config, ['broken'])
  await statuses(2)
  const body = ['curl', '-s', 'http://web/']
  expect(await together('client', body)).toEqual(['no healthy upstream'])
  config.shift()
  cluster.add(service('other', { clusterIP: '10.96.0.21', ports: [{ port: 80 }] }))
  expect(await together('client', body)).not.toEqual(['no healthy upstream'])
})

test('an overflow is no endpoint’s failure: it ejects nobody', async () => {
  const limited = networking('DestinationRule', 'web', {
    host: 'web',
    trafficPolicy: {
      connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } },
      outlierDetection: { consecutive5xxErrors: 1, interval: '1s', baseEjectionTime: '180s', maxEjectionPercent: 100 },
    },
  })
  await start([limited, noRetries])
  expect((await together('client', slow, slow, slow)).sort()).toEqual(['200', '200', '503'])
  expect(await statuses(2)).toEqual(['200', '200'])
})

test('retries go to another endpoint', async () => {
  const retried = networking('VirtualService', 'web', {
    hosts: ['web'],
    http: [{ route: [{ destination: { host: 'web' } }], retries: { attempts: 2, retryOn: '5xx' } }],
  })
  await start([retried], ['web', 'broken'])
  expect(await statuses(6)).toEqual(Array(6).fill('200'))
})

test('maxRetries: what is asked again beyond them is answered as it was', async () => {
  const retried = networking('VirtualService', 'web', {
    hosts: ['web'],
    http: [{ route: [{ destination: { host: 'web' } }], retries: { attempts: 2, retryOn: '5xx' } }],
  })
  await start([retried, pool({ maxRetries: 1 })], ['web', 'broken'])
  // Two of four meet the broken one; its neighbour takes five seconds, and one at a time may turn to it.
  expect((await together('client', slow, slow, slow, slow)).sort()).toEqual(['200', '200', '200', '503'])
  expect(await statuses(4)).toEqual(Array(4).fill('200'))
})

test('delays, timeouts and weights', async () => {
  await start([
    networking('VirtualService', 'web', {
      hosts: ['web'],
      http: [
        {
          match: [{ uri: { prefix: '/held' } }],
          fault: { delay: { fixedDelay: '7s', percentage: { value: 100 } } },
          route: [{ destination: { host: 'web' } }],
        },
        {
          match: [{ uri: { prefix: '/some' } }],
          fault: { abort: { httpStatus: 418, percentage: { value: 20 } } },
          route: [{ destination: { host: 'web' } }],
        },
        { route: [{ destination: { host: 'web' } }], timeout: '2s' },
      ],
    }),
  ])
  const began = clock.now()
  expect(await together('client', ['curl', ...code, 'http://web/held'])).toEqual(['200'])
  expect(clock.now() - began).toBe(7000)
  const late = ['curl', '-s', '-w', ' %{http_code}', '-H', 'x-set-response-delay-ms: 5000', 'http://web/']
  expect(await together('client', late)).toEqual(['upstream request timeout 504'])
  expect(clock.now() - began).toBe(9000)
  const shares = await statuses(20, 'client', 'http://web/some')
  const aborted = shares.filter((status) => status === '418').length
  expect([3, 4, 5]).toContain(aborted)
})

const limit = (enforced: number, more: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'limit', namespace: 'shop' },
  spec: {
    workloadSelector: { labels: { app: 'web' } },
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        match: {
          context: 'SIDECAR_INBOUND',
          listener: { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager' } } },
        },
        patch: {
          operation: 'INSERT_BEFORE',
          value: {
            name: 'envoy.filters.http.local_ratelimit',
            typed_config: {
              '@type': 'type.googleapis.com/udpa.type.v1.TypedStruct',
              type_url: 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
              value: {
                stat_prefix: 'http_local_rate_limiter',
                token_bucket: { max_tokens: 2, tokens_per_fill: 2, fill_interval: '60s' },
                filter_enabled: { default_value: { numerator: 100, denominator: 'HUNDRED' } },
                filter_enforced: { default_value: { numerator: enforced, denominator: 'HUNDRED' } },
                response_headers_to_add: [{ header: { key: 'x-local-rate-limit', value: 'true' } }],
                ...more,
              },
            },
          },
        },
      },
    ],
  },
})

test('a local rate limit fills evenly, and has a bucket for each filter chain', async () => {
  await start([limit(100)])
  expect(await statuses(3)).toEqual(['200', '200', '429'])
  // Plaintext comes through another chain.
  expect(await statuses(3, 'plain')).toEqual(['200', '200', '429'])
  const [answer = ''] = await together('client', ['curl', '-si', 'http://web/'])
  expect(answer).toContain('x-local-rate-limit: true\r\n')
  expect(answer).toMatch(/content-length: 18\r\n[\s\S]*\r\n\r\nlocal_rate_limited$/)
  clock.advance(30_000)
  expect(await statuses(2)).toEqual(['200', '429'])
})

test('a limit that is not enforced only counts', async () => {
  await start([limit(0)])
  expect(await statuses(4)).toEqual(['200', '200', '200', '200'])
})

test('the way out: strangers, REGISTRY_ONLY, TLS of the application and of the sidecar', async () => {
  const registryOnly = networking('Sidecar', 'default', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })
  await start([
    registryOnly,
    networking('ServiceEntry', 'example', {
      hosts: ['example.com'],
      resolution: 'DNS',
      ports: [
        { number: 80, name: 'http', protocol: 'HTTP', targetPort: 443 },
        { number: 443, name: 'tls', protocol: 'TLS' },
      ],
    }),
    networking('DestinationRule', 'example', {
      host: 'example.com',
      trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE' } }] },
    }),
  ])
  const curl = (pod: string, ...argv: string[]) => cluster.exec(pod, ['curl', '-s', '-w', '%{http_code}', ...argv])
  expect(await curl('client', 'http://httpbin.org/get')).toMatchObject({ exitCode: 0, stdout: '502' })
  expect(await curl('client', 'https://httpbin.org/get')).toMatchObject({ exitCode: 35, stdout: '000' })
  expect(await curl('client', 'http://collector.attacker.example/')).toMatchObject({ stdout: '502' })
  expect((await curl('client', 'http://example.com/')).stdout).toContain('<title>example.com</title>')
  expect((await curl('client', 'https://example.com/')).stdout).toMatch(/example\.com.*\n200$/)
  expect((await curl('plain', 'http://httpbin.org/headers')).stdout).toContain('"Host": "httpbin.org"')
  expect(await curl('plain', '--resolve', 'example.com:443:203.0.113.20', 'https://example.com/')).toMatchObject({
    exitCode: 60,
  })
  expect(await curl('client', 'http://nowhere.example.com/')).toMatchObject({ exitCode: 6 })
  // The Host header leads, whatever was dialled.
  expect((await curl('client', '-H', 'Host: web', 'http://httpbin.org/')).stdout).toContain('"hostname": "web"')
})
