import type { FooterEntry } from '../keys.ts'
import { fill, type Line, line, span } from '../text.ts'
import type { Theme } from '../theme.ts'
import { Rows } from './Rows.tsx'

export interface FooterProps {
  entries: FooterEntry[]
  /** Stands in for the keys until it is answered. */
  question?: string
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

/** The answers come first, so that a narrow window cuts the question and not them. */
const questionLine = (question: string): Line =>
  line(span(' y', 'notice'), span(' yes  n no  ', 'notice'), ' ', span(question, 'strong'))

/** The last row: the keys that help now, or a question. */
export const Footer = ({ entries, question, columns, theme }: FooterProps) => (
  <Rows
    lines={[fill(question ? questionLine(question) : keysLine(entries), columns, theme.ellipsis)]}
    width={columns}
    theme={theme}
  />
)
