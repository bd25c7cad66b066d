/**
 * `corsPolicy` of a route, as the proxy that routes applies it: it answers preflights itself, and tells other requests of
 * an allowed origin so. It refuses nobody: what a browser makes of it is the browser's. Upstream:
 * pilot/pkg/networking/core/route/route.go (TranslateCORSPolicy), envoy source/extensions/filters/http/cors/cors_filter.cc.
 */
import type { HttpRequest } from '../call.ts'
import { milliseconds } from './duration.ts'
import { type Answer, testText } from './http-match.ts'
import { type Fields, fields, isFields, list, texts } from './read.ts'
import type { OwnAnswer } from './route-action.ts'

type Header = [name: string, value: string]

export type Cors =
  | { kind: 'answer'; answer: OwnAnswer }
  /** Set in the response. */
  | { kind: 'headers'; headers: Header[] }
  /** An expression that is not understood. */
  | { kind: 'unknown' }

/** `*` as a text that an origin may be allows any origin. */
const isAllowed = (policy: Fields, origin: string): Answer => {
  const matches = Array.isArray(policy.allowOrigins)
    ? list(policy.allowOrigins).map(fields)
    : texts(policy.allowOrigin).map((exact) => ({ exact }))
  const answers = matches
    .filter((each) => Object.keys(each).length > 0)
    .flatMap((each) => [testText(each, '*'), testText(each, origin)])
  return answers.find((each) => each === 'yes') ?? answers.find((each) => each === 'unknown') ?? 'no'
}

const header = (name: string, value: string): Header[] => (value === '' ? [] : [[name, value]])

/** A list in one header; `*` alone is what the client asked for. */
const listed = (name: string, values: unknown, asked: string): Header[] => {
  const value = texts(values).join(',')
  return header(name, value === '*' ? asked : value)
}

/** Undefined: the policy has nothing to do with the request. */
export const corsOf = (route: Fields, request: HttpRequest): Cors | undefined => {
  const of = (name: string): string => request.headers.find(([each]) => each === name)?.[1] ?? ''
  const origin = of('origin')
  if (!isFields(route.corsPolicy) || origin === '') return undefined
  const policy = fields(route.corsPolicy)
  const allowed = isAllowed(policy, origin)
  if (allowed === 'unknown') return { kind: 'unknown' }
  const isOpen = allowed === 'yes'
  const allows = header('access-control-allow-origin', isOpen ? origin : '')
  const credentials = header('access-control-allow-credentials', policy.allowCredentials === true ? 'true' : '')
  const method = of('access-control-request-method')
  if (request.method !== 'OPTIONS' || method === '') {
    const exposes = header('access-control-expose-headers', texts(policy.exposeHeaders).join(','))
    return isOpen ? { kind: 'headers', headers: [...allows, ...credentials, ...exposes] } : undefined
  }
  if (!isOpen && policy.unmatchedPreflights !== 'IGNORE') return undefined
  const age = milliseconds(policy.maxAge)
  const headers = [
    ...allows,
    ...credentials,
    ...listed('access-control-allow-methods', policy.allowMethods, method),
    ...listed('access-control-allow-headers', policy.allowHeaders, of('access-control-request-headers')),
    ...header('access-control-max-age', age === undefined ? '' : String(Math.floor(age / 1000))),
  ]
  const says = `answers the preflight itself: the origin ${origin} is ${isOpen ? '' : 'not '}allowed`
  return {
    kind: 'answer',
    answer: { status: 200, body: '', headers, flags: '-', details: 'cors_response', says },
  }
}
