/** The solution: alone, or beside what the learner has written. */
import { expect, test } from 'vitest'
import { solutionLines } from '../../../src/tui/lines/hints.ts'
import { plainText } from '../../../src/tui/text.ts'
import { labView } from '../views.ts'

const solution = 'kind: PeerAuthentication\nspec:\n  mtls:\n    mode: STRICT\n'
const shown = (mine?: string): string[] => solutionLines(labView({ solution, mine }), 60).map(plainText)

test('beside an edited file: what is the learner’s alone, what the answer’s alone, in order', () => {
  const rows = shown('kind: PeerAuthentication\nspec:\n  mtls:\n    mode: PERMISSIVE')
  expect(rows.slice(rows.indexOf('') + 1)).toEqual([
    '  kind: PeerAuthentication',
    '  spec:',
    '    mtls:',
    '-     mode: PERMISSIVE',
    '+     mode: STRICT',
  ])
  expect(rows.join(' ')).toContain('- is yours alone, + the answer alone')
})

test.each([
  ['an untouched file', undefined],
  ['a file that has no line in common', '{kind: Other}\n\n'],
])('beside %s: the answer as it is', (_, mine) => {
  const rows = shown(mine)
  expect(rows.slice(rows.indexOf('') + 1)).toEqual(solution.trimEnd().split('\n'))
})

test('a file that is right already shows no difference', () => {
  expect(shown(solution).some((row) => /^[-+] /.test(row))).toBe(false)
})
