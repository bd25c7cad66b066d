/** exec as @kubernetes/client-node does it: several subprotocols offered, the status read from channel 3. */
import { PassThrough } from 'node:stream'
import { Exec, KubeConfig, type V1Status } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../../src/embedded/server.ts'
import { settled } from '../small-cluster.ts'

let embedded: EmbeddedCluster
let served: ServedCluster
beforeAll(async () => {
  embedded = await createEmbeddedCluster()
  served = await serve(embedded)
  await settled(embedded)
  embedded.registry.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'client', namespace: 'default' },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'busybox', command: ['sleep', '1d'] }] },
  })
})
afterAll(async () => {
  await served.close()
  embedded.stop()
})

test.each([
  [['sh', '-c', 'cat; exit 0'], 'typed', 'Success', undefined],
  [['sh', '-c', 'cat; exit 9'], 'typed', 'Failure', '9'],
])('%j', async (command, stdout, status, code) => {
  const config = new KubeConfig()
  config.loadFromString(served.kubeconfig)
  const out = new PassThrough()
  const input = new PassThrough()
  input.end('typed')
  const ended = await new Promise<V1Status>((resolve, reject) => {
    new Exec(config).exec('default', 'client', 'main', command, out, null, input, false, resolve).catch(reject)
  })
  expect(String(out.read())).toBe(stdout)
  expect(ended.status).toBe(status)
  expect(ended.details?.causes?.[0]?.message).toBe(code)
})
