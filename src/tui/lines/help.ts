/** Keys and commands as a list, and the letters of the traffic map. */
import { blank, type Line, line, span, wrap } from '../text.ts'
import { LETTERS } from './matrix.ts'

export interface HelpEntry {
  group: string
  label: string
  says: string
  /** Does something right now. */
  available: boolean
}

const KEY_WIDTH = 11

const mapKey = (width: number): Line[] => [
  blank,
  line(span('Traffic map: a row asks, a column answers', 'strong')),
  ...Object.entries(LETTERS).flatMap(([letter, { says, role }]) =>
    wrap(line('  ', span(letter, role), `  ${says}`), width, 5),
  ),
  ...wrap(line('  ', span('!', 'wrong'), '  not what the step asks for'), width, 5),
  ...wrap(line('  ', span('*', 'changed'), '  changed since your last change to the cluster'), width, 5),
]

/** `legend`: with the letters of the traffic map below. */
export const helpLines = (entries: HelpEntry[], selected: number, width: number, legend: boolean) => {
  const lines: Line[] = []
  const items: number[] = []
  entries.forEach((entry, index) => {
    if (entry.group !== entries[index - 1]?.group) {
      if (index > 0) lines.push(blank)
      lines.push(line(span(entry.group, 'strong')))
    }
    items.push(lines.length)
    const here = index === selected
    lines.push(
      ...wrap(
        line(
          span(here ? '> ' : '  ', 'selected'),
          span(entry.label.padEnd(KEY_WIDTH), 'key'),
          span(entry.says, here ? 'selected' : 'text'),
          entry.available ? '' : span(' (not now)', 'muted'),
        ),
        width,
        2 + KEY_WIDTH,
      ),
    )
  })
  if (entries.length === 0) lines.push(line('no command matches'))
  return { lines: legend ? [...lines, ...mapKey(width)] : lines, items }
}
