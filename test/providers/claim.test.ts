import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ClusterBusy, claimKubeconfig, claimPath, runningLabs } from '../../src/providers/claim.ts'
import { beganAt } from '../../src/shell/began.ts'
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

describe('a claim on one thing', () => {
  const freshPath = () => join(mkdtempSync(join(tmpdir(), 'claim-')), 'meshdojo-istio.pid')
  const busy = (pid: number) => `in use by ${pid}`

  test('is held until it is released, by one; another is told who', async () => {
    const path = freshPath()
    const release = await claimPath(path, busy)
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid} ${await beganAt(process.pid)}`)
    await expect(claimPath(path, busy)).rejects.toThrow(new ClusterBusy(`in use by ${process.pid}`))
    await release()
    await (await claimPath(path, busy))()
    expect(readdirSync(join(path, '..'))).toEqual([])
  })

  test.each([
    ['of a process that is gone', '4194305 123'],
    ['of a process whose number another one has now', `${process.pid} long ago`],
    ['that says nothing', ''],
    ['that is no claim', 'hello world'],
  ])('%s is void', async (_, text) => {
    const path = freshPath()
    writeFileSync(path, text)
    await claimPath(path, busy)
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} `))
    expect(readdirSync(join(path, '..'))).toHaveLength(1)
  })

  test('of a process that is there counts, where nobody noted when it began', async () => {
    const path = freshPath()
    writeFileSync(path, String(process.ppid))
    await expect(claimPath(path, busy)).rejects.toThrow(`in use by ${process.ppid}`)
  })

  test('many at once at a void one: one has it', async () => {
    const path = freshPath()
    writeFileSync(path, '4194305 123')
    const all = await Promise.allSettled(Array.from({ length: 16 }, () => claimPath(path, busy)))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
