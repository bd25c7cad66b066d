/** The verbs that need a cluster, on one embedded cluster of this process, over HTTPS. */
import { existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { main } from '../../src/cli/main.ts'
import type { Report } from '../../src/grading/report.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import { connect, type RemoteCluster } from '../../src/kube/transport.ts'
import { fakeIo, runCli } from './io.ts'

const home = mkdtempSync(join(tmpdir(), 'cli-cluster-'))
const env = { MESHDOJO_HOME: home }
const scenario = 'istio-strict-mtls'
const strict = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: 'production' },
  spec: { mtls: { mode: 'STRICT' } },
}

/** `cluster serve` in this process; resolves when it is ready. */
const serve = async (...args: string[]) => {
  const { io, written, interrupt } = fakeIo(env)
  const ended = main(['cluster', 'serve', ...args], io)
  await vi.waitFor(() => expect(written.stdout).toMatch(/^ready .*\n/), 30_000)
  return { kubeconfig: /^ready (.*)\n/.exec(written.stdout)![1]!, ended, interrupt, written, io }
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

describe('cluster serve', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it with 0; no port, no kubeconfig is left', async (signal) => {
    const served = await serve()
    expect(statSync(served.kubeconfig).mode & 0o777).toBe(0o600)
    const cluster = await connect(served.kubeconfig)
    const { items } = await createClient(cluster).list({ apiVersion: 'v1', kind: 'Namespace' })
    expect(items.map(({ metadata }) => metadata.name)).toContain('istio-system')
    cluster.close()
    const { port } = new URL(cluster.connection.server)
    served.interrupt(signal)
    expect(await served.ended).toBe(0)
    expect(served.written.stdout).toBe(`ready ${served.kubeconfig}\n`)
    expect(existsSync(served.kubeconfig)).toBe(false)
    expect(await isListening(Number(port))).toBe(false)
    expect(readdirSync(join(home, 'clusters'))).toEqual([])
  })

  test('a second one has a file of its own', async () => {
    const [first, second] = [await serve(), await serve()]
    expect(first.kubeconfig).not.toBe(second.kubeconfig)
    first.interrupt()
    second.interrupt()
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0])
  })

  test('ends when its standard input does, if it was told to', async () => {
    const served = await serve('--until-stdin-ends')
    ;(served.io.stdin as NodeJS.ReadableStream as import('node:stream').PassThrough).end()
    expect(await served.ended).toBe(0)
    expect(existsSync(served.kubeconfig)).toBe(false)
  })

  test('a port that is in use is wrong usage', async () => {
    const served = await serve('--kubeconfig', join(home, 'one'))
    const { port } = new URL((await connect(served.kubeconfig)).connection.server)
    expect(await runCli(['cluster', 'serve', '--port', port], env)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(new RegExp(`port ${port} is in use: choose another`)),
    })
    served.interrupt()
    await served.ended
  })

  test('a kubeconfig that cannot be written is wrong usage, and leaves nothing running', async () => {
    expect(await runCli(['cluster', 'serve', '--kubeconfig', join(home, 'no', 'such', 'folder')], env)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/cannot be written \(ENOENT\)/),
    })
  })
})

describe('on a lab', () => {
  let served: Awaited<ReturnType<typeof serve>>
  let cluster: RemoteCluster
  let client: Client
  beforeAll(async () => {
    served = await serve('--scenario', scenario)
    cluster = await connect(served.kubeconfig)
    client = createClient(cluster)
  })
  afterAll(async () => {
    cluster.close()
    served.interrupt()
    await served.ended
  })

  test('the lab that runs is found without naming it', async () => {
    expect((await runCli(['matrix'], env)).code).toBe(0)
  })

  test('why tells every rule in order', async () => {
    const argv = ['why', 'legacy/client', 'http://orders.production/api/orders', '--kubeconfig', served.kubeconfig]
    const { code, stdout } = await runCli(argv, env)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^allowed: .*PERMISSIVE/)
    expect(stdout.match(/^ {2}\d {2}/gm)?.length).toBeGreaterThan(1)
    const json = JSON.parse((await runCli([...argv, '--json'], env)).stdout)
    expect(json).toMatchObject({
      from: 'legacy/client',
      outcome: 'ok',
      transport: 'plaintext',
      destination: 'production/orders',
    })
    expect(json.steps[0]).toMatchObject({
      at: expect.any(String),
      outcome: expect.any(String),
      says: expect.any(String),
    })
  })

  test('why names the nearest workload', async () => {
    const { code, stderr } = await runCli(['why', 'legacy/clinet', 'http://orders.production/'], env)
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/no pod of "legacy\/clinet" \(did you mean "legacy\/client"\?\)/),
    ])
  })

  test('check: 1 while unsolved, the contract’s JSON, 0 when passed; --watch turns by itself and ends with 130', async () => {
    const argv = ['check', scenario, '--step', 'strict-production', '--kubeconfig', served.kubeconfig, '--json']
    const before = await runCli(argv, env)
    const report = JSON.parse(before.stdout) as Report
    expect(before.code).toBe(1)
    expect(report).toMatchObject({ scenario, passed: false, steps: [{ id: 'strict-production', passed: false }] })
    for (const check of report.steps[0]!.checks) {
      expect(check).toMatchObject({
        id: expect.any(String),
        says: expect.any(String),
        passed: expect.any(Boolean),
        expected: expect.any(String),
        seen: expect.any(String),
      })
    }
    const failed = report.steps[0]!.checks.find(({ passed }) => !passed)
    expect(failed?.because).toMatch(/PERMISSIVE/)

    const { io, written, interrupt } = fakeIo(env)
    const watching = main([...argv, '--watch'], io)
    const documents = () =>
      written.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Report)
    await vi.waitFor(() => expect(documents()).toHaveLength(1), 30_000)
    await client.apply([strict])
    await vi.waitFor(() => expect(documents().at(-1)?.passed).toBe(true), 30_000)
    await client.delete({ apiVersion: strict.apiVersion, kind: strict.kind, ...strict.metadata })
    await vi.waitFor(() => expect(documents().at(-1)?.passed).toBe(false), 30_000)
    interrupt()
    expect(await watching).toBe(130)

    await client.apply([strict])
    expect((await runCli(argv, env)).code).toBe(0)
    const text = await runCli(
      argv.filter((word) => word !== '--json'),
      env,
    )
    expect(text.stdout).toMatch(/^passed: Refuse plaintext in production\n {2}ok /)
  })

  test('matrix has letters for people, and cells with reasons as JSON', async () => {
    const { stdout } = await runCli(['matrix', '--kubeconfig', served.kubeconfig], env)
    expect(stdout).toMatch(/FROM \\ TO +legacy\/server/)
    const json = JSON.parse((await runCli(['matrix', '--kubeconfig', served.kubeconfig, '--json'], env)).stdout)
    expect(json.cells).toHaveLength(json.sources.length)
    expect(json.cells[0][0]).toMatchObject({ letter: expect.any(String), says: expect.any(String) })
  })
})

test('verify proves a scenario on clusters of its own', async () => {
  const { code, stdout } = await runCli(['verify', scenario, '--reporter', 'json'], env)
  const { passed, proofs } = JSON.parse(stdout) as { passed: boolean; proofs: { passed: boolean; says?: string }[] }
  expect(proofs.filter((proof) => !proof.passed)).toEqual([])
  expect([code, passed]).toEqual([0, true])
})
