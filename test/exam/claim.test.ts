/** One program at a time has an exam. */
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { claimExam } from '../../src/exam/claim.ts'

let folder = ''
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'claim-')), 'exam')
})
const file = () => join(folder, 'exam.pid')

test('a claim is held, and given back without a trace', () => {
  const claim = claimExam(folder)
  expect(existsSync(file())).toBe(true)
  if ('release' in claim) claim.release()
  expect(readdirSync(folder)).toEqual([])
})

test('a program that runs keeps its claim', () => {
  claimExam(folder)
  writeFileSync(file(), String(process.ppid))
  expect(claimExam(folder)).toEqual({ holder: process.ppid, file: file() })
  expect(readdirSync(folder)).toEqual(['exam.pid'])
})

test.each([
  ['of a process that is gone', '4194304999'],
  ['of this number before it was ours', String(process.pid)],
  ['that names nobody', 'x'],
])('a claim %s is void', (_, text) => {
  claimExam(folder)
  writeFileSync(file(), text)
  expect(claimExam(folder)).toHaveProperty('release')
})

test('giving back leaves alone what has become another’s', () => {
  const claim = claimExam(folder)
  writeFileSync(file(), '1')
  if ('release' in claim) claim.release()
  expect(existsSync(file())).toBe(true)
})
