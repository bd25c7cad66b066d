/** The streaming protocols as real kubectl speaks them: SPDY before 1.30 (port-forward before 1.31), WebSocket since. */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../../src/embedded/server.ts'
import { kubectls } from '../kubectl.ts'
import { settled } from '../small-cluster.ts'

const found = kubectls(['1.27', '1.29', '1.30', '1.32'])
if (found.length === 0) console.warn('kubectl is not installed: its streaming tests are skipped')

let embedded: EmbeddedCluster
let served: ServedCluster
let folder: string

beforeAll(async () => {
  embedded = await createEmbeddedCluster()
  served = await serve(embedded)
  folder = mkdtempSync(join(tmpdir(), 'meshdojo-test-'))
  writeFileSync(join(folder, 'kubeconfig'), served.kubeconfig, { mode: 0o600 })
  await settled(embedded)
  for (const [name, container] of [
    ['client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] }],
    ['echo', { image: 'mendhak/http-https-echo:37' }],
  ] as const)
    embedded.registry.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { nodeName: 'node-1', containers: [{ name: 'main', ...container }] },
    })
})
afterAll(async () => {
  await served.close()
  embedded.stop()
  rmSync(folder, { recursive: true, force: true })
})

const environment = () => ({ PATH: process.env.PATH ?? '', HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') })

const run = (
  kubectl: string,
  args: string[],
  stdin: string | 'left open' = '',
): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile(kubectl, args, { env: environment() }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    )
    if (stdin !== 'left open') child.stdin?.end(stdin)
  })

describe.skipIf(found.length === 0).each(found)('%s', (kubectl) => {
  test('exec: output, error output, exit code', async () => {
    const { code, stdout, stderr } = await run(kubectl, [
      'exec',
      'client',
      '--',
      'sh',
      '-c',
      'echo out; echo err >&2; exit 7',
    ])
    expect([code, stdout, stderr]).toEqual([7, 'out\n', 'err\ncommand terminated with exit code 7\n'])
  })

  test('exec: standard input to its end', async () => {
    expect((await run(kubectl, ['exec', '-i', 'client', '--', 'cat'], 'hello\n')).stdout).toBe('hello\n')
  })

  test('exec and debug: a command that does not read ends although its input stays open', async () => {
    expect((await run(kubectl, ['exec', '-i', 'client', '--', 'ls', '/etc/hosts'], 'left open')).stdout).toBe(
      '/etc/hosts\n',
    )
    const { code, stdout } = await run(
      kubectl,
      ['debug', 'node/meshdojo-worker', '-it', '--image=busybox', '--', 'ls', '-d', '/host'],
      'left open',
    )
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\/host$/m)])
  })

  test('exec: a command that does not exist', async () => {
    const { code, stderr } = await run(kubectl, ['exec', 'client', '--', 'nosuch'])
    expect(code).not.toBe(0)
    expect(stderr).toContain('exec: "nosuch": executable file not found in $PATH')
  })

  test('a pod that does not exist', async () => {
    expect((await run(kubectl, ['exec', 'none', '--', 'ls'])).stderr).toBe(
      'Error from server (NotFound): pods "none" not found\n',
    )
  })

  test('port-forward carries requests', async () => {
    const child = spawn(kubectl, ['port-forward', 'pod/echo', ':8080'], { env: environment() })
    try {
      const port = await new Promise<string>((resolve) => {
        let text = ''
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          const line = /127\.0\.0\.1:(\d+)/.exec(text)
          if (line?.[1]) resolve(line[1])
        })
      })
      for (const path of ['/a', '/b'])
        expect(await (await fetch(`http://127.0.0.1:${port}${path}`)).json()).toMatchObject({ path })
    } finally {
      child.kill()
    }
  })
})
