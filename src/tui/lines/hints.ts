/** The hints so far, and the solution. */
import { diffLines } from 'diff'
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

/** What is the learner's, what is the answer's, and what both have. */
const marks = { mine: span('- ', 'fail'), answer: span('+ ', 'ok'), both: span('  ', 'code') }

/** The learner's file against the solution, line by line; undefined when they share no line. */
const difference = (mine: string, solution: string, width: number): Line[] | undefined => {
  const parts = diffLines(ending(mine), ending(solution), { ignoreWhitespace: false })
  if (!parts.some(({ added, removed, value }) => !added && !removed && value.trim() !== '')) return undefined
  return parts.flatMap(({ added, removed, value }) => {
    const mark = added ? marks.answer : removed ? marks.mine : marks.both
    return value
      .replace(/\n$/, '')
      .split('\n')
      .flatMap((row) => wrap(line(mark, span(row, added ? 'ok' : removed ? 'fail' : 'code')), width, 6))
  })
}

const ending = (text: string): string => `${text.replace(/\s+$/, '')}\n`

export const solutionLines = (view: LabView, width: number): Line[] => {
  if (view.solution === undefined) return wrapText('It is on its way.', width)
  const changes = view.mine === undefined ? undefined : difference(view.mine, view.solution, width)
  if (changes)
    return [
      ...wrapText(
        'Your file beside one answer that passes: - is yours alone, + the answer alone. Nothing is written for you.',
        width,
      ),
      blank,
      ...changes,
    ]
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
