/** What a killed run left running, on systems that tell of processes in either way. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { awaitOrphan, noteChild } from '../../../src/providers/kind/orphan.ts'
import { beganAt } from '../../../src/shell/began.ts'
import { startOwned } from '../../../src/shell/child.ts'

const waiting = () => startOwned({ run: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], says: 'Wait' })
const freshNote = () => join(mkdtempSync(join(tmpdir(), 'orphan-')), 'child.json')

test('it is waited for as long as it runs, and said', async () => {
  const path = freshNote()
  const child = await waiting()
  noteChild(path, child.pid, 'kind create')
  const began = await beganAt(child.pid)
  await vi.waitFor(() =>
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ pid: child.pid, began, line: 'kind create' }),
  )
  const said: string[] = []
  await awaitOrphan(path, {
    onProgress: (says) => {
      said.push(says)
      void child.stop()
    },
  })
  expect(said[0]).toBe(`Waiting for what a killed run had started (process ${child.pid}): kind create`)
  expect(existsSync(path)).toBe(false)
})

test('another process that got its number is not waited for; nor is a note that cannot be read', async () => {
  const path = freshNote()
  const notes = [JSON.stringify({ pid: process.pid, began: 'another time', line: 'kind create' }), 'half a no', '']
  for (const note of notes) {
    writeFileSync(path, note)
    await awaitOrphan(path, { onProgress: () => expect.fail('it waited') })
    expect(existsSync(path)).toBe(false)
  }
})

test('who gives up while waiting is let go', async () => {
  const path = freshNote()
  const child = await waiting()
  writeFileSync(path, JSON.stringify({ pid: child.pid, began: await beganAt(child.pid), line: 'kind create' }))
  const stop = new AbortController()
  await expect(awaitOrphan(path, { signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow(/abort/)
  await child.stop()
})

test('a note that cannot be written keeps nobody from working', async () => {
  await noteChild('/no/such/folder/child.json', process.pid, 'kind create')()
})
