/**
 * All temporary folders of a test run lie in one of its own, which is gone when the run is. What a killed run left is
 * removed by the next: the folder's name has the process id.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../src/providers/claim.ts'

const prefix = 'meshdojo-test-'

export const setup = (): (() => void) => {
  const parent = tmpdir()
  for (const name of readdirSync(parent)) {
    const pid = Number(/^meshdojo-test-(\d+)-/.exec(name)?.[1])
    if (pid > 0 && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true })
  }
  const folder = mkdtempSync(join(parent, `${prefix}${process.pid}-`))
  process.env.TMPDIR = folder
  return () => {
    process.env.TMPDIR = parent
    rmSync(folder, { recursive: true, force: true })
  }
}
