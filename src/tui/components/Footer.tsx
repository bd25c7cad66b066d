import type { FooterEntry } from '../keys.ts'
import { fill, type Line, line, span } from '../text.ts'
import type { Theme } from '../theme.ts'
import { Rows } from './Rows.tsx'

export interface FooterProps {
  entries: FooterEntry[]
  /** Stands in for the keys until it is answered. */
  question?: Line
  columns: number
  theme: Theme
}

const keysLine = (entries: FooterEntry[]): Line =>
  line(
    ...entries.flatMap(({ label, short }, index) => [
      ...(index > 0 ? ['  '] : []),
      span(label, 'key'),
      ...(short === '' ? [] : [` ${short}`]),
    ]),
  )

/** The last row: the keys that help now, or a question. */
export const Footer = ({ entries, question, columns, theme }: FooterProps) => (
  <Rows lines={[fill(question ?? keysLine(entries), columns, theme.ellipsis)]} width={columns} theme={theme} />
)
