import { describe, expect, test } from 'vitest'
import { formatProblem, parseManifests } from '../../src/kube/manifests.ts'

const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n'

describe('objects', () => {
  test.each([
    ['one document', config, ['a']],
    [
      'several, with empty and comment-only ones',
      `---\n# nothing\n---\n${config}---\n${config.replace('a}', 'b}')}---\n`,
      ['a', 'b'],
    ],
    ['JSON', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}', ['a']],
    ['a List', `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n`, ['x']],
    ['generateName', 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: p-}\n', [undefined]],
    ['nothing at all', '\n# only a comment\n', []],
  ])('%s', (_, text, names) => {
    const { objects, problems } = parseManifests(text)
    expect(problems).toEqual([])
    expect(objects.map(({ object }) => object.metadata.name)).toEqual(names)
  })

  test.each([
    ['yes', true],
    ['off', false],
    ['0777', 511],
    ['"yes"', 'yes'],
    ['2026-11-24', '2026-11-24'],
    ['12:30', '12:30'],
    ['1e3', 1000],
    ['~', null],
  ])('%s is read as kubectl reads it', (text, value) => {
    expect(parseManifests(`${config}x: ${text}\n`).objects[0]?.object.x).toEqual(value)
  })
})

describe('problems have a place', () => {
  test.each([
    ['bad indentation', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n namespace: b\n', /^f\.yaml:5:\d+ /],
    ['an unclosed bracket', 'apiVersion: v1\nkind: [x\n', /^f\.yaml:\d+:\d+ /],
    ['a tab', 'apiVersion: v1\nmetadata:\n\tname: x\n', /^f\.yaml:3:\d+ /],
    ['a repeated key', 'apiVersion: v1\nkind: A\nkind: B\nmetadata: {name: x}\n', /^f\.yaml:3:1 .*unique/],
    ['no apiVersion', 'kind: ConfigMap\nmetadata: {name: a}\n', 'f.yaml:1:1 apiVersion is not set'],
    ['no kind', '# c\napiVersion: v1\nmetadata: {name: a}\n', 'f.yaml:2:1 kind is not set'],
    ['no name', 'apiVersion: v1\nkind: A\nmetadata: {}\n', 'f.yaml:1:1 metadata.name is not set'],
    ['a text', 'just words\n', 'f.yaml:1:1 expected a Kubernetes object'],
    ['the second document', `${config}---\nkind: A\nmetadata: {name: b}\n`, 'f.yaml:5:1 apiVersion is not set'],
  ])('%s', (_, text, place) => {
    const [problem] = parseManifests(text, 'f.yaml').problems
    expect(problem && formatProblem(problem)).toMatch(place)
  })

  test('good documents come back beside bad ones', () => {
    const { objects, problems } = parseManifests(`kind: A\n---\n${config}`)
    expect([objects.length, problems.length]).toEqual([1, 1])
  })

  test('an alias bomb is a problem, not a hang', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
    const { problems } = parseManifests(`l0: &l0 x\n${levels.join('\n')}\n`)
    expect(problems[0]?.message).toMatch(/alias/i)
  })

  test('a file of 50 MB is refused unread', () => {
    expect(parseManifests('a'.repeat(50_000_000)).problems[0]?.message).toContain('10 MB')
  })
})
