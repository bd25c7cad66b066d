/** The file of a bundle: packed, read back, and refused when it is cut off, damaged or something else. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BundleIndex, bundleFormat } from '../../../src/providers/kind/bundle/contents.ts'
import { listFiles, pack } from '../../../src/providers/kind/bundle/pack.ts'
import { readIndex, unpack } from '../../../src/providers/kind/bundle/unpack.ts'
import { nodeImage } from '../../../src/providers/kind/plan.ts'

const arch = 'amd64'
const other = 'arm64'

const folderOf = (files: Record<string, string>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}
const indexOf = async (folder: string, more: Partial<BundleIndex> = {}): Promise<BundleIndex> => ({
  ...{ format: bundleFormat, madeBy: '0.0.0', mesh: 'istio', version: '1.30.3', node: nodeImage },
  images: { [arch]: [] },
  files: await listFiles(folder),
  ...more,
})
const packed = async (more: Partial<BundleIndex> = {}): Promise<string> => {
  const folder = folderOf({
    [`${arch}/node.tar`]: 'n'.repeat(1500),
    [`${arch}/images.tar`]: 'i'.repeat(700),
    [`${other}/images.tar`]: 'o'.repeat(300),
    'charts/base-1.tgz': 'c',
  })
  const file = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'b.tar')
  await pack(folder, await indexOf(folder, more), file)
  return file
}
const target = (): string => join(mkdtempSync(join(tmpdir(), 'bundle-')), 'into')

test('unpacks to what was packed, of one architecture, once', async () => {
  const [file, into] = [await packed(), target()]
  await unpack(file, arch, into)
  expect(readdirSync(into, { recursive: true, encoding: 'utf8' }).sort()).toEqual(
    [arch, `${arch}/images.tar`, `${arch}/node.tar`, 'charts', 'charts/base-1.tgz', 'index.json'].sort(),
  )
  expect(readFileSync(join(into, arch, 'node.tar'), 'utf8')).toBe('n'.repeat(1500))
  writeFileSync(join(into, 'charts/base-1.tgz'), 'mark')
  await unpack(file, arch, into)
  expect(readFileSync(join(into, 'charts/base-1.tgz'), 'utf8')).toBe('mark')
})

test('cut off anywhere, or with any byte of a file changed: refused, and nothing of it is left', async () => {
  const whole = readFileSync(await packed())
  await fc.assert(
    // Two empty blocks end a tar, and may be missing.
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1025 }), async (length) => {
      const [file, into] = [target(), target()]
      writeFileSync(file, whole.subarray(0, length))
      await expect(unpack(file, arch, into)).rejects.toMatchObject({ name: 'BundleRefused' })
      expect([existsSync(into), existsSync(`${into}.part`)]).toEqual([false, false])
    }),
    { numRuns: 25 },
  )
  for (const letter of ['n', 'i']) {
    const [file, into, changed] = [target(), target(), Buffer.from(whole)]
    changed[whole.indexOf(letter.repeat(600)) + 300] = 'X'.charCodeAt(0)
    writeFileSync(file, changed)
    await expect(unpack(file, arch, into)).rejects.toThrow(/is damaged: .* has not the checksum/)
    expect(existsSync(into)).toBe(false)
  }
})

test('an index of another format, and files that are something else, are told apart', async () => {
  await expect(readIndex(await packed({ format: 2 as typeof bundleFormat, madeBy: '9.0.0' }))).rejects.toThrow(
    /is of format 2 \(by meshdojo 9\.0\.0\), and this meshdojo reads format 1: use the meshdojo that made it/,
  )
  await expect(readIndex(await packed({ mesh: 'kuma' as 'istio' }))).rejects.toThrow(
    /is no bundle of meshdojo \(index\.json: mesh:/,
  )
  const docker = join(folderOf({ 'x.tar': 'hello' }), 'x.tar')
  await expect(readIndex(docker)).rejects.toThrow(/cannot be read as a bundle|no bundle/)
  truncateSync(docker, 0)
  await expect(readIndex(docker)).rejects.toThrow(/no bundle of meshdojo|cannot be read/)
})
