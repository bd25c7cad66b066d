import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { claimKubeconfig, runningLabs } from '../../src/providers/claim.ts'
import { startOwned } from '../../src/shell/child.ts'

const freshFolder = () => join(mkdtempSync(join(tmpdir(), 'claim-')), 'clusters')

test('a second claim gets a name of its own; a released one is free again', async () => {
  const folder = freshFolder()
  const first = await claimKubeconfig(folder, 'lab')
  const second = await claimKubeconfig(folder, 'lab')
  expect([first.kubeconfig, second.kubeconfig]).toEqual([
    join(folder, 'lab.kubeconfig'),
    join(folder, 'lab-2.kubeconfig'),
  ])
  writeFileSync(first.kubeconfig, 'x')
  expect(runningLabs(folder)).toEqual([first.kubeconfig])
  await first.release()
  await first.release()
  expect(readdirSync(folder)).toEqual(['lab-2.pid'])
  expect((await claimKubeconfig(folder, 'lab')).kubeconfig).toBe(first.kubeconfig)
})

test('what a killed program left is cleaned up by the next', async () => {
  const folder = freshFolder()
  const claim = new URL('../../src/providers/claim.ts', import.meta.url).href
  const code = `const {claimKubeconfig} = await import(${JSON.stringify(claim)}); const c = await claimKubeconfig(${JSON.stringify(folder)}, 'lab'); const {writeFileSync} = await import('node:fs'); writeFileSync(c.kubeconfig, 'old'); console.log('claimed'); setInterval(() => {}, 1000)`
  const child = await startOwned({ run: [process.execPath, '--input-type=module', '-e', code], says: 'Claim' })
  await child.line(/claimed/)
  expect(runningLabs(folder)).toHaveLength(1)
  process.kill(child.pid, 'SIGKILL')
  await child.ended
  expect(runningLabs(folder)).toEqual([])
  const next = await claimKubeconfig(folder, 'lab')
  expect(next.kubeconfig).toBe(join(folder, 'lab.kubeconfig'))
  expect(existsSync(next.kubeconfig)).toBe(false)
})

test('many at once never share a name', async () => {
  const folder = freshFolder()
  const claims = await Promise.all(Array.from({ length: 8 }, () => claimKubeconfig(folder, 'lab')))
  expect(new Set(claims.map(({ kubeconfig }) => kubeconfig)).size).toBe(8)
})
