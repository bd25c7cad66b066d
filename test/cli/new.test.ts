/** `new` and `--content`: what they write lints clean, verifies, and is found. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { contentRoots } from '../../src/cli/content.ts'
import { lintPaths } from '../../src/content/lint.ts'
import { fakeIo, runCli } from './io.ts'

let cwd: string
const run = (...argv: string[]) => runCli(argv, {}, cwd)
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'new-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

test('a new lab and a new scenario in it lint clean and hold, mutants and all', async () => {
  const made = [
    await run('new', 'lab', 'tiny'),
    await run('new', 'scenario', '30-our-port', '--lab', 'tiny'),
    await run('new', 'scenario', '31-another'),
  ]
  expect(made.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(made.map(({ stdout }) => stdout).join('')).toBe(
    'labs/tiny/lab.yaml\nlabs/tiny/world.yaml\nscenarios/istio/30-our-port/scenario.yaml\nscenarios/istio/31-another/scenario.yaml\n',
  )
  const guide = / the guide is (.*)$/m.exec(made[1]?.stderr ?? '')?.[1] ?? ''
  expect(existsSync(resolve(cwd, guide))).toBe(true)
  expect(await lintPaths([cwd])).toEqual([])
  const { code, stdout } = await run('verify', 'istio-our-port', 'istio-another', '--mutants', '--content', '.')
  expect(stdout).toMatch(/all 14 proofs hold/)
  expect(code).toBe(0)
  expect((await run('list', '--content', '.')).stdout).toMatch(/istio-tour[\s\S]*istio-our-port/)
})

test('a pack is proven alone; what fails is told with its place, for people and for GitHub', async () => {
  await run('new', 'scenario', '30-our-port')
  const file = 'scenarios/istio/30-our-port/scenario.yaml'
  const text = readFileSync(join(cwd, file), 'utf8')
  writeFileSync(join(cwd, file), text.replace('fails: refused', 'fails: still-works'))
  const line = text.slice(0, text.indexOf('- id: wrong-namespace')).split('\n').length
  const pretty = await run('verify', '--content', '.')
  expect(pretty.code).toBe(1)
  expect(pretty.stdout).toContain(`     ${file}:${line}:11\n`)
  expect(pretty.stdout).not.toContain('istio-tour')
  const { stdout } = await run('verify', '--content', '.', '--reporter', 'github')
  expect(stdout).toMatch(`::error file=${file},line=${line},col=11,title=istio-our-port`)
})

test('a pack without scenarios has nothing to prove', async () => {
  await run('new', 'lab', 'tiny')
  expect(await run('verify', '--content', '.')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching('there is no scenario below'),
  })
})

test('the first line of a new file leads to a schema, once the program is installed there', async () => {
  mkdirSync(join(cwd, 'node_modules'))
  await run('new', 'lab', 'tiny')
  const path = join(cwd, 'labs/tiny/lab.yaml')
  const schema = /^# yaml-language-server: \$schema=(.*)$/m.exec(readFileSync(path, 'utf8'))![1]!
  expect(resolve(dirname(path), schema)).toBe(join(cwd, 'node_modules/meshdojo/data/lab.schema.json'))
})

test.each<[what: string, argv: string[], message: RegExp]>([
  ['a scenario without a number', ['scenario', 'our-port'], /NN-slug is expected/],
  ['an unknown lab', ['scenario', '30-x', '--lab', 'shop-istoi'], /did you mean "shop-istio"/],
  ['a lab that cannot be a name', ['lab', 'A/b'], /is no name for a lab/],
  ['an unknown kind', ['scenari', '30-x'], /did you mean "scenario"/],
])('%s is refused, and nothing is written', async (_, argv, message) => {
  const { code, stderr } = await run('new', ...argv)
  expect(stderr).toMatch(message)
  expect(code).toBe(2)
  expect(existsSync(join(cwd, 'scenarios'))).toBe(false)
  expect(existsSync(join(cwd, 'labs'))).toBe(false)
})

test('what is there already is left alone', async () => {
  await run('new', 'lab', 'tiny')
  writeFileSync(join(cwd, 'labs/tiny/lab.yaml'), 'mine')
  expect(await run('new', 'lab', 'tiny')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching('labs/tiny is there already'),
  })
  expect(readFileSync(join(cwd, 'labs/tiny/lab.yaml'), 'utf8')).toBe('mine')
})

test('a pack is a folder or an installed package, or an error that says what is missing', () => {
  const { io } = fakeIo({}, cwd)
  const pack = join(cwd, 'node_modules/@team/pack')
  mkdirSync(join(pack, 'scenarios'), { recursive: true })
  writeFileSync(join(pack, 'package.json'), '{"name":"@team/pack"}')
  writeFileSync(join(cwd, 'package.json'), '{}')
  expect(contentRoots(io, '@team/pack').pack?.scenarios).toBe(join(pack, 'scenarios'))
  expect(contentRoots(io, 'node_modules/@team/pack').pack?.labs).toBe(join(pack, 'labs'))
  expect(() => contentRoots(io, 'nope')).toThrow('there is no such folder, nor an installed package')
  expect(() => contentRoots(io, '.')).toThrow('has neither scenarios/ nor labs/')
})
