import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createStepFiles, versionOf, watchFiles } from '../../src/session/step-files.ts'
import { item } from './fixture.ts'

const [bare] = item.scenario.spec.steps
const step = { ...bare!, files: [{ name: 'policy.yaml', content: 'starter\n' }] }
const files = () => {
  const folder = mkdtempSync(join(tmpdir(), 'files-'))
  return { folder, files: createStepFiles(folder) }
}

test('a starter is written once, and the learner’s text stays', () => {
  const { files: stepFiles, folder } = files()
  const [file] = stepFiles.prepare(item.scenario, step)
  expect(file).toEqual({ name: 'policy.yaml', path: join(folder, 'work/demo/first/policy.yaml') })
  expect(readFileSync(file!.path, 'utf8')).toBe('starter\n')
  writeFileSync(file!.path, 'mine\n')
  stepFiles.prepare(item.scenario, step)
  expect(readFileSync(file!.path, 'utf8')).toBe('mine\n')
})

test('a reset puts the starter back and keeps the learner’s text beside it', () => {
  const { files: stepFiles } = files()
  const [file] = stepFiles.prepare(item.scenario, step)
  writeFileSync(file!.path, 'mine\n')
  stepFiles.reset(item.scenario, step)
  expect(readFileSync(file!.path, 'utf8')).toBe('starter\n')
  expect(readFileSync(`${file!.path}.before-reset`, 'utf8')).toBe('mine\n')
})

test('a step without a starter has a file to open all the same', () => {
  const { files: stepFiles } = files()
  const [file] = stepFiles.prepare(item.scenario, bare!)
  expect(file?.name).toBe('first.yaml')
  expect(readFileSync(file!.path, 'utf8')).toMatch(/^# /)
})

test.each(['../../../escape.yaml', '/escape.yaml', '..'])('a file named %s stays in its folder', (name) => {
  const { files: stepFiles, folder } = files()
  const [file] = stepFiles.prepare(item.scenario, { ...step, files: [{ name, content: 'x' }] })
  expect(dirname(file!.path)).toBe(join(folder, 'work/demo/first'))
  expect(existsSync(file!.path)).toBe(true)
})

test.each([
  ['in place', (path: string) => writeFileSync(path, 'saved')],
  [
    'by a new file over it',
    (path: string) => {
      writeFileSync(`${path}~`, 'saved')
      renameSync(`${path}~`, path)
    },
  ],
])('a save is heard: %s', async (_, save) => {
  const { files: stepFiles } = files()
  const [file] = stepFiles.prepare(item.scenario, step)
  const before = versionOf(file!.path)
  const heard: string[] = []
  const stop = watchFiles([file!], ({ name }) => heard.push(name))
  save(file!.path)
  await vi.waitFor(() => expect(heard).toContain('policy.yaml'), 10_000)
  stop()
  expect(versionOf(file!.path)).not.toBe(before)
})
