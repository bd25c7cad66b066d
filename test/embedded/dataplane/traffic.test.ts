/** What the data plane reports of finished exchanges: one report for each, whatever became of it. */
import { afterEach, expect, test } from 'vitest'
import { createDataPlane } from '../../../src/embedded/dataplane/index.ts'
import type { Traffic } from '../../../src/embedded/dataplane/traffic.ts'
import type { Program } from '../../../src/embedded/workloads/workload.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
afterEach(() => cluster.stop())

const web: Program = {
  ports: [{ port: 8080, protocol: 'http' }],
  http: async () => ({ status: 201, headers: [], body: new Uint8Array(3) }),
}
const echo: Program = { ports: [{ port: 9000, protocol: 'tcp' }], tcp: async (data) => data }

const start = async () => {
  cluster = smallCluster()
  for (const name of ['client', 'web', 'tcp']) cluster.run(name, { image: 'busybox', command: ['sleep', 'infinity'] })
  const add = (name: string, clusterIP: string, port: number) =>
    cluster.add(
      service(name, { clusterIP, selector: { app: name }, ports: [{ name: 'p', port: 80, targetPort: port }] }),
    )
  add('web', '10.96.0.10', 8080)
  add('tcp', '10.96.0.11', 9000)
  add('nobody', '10.96.0.12', 80)
  await cluster.ready('client', 'web', 'tcp')
  const seen: Traffic[] = []
  const { http, tcp, probe } = createDataPlane({
    registry: cluster.registry,
    clock: { now: () => Date.now(), after: () => () => {} },
    listen: (pod) => ({ web, tcp: echo })[pod.metadata.name],
    observe: (traffic) => seen.push(traffic),
  })
  const dial = (host: string) => ({ from: cluster.pod('client')!, host, port: 80 })
  const request = { method: 'POST', path: '/', authority: 'web', headers: [], body: new Uint8Array(5) }
  return { seen, dial, request, http, tcp, probe }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('an HTTP exchange: request, response, bytes, the Service', async () => {
  const { seen, http, dial, request } = await start()
  await http(dial('web'), request)
  expect(seen).toMatchObject([
    {
      from: { metadata: { name: 'client' } },
      dialled: { host: 'web', port: 80, address: '10.96.0.10' },
      service: { object: { metadata: { name: 'web' } }, port: { port: 80 } },
      request: { method: 'POST' },
      response: { status: 201 },
      bytes: { sent: 5, received: 3 },
    },
  ])
})

test('a Service without endpoints and a name that is not there are reported with their failure', async () => {
  const { seen, http, dial, request } = await start()
  await http(dial('nobody'), request)
  await http(dial('nowhere'), request)
  expect(seen).toMatchObject([
    { service: { object: { metadata: { name: 'nobody' } } }, failure: { kind: 'refused' } },
    { failure: { kind: 'nxdomain' } },
  ])
})

test('plain bytes are a connection; HTTP written by hand is reported once, as HTTP; an opened port has no bytes', async () => {
  const { seen, tcp, probe, dial } = await start()
  await tcp(dial('tcp'), bytes('hi'))
  await tcp(dial('web'), bytes('GET /x HTTP/1.1\r\nHost: web\r\n\r\n'))
  await probe(dial('tcp'))
  expect(seen.map(({ request, bytes: { sent, received } }) => [request?.path, sent, received])).toEqual([
    [undefined, 2, 2],
    ['/x', 0, 3],
    [undefined, 0, 0],
  ])
})
