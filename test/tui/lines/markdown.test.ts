import { expect, test } from 'vitest'
import { markdown } from '../../../src/tui/lines/markdown.ts'
import { plainText } from '../../../src/tui/text.ts'

const show = (text: string, width = 24) => markdown(text, width).map((row) => plainText(row).trimEnd())

test.each<[string, string, string[]]>([
  ['joins the lines of a paragraph', 'one\ntwo', ['one two']],
  ['wraps it', 'one two three four five six', ['one two three four five', 'six']],
  ['separates paragraphs by one line', 'one\n\n\ntwo', ['one', '', 'two']],
  ['hangs list items', '- one two three four five\n- six', ['- one two three four', '  five', '- six']],
  ['joins the lines of an item', '- one\n  two', ['- one two']],
  ['counts as written', '1. one\n2. two', ['1. one', '2. two']],
  ['keeps code as it is', '```yaml\nspec:\n  mtls: {}\n```', ['  spec:', '    mtls: {}']],
  ['indented code too', 'see\n\n    kubectl get pods', ['see', '', '  kubectl get pods']],
  [
    'continues long code below, further in',
    '```\nkubectl -n production get pods\n```',
    ['  kubectl -n production', '      get pods'],
  ],
  ['headings lose their marks', '## Exam', ['Exam']],
  ['inline marks go', 'use `STRICT`, **always**', ['use STRICT, always']],
  ['emphasis loses its marks', 'use *auto mTLS*', ['use auto mTLS']],
  ['code inside bold loses its marks too', '**set `mode` now**', ['set mode now']],
  ['code inside bold keeps its stars', '**`/api/*` first**', ['/api/* first']],
  ['code inside emphasis', '*not `mode`*', ['not mode']],
  ['two bold texts stay two', '**a** and **b**', ['a and b']],
  ['globs stay', '/api/* and /b/*', ['/api/* and /b/*']],
  ['quotes keep a bar at each row', '> **A** said\n> no.\n>\n> B', ['| A said no.', '|', '| B']],
  ['a quote wraps beside its bar', '> one two three four five', ['| one two three four', '| five']],
  ['a comparison is no quote', 'a > b', ['a > b']],
  ['a table that fits', '| mode | is |\n|---|---|\n| `STRICT` | mTLS |', ['mode    is', 'STRICT  mTLS']],
  [
    'a table that does not',
    '| mode | what it accepts |\n|---|---|\n| STRICT | mutual TLS and nothing |',
    ['STRICT', '  what it accepts:', '    mutual TLS and', '    nothing'],
  ],
  ['a lone mark stays', '2 * 3 ` 4', ['2 * 3 ` 4']],
])('%s', (_, text, expected) => {
  expect(show(text)).toEqual(expected)
})

test('code and bold have roles', () => {
  expect(markdown('a `b` **c**', 40)[0]).toEqual([
    { text: 'a', role: 'text' },
    { text: ' ', role: 'text' },
    { text: 'b', role: 'code' },
    { text: ' ', role: 'text' },
    { text: 'c', role: 'strong' },
  ])
})

test('code inside bold is code, the rest of it bold', () => {
  expect(markdown('**set `mode`**', 40)[0]).toEqual([
    { text: 'set', role: 'strong' },
    { text: ' ', role: 'strong' },
    { text: 'mode', role: 'code' },
  ])
})
