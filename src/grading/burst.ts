/**
 * The `request` check that is sent many times: what counts is how many of the answers are of which kind, so that limits,
 * circuit breakers and weights show. Not modelled: how the requests travelled (mTLS, identity).
 */
import type { RequestCheck } from '../content/schema.ts'
import type { CurlResult } from './curl.ts'
import type { Finding } from './finding.ts'
import type { Observation } from './probe.ts'

type Expectation = Exclude<RequestCheck['expect'], string>
type Count = NonNullable<Expectation['counts']>[number]
type Answer = Extract<Observation, { ran: true }>

/** `429`, `503 with x-envoy-overloaded: true`, `answers`. */
const kindOf = ({ status, header = {}, body }: Count): string => {
  const marks = [
    ...Object.entries(header).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`"${body}"`]),
  ]
  const what = status === undefined ? 'answers' : [status].flat().join(' or ')
  return marks.length === 0 ? what : `${what} with ${marks.join(', ')}`
}

const range = ({ atLeast, atMost }: Count): string => {
  if (atLeast === undefined) return atMost === 0 ? 'no' : `at most ${atMost} ×`
  if (atMost === undefined) return `at least ${atLeast} ×`
  return atLeast === atMost ? `${atLeast} ×` : `${atLeast} to ${atMost} ×`
}

/** What the check asks for, for one line: `of 20, at least 1 × 429`. */
export const expectedCounts = (times: number, counts: readonly Count[]): string =>
  `of ${times}, ${counts.map((count) => `${range(count)} ${kindOf(count)}`).join(', ')}`

const isOf = ({ status, header = {}, body }: Count, { status: got, headers, body: text }: CurlResult): boolean =>
  (status === undefined ? got !== undefined : got !== undefined && [status].flat().includes(got)) &&
  (body === undefined || text.includes(body)) &&
  Object.entries(header).every(([name, value]) =>
    headers.some(([each, its]) => each === name.toLowerCase() && its === value),
  )

/** `17 × 200, 3 × 429`, the most frequent first. */
const tally = (answers: readonly Answer[]): string => {
  const kinds = new Map<string, number>()
  for (const { outcome } of answers) kinds.set(outcome.says, (kinds.get(outcome.says) ?? 0) + 1)
  return [...kinds]
    .sort(([, a], [, b]) => b - a)
    .map(([says, count]) => `${count} × ${says}`)
    .join(', ')
}

/** Counts; one request that could not be sent leaves the check undecided. */
export const judgeBurst = (
  { times = 1 }: RequestCheck,
  counts: readonly Count[],
  observations: readonly Observation[],
): Finding => {
  const expected = expectedCounts(times, counts)
  const unsent = observations.find((each) => !each.ran)
  if (unsent !== undefined && !unsent.ran)
    return { passed: false, undecided: true, expected, seen: 'not probed', because: unsent.says }
  const answers = observations.filter((each): each is Answer => each.ran)
  const passed = counts.every((count) => {
    const number = answers.filter(({ result }) => isOf(count, result)).length
    return number >= (count.atLeast ?? 0) && number <= (count.atMost ?? times)
  })
  return { passed, expected, seen: tally(answers) }
}
