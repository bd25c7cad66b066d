/** The hints so far, and the solution. */
import type { LabView } from '../../session/types.ts'
import { blank, type Line, line, span, wrap, wrapText } from '../text.ts'
import { checkDetail, firstOpen, listedChecks, markOf } from './checks.ts'
import { markdown } from './markdown.ts'
import { plural } from './words.ts'

export const hintLines = (view: LabView, width: number): Line[] => {
  const checks = listedChecks(view)
  const open = checks[firstOpen(checks)]
  const about =
    open && open.state !== 'ok'
      ? [...wrap(line(markOf(open.state), ` ${open.says}`), width, 7), ...checkDetail(open, width), blank]
      : []
  const shown = view.hints.flatMap((hint, index) => [
    ...markdown(hint, width - 3).map((row, at) => line(at === 0 ? span(`${index + 1}  `, 'strong') : '   ', ...row)),
    blank,
  ])
  const more =
    view.hintsLeft > 0
      ? wrap(line(span('h', 'key'), `  shows the next one, ${plural(view.hintsLeft, 'hint')} left`), width, 3)
      : wrap(line('These are all hints. ', span('s', 'key'), ' shows a solution.'), width)
  return [...about, ...shown, ...more]
}

export const solutionLines = (view: LabView, width: number): Line[] => {
  if (view.solution === undefined) return wrapText('It is on its way.', width)
  return [
    ...wrapText(
      'One answer that passes. Nothing is applied for you: read it, close this, and write it yourself.',
      width,
    ),
    blank,
    ...view.solution
      .replace(/\s+$/, '')
      .split('\n')
      .flatMap((row) => wrap(line(span(row, 'code')), width, 4)),
  ]
}
