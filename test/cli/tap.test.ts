/** `tap` on an embedded cluster, over HTTPS: what is on the wire, before and after the mesh refuses it. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { findKubeconfig } from '../../src/cli/target.ts'
import { createClient } from '../../src/kube/client.ts'
import { connect } from '../../src/kube/transport.ts'
import { fakeIo, runCli } from './io.ts'

const env: NodeJS.ProcessEnv = { MESHDOJO_HOME: mkdtempSync(join(tmpdir(), 'cli-tap-')) }
const secret = 'Bearer 8f14e45f-staging'
const url = 'http://api-server.production/api/products'
let stop: () => Promise<unknown>

beforeAll(async () => {
  const { io, written, interrupt } = fakeIo(env)
  const ended = main(['cluster', 'serve', '--scenario', 'istio-eavesdrop'], io)
  await vi.waitFor(() => expect(written.stdout).toMatch(/^ready .*\n/), 30_000)
  stop = () => {
    interrupt()
    return ended
  }
})
afterAll(() => stop())

const tap = (from: string, ...more: string[]) =>
  runCli(['tap', from, url, '-H', `Authorization: ${secret}`, ...more], env)

interface Printed {
  now: string
  met: string
  notes: string[]
  plaintext?: { chunks: { from: string; bytes: string }[] }
  mtls?: { chunks: { bytes: string }[]; client: string; server: string; serverName: string }
}
const tapJson = async (from: string): Promise<Printed> => JSON.parse((await tap(from, '--json')).stdout)
const bytesOf = (capture: { chunks: { bytes: string }[] } | undefined): string =>
  Buffer.from((capture?.chunks ?? []).map(({ bytes }) => bytes).join(''), 'hex').toString('latin1')

test('a sidecar that sends plaintext shows the token; mutual TLS hides it', async () => {
  const found = await tapJson('staging/client')
  expect(found).toMatchObject({ now: 'plaintext', met: '200' })
  // A sidecar writes names in lower case.
  expect(bytesOf(found.plaintext)).toMatch(/^GET \/api\/products HTTP\/1\.1\r\nhost: api-server\.production\r\n/)
  expect(bytesOf(found.plaintext)).toContain(`authorization: ${secret}\r\n`)
  expect(bytesOf(found.plaintext)).toContain('HTTP/1.1 200 OK\r\n')
  expect(found.mtls).toMatchObject({
    client: 'spiffe://cluster.local/ns/staging/sa/client',
    server: 'spiffe://cluster.local/ns/production/sa/api-server',
    serverName: 'outbound_.80_._.api-server.production.svc.cluster.local',
  })
  expect(bytesOf(found.mtls)).toContain(found.mtls!.serverName)
  expect(bytesOf(found.mtls)).not.toContain(secret)
  expect(bytesOf(found.mtls)).not.toContain('spiffe://')
})

test('a caller without a sidecar sends what curl wrote', async () => {
  const found = await tapJson('reports/exporter')
  expect(bytesOf(found.plaintext)).toContain('\r\nHost: api-server.production\r\n')
  expect(found.notes.join()).toContain('reports/exporter has no sidecar')
})

test('where it is mutual TLS already, the words say so', async () => {
  const { code, stdout } = await tap('production/frontend')
  expect(code).toBe(0)
  expect(stdout).toContain('on the wire now: mutual TLS')
  expect(stdout).toContain('== On the wire now: mutual TLS')
  expect(stdout).toMatch(/== The same in plaintext, \d+ % readable ==/)
  expect(stdout).toMatch(/^! 0\w{3} .*Bea/m)
})

test('refusing is not hiding: STRICT ends the connection after the token has passed', async () => {
  const cluster = await connect(findKubeconfig(fakeIo(env).io, undefined))
  await createClient(cluster).create({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'production' },
    spec: { mtls: { mode: 'STRICT' } },
  })
  cluster.close()
  const bare = await tapJson('reports/exporter')
  expect(bare).toMatchObject({ now: 'plaintext', met: 'refused (connection reset)' })
  expect(bytesOf(bare.plaintext)).toContain(secret)
  expect(bytesOf(bare.plaintext)).not.toContain('HTTP/1.1 200')
  // Its own sidecar answers 503: that answer was never between the pods.
  const meshed = await tapJson('staging/client')
  expect(meshed).toMatchObject({ now: 'plaintext', met: 'refused (503 from its own sidecar)' })
  expect(bytesOf(meshed.plaintext)).toContain(secret)
  expect(bytesOf(meshed.plaintext)).not.toContain('HTTP/1.1 503')
})

test('what goes nowhere shows nothing', async () => {
  const { code, stdout } = await runCli(['tap', 'legacy/client', 'http://nope.production/'], env)
  expect([code, stdout]).toEqual([0, expect.stringContaining("nothing leaves the caller's pod")])
  expect(stdout).not.toContain('==')
})

test('a workload that is not there is wrong usage', async () => {
  expect(await runCli(['tap', 'staging/clint', url], env)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/there is no pod of "staging\/clint" \(did you mean "staging\/client"\?\)/),
  })
})
