import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../../src/make-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'folders-'))

test('makes what is missing above as well, for the user alone; twice is once', () => {
  const path = join(root, 'a', 'b', 'c')
  makeFolder(path)
  makeFolder(path)
  expect(statSync(join(root, 'a', 'b')).mode & 0o777).toBe(0o700)
  expect(statSync(path).isDirectory()).toBe(true)
})

test('says what is in the way', () => {
  writeFileSync(join(root, 'file'), '')
  expect(() => makeFolder(join(root, 'file', 'below'))).toThrow(/ENOTDIR/)
})

// Node's recursive way never comes back from here.
test.skipIf(!existsSync('/proc/self'))(
  'ends where the file system says that a parent is missing which is there',
  () => {
    expect(() => makeFolder('/proc/meshdojo/state')).toThrow(/ENOENT|EACCES|EPERM/)
  },
)
