/** What lint looks at: content that is clean, the package's own, and a path without any. */
import { expect, test } from 'vitest'
import { lintPaths } from '../../../src/content/lint.ts'
import { lint, path, scenario } from './fixture.ts'

test('clean content has no problems', async () => {
  expect(await lint({ [path]: scenario })).toEqual([])
})

test('the content of the package is clean', async () => {
  expect(await lintPaths([])).toEqual([])
})

test('a path without content is a problem', async () => {
  const nothing = `${import.meta.dirname}/nothing`
  expect(await lintPaths([nothing])).toEqual([
    { file: nothing, line: 1, column: 1, message: 'there is no scenario.yaml or lab.yaml here' },
  ])
})
