import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { beganAt } from '../../src/shell/began.ts'
import { startOwned } from '../../src/shell/child.ts'
import { findProgram } from '../../src/shell/find.ts'

const nowhere = '/no/such/proc'
// Windows has neither; a small container may have no ps.
const ways = [
  ['/proc', '/proc', process.platform === 'linux'],
  ['ps', nowhere, findProgram('ps') !== undefined],
] as const

test.each(ways.filter(([, , isThere]) => isThere))(
  'by %s: the same as long as it runs, and nothing once it has ended',
  async (_, proc) => {
    const child = await startOwned({ run: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], says: 'Wait' })
    const began = await beganAt(child.pid, proc)
    expect(began).toMatch(/\d/)
    expect(await beganAt(child.pid, proc)).toBe(began)
    expect(await beganAt(process.ppid, proc)).not.toBe(began)
    await child.stop()
    expect(await beganAt(child.pid, proc)).toBeUndefined()
  },
)

test('in /proc, whatever the program is called; a process that has ended and was not waited for does not run', async () => {
  const proc = mkdtempSync(join(tmpdir(), 'proc-'))
  const write = (pid: string, state: string): void => {
    mkdirSync(join(proc, pid))
    writeFileSync(
      join(proc, pid, 'stat'),
      `${pid} (a) Z (b c) ${state} ${Array.from({ length: 18 }, (__, at) => at).join(' ')} 4711 0`,
    )
  }
  write('self', 'S')
  write('12', 'S')
  write('13', 'Z')
  expect([await beganAt(12, proc), await beganAt(13, proc)]).toEqual(['4711', undefined])
})
