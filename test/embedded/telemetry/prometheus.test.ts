/** Prometheus in the cluster, asked by curl in a pod: it scrapes sidecars on the cluster's clock. */
import { afterAll, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { apiOf } from '../api.ts'
import { manualClock } from '../manual-clock.ts'

let embedded: EmbeddedCluster
afterAll(() => embedded.stop())

const pod = (name: string, image: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'app', image, ...more }] },
})
const service = (name: string, port: number, targetPort: number) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ name: 'http', port, targetPort }] },
})

// istio/istio samples/addons/prometheus.yaml: every 15 s, targets by annotation, the pod's labels on each series.
test('rates of what a caller did, after two scrapes', async () => {
  const clock = manualClock()
  embedded = await createEmbeddedCluster({ mesh: istio, clock })
  const api = apiOf(embedded)
  const turns = async () => {
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  const create = async (path: string, object: object) => expect((await api('POST', path, object)).status).toBe(201)
  const labels = { 'istio-injection': 'enabled' }
  await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } })
  await turns()
  await create('/api/v1/namespaces/shop/pods', pod('client', 'curlimages/curl', { command: ['sleep', 'infinity'] }))
  await create('/api/v1/namespaces/shop/pods', pod('web', 'mendhak/http-https-echo:37'))
  await create('/api/v1/namespaces/shop/services', service('web', 80, 8080))
  await create('/api/v1/namespaces/istio-system/pods', pod('prometheus', 'prom/prometheus:v3.10.0'))
  await create('/api/v1/namespaces/istio-system/services', service('prometheus', 9090, 9090))
  for (let i = 0; i < 5; i++) {
    await turns()
    clock.advance(2000)
  }
  const curl = async (...argv: string[]): Promise<string> => {
    let stdout = ''
    const take = (chunk: Uint8Array): void => {
      stdout += new TextDecoder().decode(chunk)
    }
    await embedded.cluster.exec({ namespace: 'shop', pod: 'client', container: 'app' }, ['curl', '-s', ...argv], {
      stdout: take,
      stderr: take,
    })
    return stdout
  }
  const ask = async (query: string): Promise<unknown> =>
    JSON.parse(
      await curl('-G', 'http://prometheus.istio-system:9090/api/v1/query', '--data-urlencode', `query=${query}`),
    ).data.result

  await curl('http://web/')
  clock.advance(15_000)
  await turns()
  await curl('http://web/')
  await curl('http://web/')
  clock.advance(15_000)
  await turns()
  expect(await ask('sum by (app, reporter) (istio_requests_total{destination_workload="web"})')).toMatchObject([
    { metric: { app: 'client', reporter: 'source' }, value: [expect.any(Number), '3'] },
    { metric: { app: 'web', reporter: 'destination' }, value: [expect.any(Number), '3'] },
  ])
  const [rate] = (await ask('sum(increase(istio_requests_total{app="web"}[30s]))')) as { value: [number, string] }[]
  expect(Number(rate?.value[1])).toBeGreaterThanOrEqual(2)
  expect(await ask('up{app="web"}')).toMatchObject([
    { metric: { namespace: 'shop', pod: 'web' }, value: [expect.any(Number), '1'] },
  ])

  // A target that is gone is gone from answers with the next scrape, not five minutes later.
  await api('DELETE', '/api/v1/namespaces/shop/pods/web')
  await turns()
  clock.advance(15_000)
  await turns()
  expect(await ask('up{app="web"}')).toEqual([])
})
