/** The architecture's invariants, mostly absences, as tests over the sources' text. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({ name: name.replaceAll('\\', '/'), text: readFileSync(resolve(src, name), 'utf8') }))

/** Import specifiers of a file, static, dynamic and type-only; relative ones as paths below src/. */
const importsOf = (file: { name: string; text: string }): string[] =>
  [...file.text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)'([^']+)'/g)].map((match) => {
    const specifier = match[1]!
    return specifier.startsWith('.')
      ? relative(src, resolve(src, dirname(file.name), specifier)).replaceAll('\\', '/')
      : specifier
  })

const edges = files.flatMap((file) => importsOf(file).map((to) => ({ from: file.name, to })))
const isLocal = (to: string): boolean => files.some((file) => file.name === to)

/** Which folders a folder may import from, besides itself. */
const directions: Record<string, string[]> = {
  kube: [],
  go: ['kube/api.ts'],
  pki: [],
  meshes: ['kube/api.ts', 'kube/kinds.ts', 'go/'],
  tools: ['kube/', 'meshes/', 'pki/', 'root.ts'],
  grading: ['kube/', 'meshes/', 'content/', 'root.ts'],
  content: ['kube/', 'meshes/', 'grading/', 'root.ts'],
  tap: ['kube/', 'meshes/', 'grading/', 'pki/'],
  session: [
    'kube/',
    'meshes/',
    'grading/',
    'tap/',
    'content/',
    'exam/types.ts',
    'providers/provider.ts',
    'root.ts',
    'make-folder.ts',
  ],
  exam: ['session/', 'kube/', 'grading/', 'content/', 'root.ts', 'make-folder.ts'],
  report: ['session/', 'exam/', 'grading/report.ts', 'content/competencies.ts', 'content/schema.ts', 'content/load.ts'],
  tui: [
    'session/',
    'exam/types.ts',
    'exam/score.ts',
    'content/schema.ts',
    'content/competencies.ts',
    'content/tracks.ts',
    'grading/report.ts',
    'tap/text.ts',
    'tap/wire.ts',
    'root.ts',
  ],
  providers: ['kube/', 'shell/', 'content/schema.ts', 'content/lab-snapshots.ts', 'root.ts', 'make-folder.ts'],
  shell: ['session/types.ts', 'root.ts'],
  embedded: ['kube/', 'go/', 'meshes/', 'pki/', 'root.ts'],
}

describe('imports point inwards', () => {
  test.each(Object.entries(directions))('%s imports only %j', (folder, allowed) => {
    const strays = edges.filter(
      ({ from, to }) =>
        from.startsWith(`${folder}/`) &&
        isLocal(to) &&
        !to.startsWith(`${folder}/`) &&
        !allowed.some((prefix) => to === prefix || (prefix.endsWith('/') && to.startsWith(prefix))),
    )
    expect(strays).toEqual([])
  })

  test('meshes never wait: nothing of Node, no promises but the lazy CRDs', () => {
    const strays = edges.filter(({ from, to }) => from.startsWith('meshes/') && to.startsWith('node:'))
    expect(strays).toEqual([])
  })

  test('only shell starts processes', () => {
    const strays = edges.filter(
      ({ from, to }) => !from.startsWith('shell/') && ['execa', 'node:child_process', 'child_process'].includes(to),
    )
    expect(strays).toEqual([])
  })
})

describe('each file', () => {
  test('leaves ending the program to main.ts', () => {
    expect(
      files.filter((file) => file.name !== 'main.ts' && /\bprocess\.exit\(/.test(file.text)).map((f) => f.name),
    ).toEqual([])
  })

  test('holds no mutable state at import', () => {
    expect(files.filter((file) => /^(export )?(let|var) /m.test(file.text)).map((f) => f.name)).toEqual([])
  })

  test('stays holdable: one reader’s question, under 450 lines', () => {
    expect(files.filter((file) => file.text.split('\n').length > 450).map((f) => f.name)).toEqual([])
  })

  test('exports by name', () => {
    expect(files.filter((file) => /^export default /m.test(file.text)).map((f) => f.name)).toEqual([])
  })
})
