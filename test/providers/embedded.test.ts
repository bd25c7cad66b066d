/** The provider, against a program that the test writes: what happens when the cluster's process misbehaves. */
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { isAlive } from '../../src/providers/claim.ts'
import { createEmbeddedProvider } from '../../src/providers/embedded.ts'

const lab = { name: 'lab', mesh: 'istio' as const, objects: [] }

const withProgram = (code: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'provider-'))
  const program = join(folder, 'program.mjs')
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(join(folder, 'pid'))}, String(process.pid))\n${code}`,
  )
  const provider = createEmbeddedProvider({ stateFolder: folder, program: [process.execPath, program] })
  return { folder, provider }
}
const leftovers = (folder: string) => readdirSync(join(folder, 'clusters'))

describe('opening', () => {
  test.each([
    [
      'the process fails',
      'console.error("no entropy"); process.exit(9)',
      /Start the embedded cluster.*exit code 9[\s\S]*no entropy/,
    ],
    ['it is ready without a kubeconfig', 'console.log("ready /nowhere"); process.stdin.resume()', /no such file/],
  ])('%s: said with its last words, and nothing is left', async (_, code, says) => {
    const { folder, provider } = withProgram(code)
    await expect(provider.open(lab, {})).rejects.toThrow(says)
    expect(leftovers(folder)).toEqual([])
  })

  test('given up while the cluster starts: the process is gone, nothing is left', async () => {
    const { folder, provider } = withProgram('process.stdin.resume(); setInterval(() => {}, 1000)')
    const giveUp = new AbortController()
    const opening = provider.open(lab, { signal: giveUp.signal })
    const { readFileSync } = await import('node:fs')
    const pid = await vi.waitFor(() => {
      const text = readFileSync(join(folder, 'pid'), 'utf8')
      expect(text).toMatch(/^\d+$/)
      return Number(text)
    }, 20_000)
    giveUp.abort()
    await expect(opening).rejects.toThrow()
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 20_000)
    expect(leftovers(folder)).toEqual([])
  })
})
