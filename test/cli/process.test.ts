/** The built program as a process: signals, pipes, exit codes. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startOwned } from '../../src/shell/child.ts'
import { program } from './terminal.ts'

const home = mkdtempSync(join(tmpdir(), 'process-'))
const start = (...args: string[]) =>
  startOwned({
    run: [process.execPath, program, ...args],
    says: 'Run meshdojo',
    env: { MESHDOJO_HOME: home, NO_COLOR: '1' },
  })

test.each(['SIGINT', 'SIGTERM'] as const)('cluster serve ends with 0 on %s', async (signal) => {
  const child = await start('cluster', 'serve')
  const [, kubeconfig] = await child.line(/^ready (.*)/)
  process.kill(child.pid, signal)
  expect((await child.ended).exitCode).toBe(0)
  expect(existsSync(kubeconfig!)).toBe(false)
})

test('check --watch ends with 130 on SIGINT', async () => {
  const cluster = await start('cluster', 'serve', '--scenario', 'istio-strict-mtls')
  const [, kubeconfig] = await cluster.line(/^ready (.*)/)
  const watch = await start('check', 'istio-strict-mtls', '--watch', '--json', '--kubeconfig', kubeconfig!)
  await watch.line(/^\{/)
  process.kill(watch.pid, 'SIGINT')
  expect((await watch.ended).exitCode).toBe(130)
  await cluster.stop()
})

test('a reader that goes away is no error', async () => {
  const child = spawn(process.execPath, [program, 'list', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MESHDOJO_HOME: home },
  })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect([code, stderr]).toEqual([0, ''])
})

test('no terminal: a clear line and 2', async () => {
  const child = await start()
  const { exitCode, lastLines } = await child.ended
  expect(exitCode).toBe(2)
  expect(lastLines.join()).toMatch(/needs a terminal.*meshdojo list/)
})
