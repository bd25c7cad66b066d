/** The network with a mesh that a test makes up: each verdict's effect as the calling program meets it. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Call } from '../../../src/meshes/call.ts'
import type { Mesh } from '../../../src/meshes/mesh.ts'
import type { Effect, Verdict } from '../../../src/meshes/verdict.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
afterEach(() => cluster.stop())

const verdict = (effect: Effect | undefined): Verdict => ({
  outcome: effect === undefined ? 'unknown' : effect.kind === 'forward' ? 'allow' : 'deny',
  transport: 'plaintext',
  effect,
  because: 'spec.rules[0].when is not modelled',
  steps: [],
})

const forwarding = (change: Partial<Extract<Effect, { kind: 'forward' }>['forwarding']> = {}): Effect => ({
  kind: 'forward',
  forwarding: { setRequestHeaders: [], removeRequestHeaders: [], setResponseHeaders: [], ...change },
})

/** A mesh in which every pod has a sidecar and every call meets the same. `calls` and `compiled` say what it was asked. */
const madeUp = (effect: Effect | undefined) => {
  const calls: Call[] = []
  let compiled = 0
  const mesh: Mesh<number> = {
    name: 'istio',
    proxyContainer: 'istio-proxy',
    validator: 'validation.istio.io',
    reads: [{ group: '', version: 'v1', resource: 'services' }],
    compile: () => ({ model: ++compiled, problems: [] }),
    decide: (_model, call) => {
      calls.push(call)
      return verdict(effect)
    },
    crds: async () => [],
    install: () => [],
    validate: () => ({ allowed: true }),
    inject: (pod) => pod,
    isMeshed: () => true,
  }
  return { mesh, calls, compiled: () => compiled }
}

const start = async (mesh?: Mesh) => {
  cluster = smallCluster({ mesh })
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] })
  cluster.run('echo', { image: 'mendhak/http-https-echo:37', ports: [{ name: 'web', containerPort: 8080 }] })
  cluster.run('tcp', { image: 'istio/tcp-echo-server:1.3' })
  cluster.add(
    service('echo', {
      clusterIP: '10.96.0.10',
      selector: { app: 'echo' },
      ports: [
        { name: 'http', port: 80, targetPort: 'web' },
        { name: 'dead', port: 81, targetPort: 9999 },
      ],
    }),
  )
  cluster.add(
    service('tcp', { clusterIP: '10.96.0.12', selector: { app: 'tcp' }, ports: [{ name: 'tcp', port: 9000 }] }),
  )
  cluster.add(
    service('nobody', { clusterIP: '10.96.0.13', selector: { app: 'nobody' }, ports: [{ name: 'http', port: 80 }] }),
  )
  await cluster.ready('client', 'echo', 'tcp')
}

describe('effects', () => {
  test.each<[string, Effect | undefined, number, string]>([
    [
      'respond',
      { kind: 'respond', by: 'server-proxy', status: 403, headers: [['server', 'envoy']], body: 'RBAC: access denied' },
      0,
      'RBAC: access denied 403',
    ],
    ['reset', { kind: 'reset' }, 56, ' 000'],
    ['close', { kind: 'close' }, 52, ' 000'],
    ['refuse', { kind: 'refuse' }, 7, ' 000'],
    ['drop', { kind: 'drop' }, 28, ' 000'],
    ['unknown', undefined, 56, ' 000'],
  ])('%s', async (_name, effect, exitCode, stdout) => {
    await start(madeUp(effect).mesh)
    const result = await cluster.exec('client', ['curl', '-s', '-m', '0.1', '-w', ' %{http_code}', 'http://echo/'])
    expect([result.exitCode, result.stdout]).toEqual([exitCode, stdout])
  })

  test('forward changes headers on the way in and out', async () => {
    await start(
      madeUp(
        forwarding({
          setRequestHeaders: [
            ['x-forwarded-client-cert', 'URI=spiffe://a'],
            [':path', '/normal'],
          ],
          removeRequestHeaders: ['x-secret'],
          setResponseHeaders: [['server', 'envoy']],
        }),
      ).mesh,
    )
    const { stdout } = await cluster.exec('client', ['curl', '-si', '-H', 'X-Secret: 1', 'http://echo/a/../b'])
    const [head = '', body = ''] = stdout.split('\r\n\r\n')
    expect(JSON.parse(body)).toMatchObject({
      path: '/normal',
      headers: { 'x-forwarded-client-cert': 'URI=spiffe://a' },
      ip: '::ffff:127.0.0.6',
    })
    expect(JSON.parse(body).headers).not.toHaveProperty('x-secret')
    expect(head).toMatch(/\r\nserver: envoy$/)
    expect(head).not.toMatch(/keep-alive/i)
  })

  test('an application that does not listen is a 503 of its proxy', async () => {
    await start(madeUp(forwarding({ setResponseHeaders: [['server', 'envoy']] })).mesh)
    const { stdout } = await cluster.exec('client', ['curl', '-s', '-w', ' %{http_code}', 'http://echo:81/'])
    expect(stdout).toMatch(
      /^upstream connect error or disconnect\/reset before headers\. reset reason: remote connection failure, .* 503$/,
    )
  })

  test('a Service without endpoints is a 503 of the caller’s proxy', async () => {
    await start(madeUp(forwarding()).mesh)
    const { stdout } = await cluster.exec('client', ['curl', '-s', '-w', ' %{http_code}', 'http://nobody/'])
    expect(stdout).toBe('no healthy upstream 503')
  })

  test('an unknown verdict travels in the result', async () => {
    await start(madeUp(undefined).mesh)
    const result = await cluster.kubelet.dataPlane.http(
      { from: cluster.pod('client')!, host: 'echo', port: 80 },
      { method: 'GET', path: '/', authority: 'echo', headers: [], body: new Uint8Array() },
    )
    expect(result).toMatchObject({
      ok: false,
      failure: { kind: 'reset' },
      verdict: { outcome: 'unknown', because: 'spec.rules[0].when is not modelled' },
    })
  })

  test.each<[string, Effect, string, number]>([
    ['forward', forwarding(), 'hello hi\n', 0],
    ['close', { kind: 'close' }, '', 0],
    ['reset', { kind: 'reset' }, '', 1],
  ])('TCP: %s', async (_name, effect, stdout, exitCode) => {
    await start(madeUp(effect).mesh)
    const result = await cluster.exec('client', ['nc', 'tcp', '9000'], { stdin: 'hi\n' })
    expect([result.stdout, result.exitCode]).toEqual([stdout, exitCode])
  })
})

test('the mesh hears of the call as it is', async () => {
  const { mesh, calls } = madeUp(forwarding())
  await start(mesh)
  await cluster.exec('client', ['curl', '-s', '-X', 'PUT', '-H', 'A: b', 'http://echo.shop/x?y'])
  await cluster.exec('client', ['curl', '-s', '-o', '/dev/null', `http://${cluster.pod('echo')?.status?.podIP}:8080/`])
  await cluster.exec('client', ['nc', 'tcp', '9000'], { stdin: 'hi\n' })
  await cluster.exec('client', ['curl', '-sk', 'https://echo:81'])
  expect(
    calls.map((call) => [
      call.protocol,
      call.service?.object.metadata.name,
      call.service?.port.port,
      call.destination.metadata.name,
      call.port,
      call.http?.method,
    ]),
  ).toEqual([
    ['http', 'echo', 80, 'echo', 8080, 'PUT'],
    ['http', undefined, undefined, 'echo', 8080, 'GET'],
    ['tcp', 'tcp', 9000, 'tcp', 9000, undefined],
    ['tls', 'echo', 81, 'echo', 9999, undefined],
  ])
  expect(calls[0]?.http).toMatchObject({
    path: '/x?y',
    authority: 'echo.shop',
    headers: expect.arrayContaining([['a', 'b']]),
  })
})

test('a pod that calls itself on localhost meets no mesh', async () => {
  const { mesh, calls } = madeUp({ kind: 'reset' })
  await start(mesh)
  expect(
    (await cluster.exec('echo', ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://localhost:8080/']))
      .stdout,
  ).toBe('200')
  expect(calls).toEqual([])
})

test('the model is compiled again only when something it reads has changed', async () => {
  const { mesh, compiled } = madeUp(forwarding())
  await start(mesh)
  const ask = () => cluster.exec('client', ['curl', '-s', '-o', '/dev/null', 'http://echo/'])
  await ask()
  await ask()
  cluster.registry.mutate({ group: '', resource: 'pods' }, 'tcp', 'shop', (pod) => {
    pod.metadata.annotations = { changed: 'yes' }
  })
  await ask()
  expect(compiled()).toBe(1)
  cluster.registry.delete({ group: '', resource: 'services' }, 'tcp', 'shop')
  await ask()
  expect(compiled()).toBe(2)
})

test('ready endpoints take turns', async () => {
  cluster = smallCluster()
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] })
  for (const name of ['one', 'two'])
    cluster.run(
      name,
      { image: 'registry.k8s.io/e2e-test-images/agnhost', args: ['netexec'] },
      { labels: { app: 'agn' } },
    )
  cluster.run(
    'never',
    { image: 'registry.k8s.io/e2e-test-images/agnhost', args: ['netexec'], readinessProbe: { tcpSocket: { port: 1 } } },
    { labels: { app: 'agn' } },
  )
  cluster.add(
    service('agn', { clusterIP: '10.96.0.11', selector: { app: 'agn' }, ports: [{ port: 80, targetPort: 8080 }] }),
  )
  await cluster.ready('client', 'one', 'two')
  const { stdout } = await cluster.exec('client', [
    'sh',
    '-c',
    'for i in 1 2 3 4; do curl -s http://agn/hostname; echo; done',
  ])
  expect(stdout.trim().split('\n').sort()).toEqual(['one', 'one', 'two', 'two'])
})

describe('DNS', () => {
  test.each([
    ['echo', 'echo.shop.svc.cluster.local', '10.96.0.10'],
    ['echo.shop', 'echo.shop.svc.cluster.local', '10.96.0.10'],
    ['echo.shop.svc', 'echo.shop.svc.cluster.local', '10.96.0.10'],
    ['echo.shop.svc.cluster.local', 'echo.shop.svc.cluster.local', '10.96.0.10'],
    ['10-244-0-3.shop.pod', '10-244-0-3.shop.pod.cluster.local', '10.244.0.3'],
    ['alias', 'echo.shop.svc.cluster.local', '10.96.0.10'],
    ['headless', 'headless.shop.svc.cluster.local', '10.244.0.3'],
  ])('%s is %s', async (name, full, address) => {
    await start()
    cluster.add(service('alias', { type: 'ExternalName', externalName: 'echo.shop.svc.cluster.local' }))
    cluster.add(service('headless', { clusterIP: 'None', selector: { app: 'echo' }, ports: [{ port: 8080 }] }))
    const { stdout, exitCode } = await cluster.exec('client', ['nslookup', name])
    expect(stdout).toBe(`Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\t${full}\nAddress: ${address}\n\n`)
    expect(exitCode).toBe(0)
  })

  test.each(['nope', 'echo.other', 'echo.shop.svc.cluster.locale', 'nowhere.example.com'])(
    '%s is not found',
    async (name) => {
      await start()
      const { stdout, exitCode } = await cluster.exec('client', ['nslookup', name])
      expect(stdout).toContain(`** server can't find ${name}: NXDOMAIN`)
      expect(exitCode).toBe(1)
    },
  )
})
