/** `docs/keys.md`, from the tables that the program itself reads. */
import { bindings } from '../../src/tui/keys.ts'
import { LETTERS } from '../../src/tui/lines/matrix.ts'
import { labCommands } from '../../src/tui/plain/commands.ts'
import { examCommands } from '../../src/tui/plain/exam.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** A table as the formatter leaves it: columns as wide as their longest cell. */
const table = (head: string[], rows: string[][]): string => {
  const cells = [head, ...rows].map((row) => row.map(cell))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const draw = (row: string[]) => `| ${row.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`
  return [draw(cells[0]!), draw(widths.map((width) => '-'.repeat(width))), ...cells.slice(1).map(draw)].join('\n')
}

const code = (text: string): string => `\`${text}\``

export const keysDocument = (): string => {
  const groups = [...new Set(bindings.map(({ group }) => group))]
  const sections = groups.map((group) => {
    const rows = bindings.filter((binding) => binding.group === group)
    return `## ${group}\n\n${table(
      ['Key', 'What it does'],
      rows.map(({ keys, label, says }) => [
        (keys.length ? keys : [label]).map((key) => code(key === ' ' ? 'space' : key)).join(' '),
        says,
      ]),
    )}`
  })
  const letters = Object.entries(LETTERS).map(([letter, { says }]) => [code(letter), says])
  const marks = [
    [code('!'), 'not what the step asks for'],
    [code('*'), "changed with the learner's last change"],
    [code('+'), 'goal: allowed, in whatever way'],
    [code('-'), 'goal: stopped, in whatever way'],
  ]
  const words = (commands: readonly { word: string; says: string; numbered?: string }[]) =>
    table(
      ['Word', 'What it does'],
      commands.map(({ word, says, numbered }) => [
        code(word),
        numbered ? `${says}; with a number after it: ${numbered}` : says,
      ]),
    )
  return `${[
    '# Keys',
    'Made by `node scripts/keys.ts` from the table that footer, help and palette read too. `?` lists in the program what the screen at hand has, `:` finds a command by name; both run it.',
    ...sections,
    `## The traffic map\n\n${table(['Letter', 'What it means'], [...letters, ...marks])}`,
    `## Line by line (\`--plain\`)\n\n${words(labCommands)}`,
    `## An exam line by line\n\n${words(examCommands)}`,
  ].join('\n\n')}\n`
}
