/** The same client over TLS as in process, against the embedded server. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import { ClusterUnreachable, StatusError } from '../../src/kube/errors.ts'
import { writeKubeconfig } from '../../src/kube/kubeconfig.ts'
import { seed, waitUntilReady } from '../../src/kube/seed.ts'
import { connect, connectTo, type RemoteCluster } from '../../src/kube/transport.ts'

let embedded: EmbeddedCluster
let served: ServedCluster
let cluster: RemoteCluster
let client: Client
const kubeconfig = join(mkdtempSync(join(tmpdir(), 'transport-')), 'config')

beforeAll(async () => {
  embedded = await createEmbeddedCluster()
  served = await serve(embedded)
  await writeKubeconfig(kubeconfig, served.kubeconfig)
  cluster = await connect(kubeconfig)
  client = createClient(cluster)
  const spec = { containers: [{ name: 'c', image: 'curlimages/curl:8.10.1', command: ['sleep', 'infinity'] }] }
  await seed(client, [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shell' }, spec }])
  await waitUntilReady(client)
})
afterAll(async () => {
  cluster.close()
  await served.close()
  embedded.stop()
})

const config = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })
const ref = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name })

test('objects are written, read, listed and deleted, over kept connections', async () => {
  await client.create({ ...config('a'), data: { x: 'ü' } })
  expect((await client.get(ref('a'))).data).toEqual({ x: 'ü' })
  await client.patch(ref('a'), 'json', [{ op: 'replace', path: '/data/x', value: '2' }])
  const { items } = await client.list({ group: '', version: 'v1', resource: 'configmaps' }, { namespace: 'default' })
  expect(items.find(({ metadata }) => metadata.name === 'a')).toMatchObject({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    data: { x: '2' },
  })
  await client.delete(ref('a'))
  await client.delete(ref('a'))
  expect(await client.find(ref('a'))).toBeUndefined()
})

test('a list goes on through its pages', async () => {
  await Promise.all(Array.from({ length: 510 }, (_, index) => client.create(config(`page-${index}`))))
  const { items } = await client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' })
  expect(new Set(items.map(({ metadata }) => metadata.name)).size).toBeGreaterThan(510)
})

test('a watch hears what happens, and its end ends the request', async () => {
  const heard: string[] = []
  const watch = client.watch(
    { apiVersion: 'v1', kind: 'ConfigMap' },
    { onEvent: ({ type, object }) => heard.push(`${type} ${object.metadata.name}`) },
  )
  await watch.synced
  await client.create(config('watched'))
  await vi.waitFor(() => expect(heard).toContain('ADDED watched'), 10_000)
  watch.stop()
})

describe('exec', () => {
  const target = { namespace: 'default', pod: 'shell' }
  const exec = async (argv: string[], stdin?: string) => {
    const output = { stdout: '', stderr: '' }
    const input = async function* () {
      yield Buffer.from(stdin ?? '')
    }
    const { exitCode } = await cluster.exec(target, argv, {
      stdout: (chunk) => {
        output.stdout += Buffer.from(chunk)
      },
      stderr: (chunk) => {
        output.stderr += Buffer.from(chunk)
      },
      ...(stdin === undefined ? {} : { stdin: input() }),
    })
    return { exitCode, ...output }
  }

  test.each([
    ['output', ['sh', '-c', 'echo out; echo err >&2'], undefined, { exitCode: 0, stdout: 'out\n', stderr: 'err\n' }],
    ['an exit code', ['sh', '-c', 'exit 7'], undefined, { exitCode: 7, stdout: '', stderr: '' }],
    ['input to its end', ['cat'], 'through\n', { exitCode: 0, stdout: 'through\n', stderr: '' }],
  ])('%s', async (_, argv, stdin, result) => {
    expect(await exec(argv, stdin)).toEqual(result)
  })

  test('a program that is not there is refused in the kubelet’s words', async () => {
    await expect(exec(['no-such-program'])).rejects.toThrow(/executable file not found/)
  })

  test('a pod that is not there is a StatusError', async () => {
    const nothing = { stdout: () => {}, stderr: () => {} }
    const error = await cluster
      .exec({ namespace: 'default', pod: 'nope' }, ['true'], nothing)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StatusError)
    expect((error as StatusError).code).toBe(404)
  })

  test('an abort ends it', async () => {
    const giveUp = new AbortController()
    const running = cluster.exec(target, ['sleep', '1000'], {
      stdout: () => {},
      stderr: () => {},
      signal: giveUp.signal,
    })
    giveUp.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
  })
})

test('certificates that are none are said at once', () => {
  const connection = { server: served.url, context: 'x', clientCertificate: 'not PEM', clientKey: 'not PEM' }
  expect(() => connectTo(connection)).toThrow(/certificates for .* cannot be used .*make the kubeconfig anew/)
})

test('another authority is not trusted, and the message says what to do', async () => {
  const other = await createEmbeddedCluster()
  const stranger = await serve(other)
  const path = `${kubeconfig}-other`
  await writeKubeconfig(path, stranger.kubeconfig)
  const { connection } = await connect(path)
  const wrong = connectTo({ ...connection, server: served.url })
  const error = await createClient(wrong)
    .list({ group: '', version: 'v1', resource: 'pods' })
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ClusterUnreachable)
  expect((error as Error).message).toMatch(/cannot reach .*is the file from another run\?/)
  wrong.close()
  await stranger.close()
  other.stop()
})
