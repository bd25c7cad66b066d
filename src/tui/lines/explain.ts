/** A check or a pair of the traffic map, explained: what was asked, what came back, and every reason in order. */
import type { LabView } from '../../session/types.ts'
import { blank, type Line, line, span, wrap, wrapText } from '../text.ts'
import { type ListedCheck, markOf } from './checks.ts'
import { inline } from './markdown.ts'
import { goalWords, LETTERS, type Pair, pairsOf } from './matrix.ts'
import { clock } from './words.ts'

const numbered = (steps: string[], width: number): Line[] =>
  steps.flatMap((step, index) => wrap(line(`${String(index + 1).padStart(2)}  `, ...inline(step)), width, 4))

export const pairExplained = ({ from, to, cell }: Pair, width: number): Line[] => [
  ...wrap(line(span(`${from} -> ${to}`, 'strong')), width),
  blank,
  ...wrap(
    line(
      span(`${cell.letter}${cell.wrong ? '!' : ''}`, cell.wrong ? 'wrong' : LETTERS[cell.letter].role),
      `${cell.wrong ? '' : ' '}  ${LETTERS[cell.letter].says}`,
      cell.changed ? ', changed by your last change' : '',
      cell.letter === '.' ? '' : cell.observed ? '; seen by a probe' : '; predicted, no probe saw it',
    ),
    width,
    4,
  ),
  ...(cell.goal
    ? wrap(
        line(
          span(cell.goal.letter, goalWords(cell.goal.letter).role),
          `   is the goal: ${cell.goal.says}${cell.wrong ? ', so this is not it' : ''}`,
        ),
        width,
        4,
      )
    : []),
  ...(cell.disagrees ? wrap(line(span(cell.disagrees, 'changed')), width) : []),
  ...(cell.says ? [blank, ...wrap(line(...inline(cell.says)), width)] : []),
  ...(cell.steps.length > 0
    ? [blank, line(span('Asked in this order', 'strong')), ...numbered(cell.steps, width)]
    : []),
]

/** The map's pair that a request check is about: the same caller, and the only column whose name the URL's host begins with. */
const pairFor = (view: LabView, check: ListedCheck): Pair | undefined => {
  const step = view.scenario.spec.steps.find((one) => one.id === check.step)
  const request = step?.checks.find((one) => one.id === check.id)?.request
  if (!request || !view.matrix) return undefined
  const host = /^\w+:\/\/([^/:]+)/.exec(request.to)?.[1] ?? ''
  const [service, namespace] = host.split('.')
  const names = [service, host, `${namespace}/${service}`]
  const found = pairsOf(view.matrix).filter(({ from, to }) => from === request.from && names.includes(to))
  return found.length === 1 ? found[0] : undefined
}

const stateWords = {
  ok: 'passes',
  fail: 'does not pass',
  undecided: 'could not be decided',
  waiting: 'has not run yet',
}

export const checkExplained = (view: LabView, check: ListedCheck, width: number): Line[] => {
  const { result } = check
  const step = view.scenario.spec.steps.find((one) => one.id === check.step)
  const request = step?.checks.find((one) => one.id === check.id)?.request
  const pair = pairFor(view, check)
  return [
    ...wrap(line(markOf(check.state), ' ', span(check.says, 'strong')), width, 7),
    blank,
    ...(request
      ? wrap(line('asked  ', span(`${request.from} -> ${request.method} ${request.to}`, 'code')), width, 7)
      : []),
    ...(result ? wrap(line('want   ', result.expected), width, 7) : []),
    ...(result ? wrap(line('got    ', result.seen), width, 7) : []),
    ...wrapText(
      `       ${stateWords[check.state]}${view.gradedAt ? `, checked ${clock(view.gradedAt)}` : ''}`,
      width,
      'text',
      7,
    ),
    ...(result?.because
      ? [blank, line(span('Because', 'strong')), ...wrap(line(...inline(result.because)), width)]
      : []),
    ...(result?.feedback
      ? [blank, line(span('This looks like', 'strong')), ...wrap(line(...inline(result.feedback)), width)]
      : []),
    ...(pair && pair.cell.steps.length > 0
      ? [
          blank,
          ...wrap(line(span(`In the traffic map, ${pair.from} -> ${pair.to}`, 'strong')), width),
          ...numbered(pair.cell.steps, width),
        ]
      : []),
  ]
}
