/**
 * What a VirtualService's HTTP route does with a request that it took: faults, redirects, headers, timeouts, retries. Upstream: pilot/pkg/networking/core/route/route.go (applyHTTPRouteDestination, ApplyRedirect,
 * ApplyDirectResponse, TranslateFault), pilot/pkg/networking/core/route/retry/retry.go, envoy
 * source/common/router/router.cc and source/extensions/filters/http/fault/fault_filter.cc.
 */
import type { HttpRequest } from '../call.ts'
import { applies } from '../chance.ts'
import type { Retries } from '../verdict.ts'
import { milliseconds } from './duration.ts'
import { type Fields, fields, isFields, text, texts } from './read.ts'
import { type Redirecting, redirectTo, rewritePath } from './rewrite.ts'

/** A proxy's own answer. */
export interface OwnAnswer {
  status: number
  body: string
  headers: [string, string][]
  flags: string
  details: string
  says: string
}

const percentOf = (value: unknown): number => {
  const percent = fields(value).value
  return typeof percent === 'number' ? percent : 0
}

/** `fault`: without a percentage nothing happens. A share that is not 0 or 100 is told as a note. */
export const faultOf = (
  route: Fields,
  turn: number | undefined,
): { delay?: number; abort?: OwnAnswer; notes: string[] } => {
  const fault = fields(route.fault)
  const [delay, abort] = [fields(fault.delay), fields(fault.abort)]
  const notes: string[] = []
  const partial = (percent: number, what: string): void => {
    if (percent > 0 && percent < 100) notes.push(`${percent} % of the requests are ${what}`)
  }
  const delayed = typeof delay.percent === 'number' ? delay.percent : percentOf(delay.percentage)
  const wait = milliseconds(delay.fixedDelay)
  partial(isFields(fault.delay) ? delayed : 0, `delayed by ${text(delay.fixedDelay)}`)
  const status = abort.httpStatus
  const aborted = percentOf(abort.percentage)
  partial(isFields(fault.abort) ? aborted : 0, `answered ${status}`)
  return {
    notes,
    ...(wait !== undefined && applies('delay', delayed, turn) ? { delay: wait } : {}),
    ...(typeof status === 'number' && applies('abort', aborted, turn)
      ? {
          abort: {
            status,
            body: 'fault filter abort',
            headers: [],
            flags: 'FI',
            details: 'fault_filter_abort',
            says: `aborts the request with ${status}`,
          },
        }
      : {}),
  }
}

/** The answer of a `redirect` or `directResponse`; undefined for a route that leads somewhere. */
export const ownAnswer = (
  route: Fields,
  match: Fields | undefined,
  request: HttpRequest,
  by: Redirecting,
): OwnAnswer | undefined => {
  if (isFields(route.redirect)) {
    const redirect = fields(route.redirect)
    const location = redirectTo(redirect, request, match, by)
    const status = typeof redirect.redirectCode === 'number' && redirect.redirectCode > 0 ? redirect.redirectCode : 301
    return {
      status,
      body: '',
      headers: [['location', location]],
      flags: '-',
      details: 'direct_response',
      says: `redirects to ${location} (${status})`,
    }
  }
  if (!isFields(route.directResponse)) return undefined
  const direct = fields(route.directResponse)
  const status = typeof direct.status === 'number' ? direct.status : 200
  const body = text(fields(direct.body).string) ?? ''
  return { status, body, headers: [], flags: '-', details: 'direct_response', says: `answers ${status} itself` }
}

export interface HeaderChanges {
  set: [string, string][]
  remove: string[]
  responseSet: [string, string][]
  responseAdd: [string, string][]
  responseRemove: string[]
}

const isAuthority = (name: string): boolean => name === ':authority' || name === 'host'
/** Pseudo headers and the host are not changed like others (route.go, isInternalHeader). */
const isInternal = (name: string): boolean => name.startsWith(':') || name === 'host'

const allPairs = (value: unknown): [string, string][] =>
  Object.entries(fields(value))
    .filter((pair): pair is [string, string] => typeof pair[1] === 'string')
    .map(([name, each]) => [name.toLowerCase(), each])
const pairs = (value: unknown): [string, string][] => allPairs(value).filter(([name]) => !isInternal(name))

const names = (value: unknown): string[] =>
  texts(value)
    .map((name) => name.toLowerCase())
    .filter((name) => !isInternal(name))

/** A host that `headers` set, or add. */
const authorityIn = (asked: Fields): string | undefined =>
  [...allPairs(asked.set), ...allPairs(asked.add)].find(([name, value]) => isAuthority(name) && value !== '')?.[1]

/** The request as it leaves the caller's proxy, and what is done to the response. The destination's headers come last. */
export const rewrite = (
  route: Fields,
  match: Fields | undefined,
  destination: Fields,
  request: HttpRequest,
): { request: HttpRequest; changes: HeaderChanges } => {
  const changes: HeaderChanges = { set: [], remove: [], responseSet: [], responseAdd: [], responseRemove: [] }
  // A rewrite comes before the headers of the route, and those before the destination's.
  const requestOf = (part: unknown): Fields => fields(fields(part).request)
  const authority =
    text(fields(route.rewrite).authority) ||
    authorityIn(requestOf(route.headers)) ||
    authorityIn(requestOf(destination)) ||
    request.authority
  let headers = request.headers
  const values = (name: string): string[] => headers.filter(([key]) => key === name).map(([, value]) => value)
  for (const part of [fields(route.headers), fields(destination)]) {
    const [asked, answered] = [fields(part.request), fields(part.response)]
    for (const [name, value] of pairs(asked.set)) headers = [...headers.filter(([key]) => key !== name), [name, value]]
    for (const [name, value] of pairs(asked.add)) headers = [...headers, [name, value]]
    const gone = names(asked.remove)
    headers = headers.filter(([key]) => !gone.includes(key))
    changes.responseSet.push(...pairs(answered.set))
    changes.responseAdd.push(...pairs(answered.add))
    changes.responseRemove.push(...names(answered.remove))
  }
  const before = new Map(request.headers.map(([name]) => [name, request.headers.filter(([key]) => key === name)]))
  for (const name of new Set([...before.keys(), ...headers.map(([key]) => key)])) {
    const [old, now] = [(before.get(name) ?? []).map(([, value]) => value), values(name)]
    if (now.length === 0) changes.remove.push(name)
    else if (old.join('\n') !== now.join('\n')) changes.set.push(...now.map((value): [string, string] => [name, value]))
  }
  const path = isFields(route.rewrite) ? rewritePath(request.path, fields(route.rewrite), match) : request.path
  return { request: { ...request, authority, path, headers }, changes }
}

const defaultRetryOn = ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes']
/** Without `retries`: two more attempts for failures that cannot have reached the application. */
export const defaultRetries: Retries = { attempts: 2, on: defaultRetryOn }

/** `timeout` and `retries` in milliseconds. */
export const patienceOf = (route: Fields): { timeout?: number; retries: Retries } => {
  const timeout = milliseconds(route.timeout)
  const asked = fields(route.retries)
  const on = (text(asked.retryOn) ?? '').split(',').map((each) => each.trim())
  const perTry = milliseconds(asked.perTryTimeout)
  const retries: Retries = isFields(route.retries)
    ? {
        attempts: typeof asked.attempts === 'number' ? asked.attempts : 0,
        on: on[0] === '' ? defaultRetryOn : on,
        ...(perTry === undefined || perTry === 0 ? {} : { perTry }),
      }
    : defaultRetries
  return { ...(timeout === undefined || timeout === 0 ? {} : { timeout }), retries }
}
