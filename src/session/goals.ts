/** What the steps so far ask of the traffic, pair by pair: the checks that send the very request that a map's cell stands for. */
import type { RequestCheck, ScenarioStep } from '../content/schema.ts'
import type { MatrixLetter } from '../grading/matrix.ts'
import { expectationOf, expectedPhrase } from '../grading/request.ts'

/** What a pair should be. */
export interface Goal {
  /** A letter of the map; `+` is any way that gets through, `-` any way that does not. */
  letter: 'M' | 'P' | 'x' | 'r' | '~' | '+' | '-'
  /** The check's own words: `200 over mTLS`. */
  says: string
}

/** The same request whichever way its URL is written; undefined for what is no URL. */
export const canonical = (url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, pathname, search } = new URL(url)
  const host = hostname.replace(/\.svc(\.cluster\.local)?\.?$/, '')
  return `${protocol}//${host}:${port || (protocol === 'https:' ? '443' : '80')}${pathname}${search}`
}

/** Names a pair of caller and request; undefined for what is no URL. */
export const pairKey = (from: string, url: string): string | undefined => {
  const request = canonical(url)
  return request && `${from} ${request}`
}

const stopLetters = { denied: 'x', refused: 'r', dropped: '~' } as const satisfies Record<string, MatrixLetter>

const goalOf = (check: RequestCheck): Goal | undefined => {
  const expect = expectationOf(check)
  const says = expectedPhrase(expect)
  const outcomes = [expect.outcome ?? []].flat()
  const stopped = outcomes.filter((outcome): outcome is keyof typeof stopLetters => outcome in stopLetters)
  if (stopped.length > 0 && stopped.length < outcomes.length) return undefined
  if (stopped.length > 0) return { letter: stopped.length === 1 ? stopLetters[stopped[0]!] : '-', says }
  // A 403 may be the application's own answer as well as a policy's.
  const statuses = [expect.status ?? []].flat()
  if (outcomes.length === 0 && !statuses.every((status) => status < 400)) return undefined
  if (outcomes.length === 0 && statuses.length === 0 && expect.mtls === undefined) return undefined
  return { letter: expect.mtls === undefined ? '+' : expect.mtls ? 'M' : 'P', says }
}

/** A cell stands for a plain GET: what a check asks with another method, a header or a body is not about it. */
const isPlain = ({ method, headers, body }: RequestCheck): boolean =>
  method === 'GET' && Object.keys(headers).length === 0 && body === undefined

/** Checks by the pair that they are about, of the steps in order: a later step speaks last. */
export const pairChecks = (steps: readonly ScenarioStep[]): Map<string, { step: string; check: string; goal?: Goal }> =>
  new Map(
    steps.flatMap((step) =>
      step.checks.flatMap(({ id, request }) => {
        const key = request && isPlain(request) ? pairKey(request.from, request.to) : undefined
        return key && request ? [[key, { step: step.id, check: id, goal: goalOf(request) }] as const] : []
      }),
    ),
  )
