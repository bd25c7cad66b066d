/** One suite, three clients: the program's own in process and over TLS, and `@kubernetes/client-node`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { KubeConfig, PortForward } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'
import { connect, type RemoteCluster } from '../../src/kube/transport.ts'
import { settled } from '../embedded/small-cluster.ts'
import { clientContract } from './client.ts'
import { clientNode } from './client-node.ts'
import { kubeClient } from './kube-client.ts'

let embedded: EmbeddedCluster
let served: ServedCluster
let remote: RemoteCluster
let folder: string
beforeAll(async () => {
  embedded = await createEmbeddedCluster()
  served = await serve(embedded)
  folder = mkdtempSync(join(tmpdir(), 'meshdojo-contract-'))
  writeFileSync(join(folder, 'kubeconfig'), served.kubeconfig, { mode: 0o600 })
  remote = await connect(join(folder, 'kubeconfig'))
  await settled(embedded)
  const run = (name: string, container: object): Promise<void> => {
    const metadata = { name, namespace: 'default' }
    embedded.registry.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers: [{ name: 'main', ...container }] },
    })
    return ready(name)
  }
  await run('client', { image: 'busybox', command: ['sh', '-c', 'echo ready; sleep 1d'] })
  await run('web', { image: 'nginx', ports: [{ containerPort: 80 }] })
})
afterAll(async () => {
  remote.close()
  await served.close()
  embedded.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ready = (name: string): Promise<void> =>
  new Promise((resolve) => {
    const stop = embedded.registry.watch(
      { group: '', resource: 'pods' },
      ({ object }) => {
        const { conditions = [] } = (object.status ?? {}) as { conditions?: { type: string; status: string }[] }
        const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
        if (object.metadata.name !== name || !isReady) return
        resolve()
        queueMicrotask(() => stop())
      },
      { replay: true },
    )
  })

describe('the program’s client, in process', () => clientContract('inside', () => kubeClient(embedded.cluster)))
describe('the program’s client, over TLS', () => clientContract('outside', () => kubeClient(remote)))
describe('@kubernetes/client-node', () => {
  clientContract('node', () => clientNode(served.kubeconfig))

  test('forwards a port', async () => {
    const config = new KubeConfig()
    config.loadFromString(served.kubeconfig)
    const out = new PassThrough()
    const input = new PassThrough()
    const answered = new Promise<string>((resolve) => {
      let text = ''
      out.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
        if (text.includes('\r\n\r\n')) resolve(text)
      })
    })
    const socket = await new PortForward(config).portForward('default', 'web', [80], out, null, input)
    input.write('GET / HTTP/1.1\r\nHost: web\r\n\r\n')
    expect(await answered).toMatch(/^HTTP\/1\.1 200 /)
    if ('close' in socket) socket.close()
  })
})
