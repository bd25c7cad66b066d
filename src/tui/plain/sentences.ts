/** The screens as plain text, for reading aloud and for terminals that can do nothing but append lines. */
import { trackOf, trackTitle } from '../../content/tracks.ts'
import type { FeedLine, LabView, View } from '../../session/types.ts'
import { listed } from '../lines/catalogue.ts'
import { type ListedCheck, listedChecks } from '../lines/checks.ts'
import { markdown } from '../lines/markdown.ts'
import { type Pair, sentence, worstFirst } from '../lines/matrix.ts'
import { exportLine, plural, spent } from '../lines/words.ts'
import { clean, plainText } from '../text.ts'

const prose = (text: string, width: number): string[] => markdown(text, width).map(plainText)

const progressWords = { new: 'not started', started: 'in progress', done: 'done' }

type Picker = Extract<View, { screen: 'picker' }>

/** One numbered line per scenario. */
export const catalogueSentences = (view: Picker): string[] =>
  listed(view.catalogue, '').map(({ scenario: { metadata, spec }, progress }, index) => {
    const cks = metadata.cks.length > 0 ? 'CKS' : 'beyond the exam'
    const state =
      progress.state === 'started'
        ? `in progress, ${progress.passed.length} of ${plural(spec.steps.length, 'step')}`
        : progressWords[progress.state]
    const facts = [
      trackTitle(trackOf(metadata)),
      metadata.mesh,
      metadata.difficulty,
      `${metadata.minutes} minutes`,
      cks,
      state,
    ].join(', ')
    return `${index + 1}. ${metadata.title}: ${facts}${metadata.name === view.resume ? ', resumes here' : ''}`
  })

export const taskSentences = (view: LabView, width: number): string[] => {
  const { steps } = view.scenario.spec
  const step = steps[view.stepIndex]!
  return [
    `Step ${view.stepIndex + 1} of ${steps.length}: ${step.title}`,
    '',
    ...prose(step.task, width),
    '',
    ...(view.file ? [`File: ${view.file.path}`] : []),
    `For another terminal: ${exportLine(view.kubeconfig)}`,
  ]
}

const stateWords = { ok: 'ok', fail: 'FAIL', undecided: 'not decided', waiting: 'not checked yet' }

/** A check, and unless it holds, what was expected, seen and why. */
export const checkSentences = ({ says, state, result, earlier }: ListedCheck): string[] => {
  const head = `[${stateWords[state]}] ${says}${earlier ? ' (from an earlier step)' : ''}`
  if (!result || state === 'ok') return [head]
  const reasons = [result.because, result.feedback].filter((reason) => reason !== undefined)
  return [head, `  want ${result.expected}, got ${result.seen}`, ...reasons.map((reason) => `  ${reason}`)]
}

/** Checks that are not as they were. */
export const changedChecks = (before: LabView | undefined, now: LabView): string[] => {
  const was = new Map(before ? listedChecks(before).map((check) => [`${check.step}/${check.id}`, check]) : [])
  return listedChecks(now)
    .filter((check) => {
      const old = was.get(`${check.step}/${check.id}`)
      if (check.state === 'waiting') return false
      return old?.state !== check.state || old.result?.seen !== check.result?.seen
    })
    .flatMap(checkSentences)
}

/** The first line of each gets its number, the rest an indent. */
export const numbered = (entries: string[][]): string[] =>
  entries.flatMap(([first, ...rest], index) => [`${index + 1}. ${first}`, ...rest.map((row) => ` ${row}`)])

/** The pairs in the order of `trafficSentences`. */
export const trafficPairs = ({ matrix }: LabView): Pair[] =>
  matrix ? worstFirst(matrix).filter(({ cell }) => cell.letter !== '.') : []

export const trafficSentences = (view: LabView): string[] =>
  view.matrix
    ? numbered(trafficPairs(view).map((pair) => [sentence(pair)]))
    : ['The map appears when the cluster is up.']

export const hintSentences = (view: LabView, width: number): string[] => [
  ...view.hints.flatMap((hint, index) => prose(`${index + 1}. ${hint}`, width)),
  `${plural(view.hintsLeft, 'hint')} left`,
]

export const passedSentences = (view: LabView, width: number): string[] => {
  const step = view.scenario.spec.steps[view.stepIndex]!
  if (!view.finished) return ['', `Passed: ${step.title}`, '', ...prose(step.explanation, width), '', 'n: next step']
  const { hintsUsed, spent: time } = view.progress
  const help = `${hintsUsed === 0 ? 'no hints' : plural(hintsUsed, 'hint')}`
  return ['', ...prose(step.explanation, width), '', `${view.scenario.metadata.title}: done, ${spent(time)}, ${help}.`]
}

/** Lines of a feed that were not there before. */
export const feedSince = (before: readonly FeedLine[], now: readonly FeedLine[]): FeedLine[] => {
  const known = new Set(before.map(({ at, says }) => `${at} ${says}`))
  return now.filter(({ at, says }) => !known.has(`${at} ${says}`))
}

/** The rows of a line that is too long, broken at blanks alone: paths and commands stay whole, so that they can be copied. */
const folded = (row: string, width: number): string[] => {
  if (row.length <= width || row.includes('export KUBECONFIG=')) return [row]
  const indent = ' '.repeat(row.search(/\S/) + 2)
  const rows: string[] = []
  for (const word of row.split(/(?<=\S) +/)) {
    const last = rows.at(-1)
    if (last === undefined) rows.push(word)
    else if (last.length + 1 + word.length > width) rows.push(indent + word)
    else rows[rows.length - 1] = `${last} ${word}`
  }
  return rows
}

/** Every line fit to be printed; folded at `width` where a terminal would break it in the middle of a word. */
export const printable = (lines: string[], width = Number.POSITIVE_INFINITY): string =>
  lines.flatMap((row) => folded(clean(row), width).map((part) => `${part}\n`)).join('')
