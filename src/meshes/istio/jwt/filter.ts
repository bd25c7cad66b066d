/**
 * The JWT filter of a receiver's sidecar: which tokens must be good, what becomes of the request, whose claims count.
 * Pure: whether a token is good for a rule is a fact that the call brings. Upstream: envoyproxy/envoy
 * source/extensions/filters/http/jwt_authn/{filter,verifier,authenticator}.cc; istio/istio
 * pilot/pkg/security/authn/policy_applier.go (the requirement: any rule, or for each rule its token or none).
 */
import type { HttpRequest, TokenFact } from '../../call.ts'
import { type Fields, isFields } from '../read.ts'
import { findTokens, withoutParameter } from './locations.ts'
import { type ParsedToken, parseToken } from './parse.ts'
import type { JwtRule } from './rules.ts'
import { isJwtStatus, type JwtStatus } from './status.ts'

/** What the filter did to a request that it let through. */
export interface Passed {
  /** Claims that policies see; absent: nobody was authenticated. */
  claims?: Fields
  /** The rule that accepted the token. */
  by?: JwtRule
  path: string
  set: [string, string][]
  removed: string[]
}

export type Filtered =
  | ({ kind: 'passed' } & Passed)
  | { kind: 'refused'; status: JwtStatus; rule: JwtRule }
  /** No fact says whether that rule accepts the token. */
  | { kind: 'unknown'; rule: JwtRule }

interface State {
  path: string
  headers: (readonly [string, string])[]
  removed: Set<string>
  set: [string, string][]
  claims?: Fields
}

/** Text of a claim in a header; undefined: there is none. Lists and objects travel as base64 of their JSON. */
const claimText = (payload: Fields, claim: string): string | undefined => {
  const names = claim.split('.')
  const value = names.reduce<unknown>((at, name) => (isFields(at) ? at[name] : undefined), payload)
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? String(BigInt(value)) : value.toFixed(6)
  if (typeof value !== 'object' || value === null) return undefined
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
}

/** Space-delimited claims become lists for policies. */
const normalized = (payload: Fields, names: readonly string[]): Fields => {
  const claims: Record<string, unknown> = { ...payload }
  for (const name of names) {
    const value = payload[name]
    if (typeof value === 'string') claims[name] = value.split(' ').filter((word) => word !== '')
  }
  return claims
}

const drop = (state: State, name: string): void => {
  state.headers = state.headers.filter(([key]) => key !== name)
  state.set = state.set.filter(([key]) => key !== name)
  state.removed.add(name)
}

const add = (state: State, name: string, value: string): void => {
  state.headers.push([name, value])
  state.set.push([name, value])
}

const accept = (state: State, rule: JwtRule, token: ParsedToken): void => {
  if (rule.payloadHeader !== '') add(state, rule.payloadHeader, token.payloadText)
  for (const { header, claim } of rule.claimHeaders) {
    const value = claimText(token.payload, claim)
    if (value) add(state, header, value)
  }
  state.claims = normalized(token.payload, rule.spaceDelimited)
}

/** One rule's verifier: `JwtMissed` without a token, otherwise the first failure, or `Ok`. */
const runRule = (state: State, rule: JwtRule, facts: readonly TokenFact[]): JwtStatus | 'unknown' => {
  // Headers that the rule writes are taken from the caller even when there is no token.
  for (const name of [rule.payloadHeader, ...rule.claimHeaders.map(({ header }) => header)])
    if (name !== '') drop(state, name)
  const found = findTokens(rule.locations, state)
  if (found.length === 0) return 'JwtMissed'
  for (const { token, at } of found.reverse()) {
    const fact = facts.find((each) => each.token === token && each.against === rule.key)?.result
    if (fact === undefined || !isJwtStatus(fact)) return 'unknown'
    if (fact !== 'Ok') return fact
    const parsed = parseToken(token)
    if ('status' in parsed) return parsed.status
    accept(state, rule, parsed)
    if (rule.forward) continue
    if ('header' in at) drop(state, at.header)
    if ('param' in at) state.path = withoutParameter(state.path, at.param)
  }
  return 'Ok'
}

const isPreflight = ({ method, headers }: HttpRequest): boolean => {
  const has = (name: string): boolean => headers.some(([key, value]) => key === name && value !== '')
  return method === 'OPTIONS' && has('origin') && has('access-control-request-method')
}

const isMinor = (status: JwtStatus): boolean => status === 'JwtMissed' || status === 'JwtUnknownIssuer'

/** Envoy reports the last serious failure, else an unknown issuer, else that nothing was there. */
const worst = (outcomes: { status: JwtStatus; rule: JwtRule }[]): { status: JwtStatus; rule: JwtRule } | undefined => {
  let final: { status: JwtStatus; rule: JwtRule } | undefined
  for (const each of outcomes)
    if (final === undefined || !isMinor(each.status) || final.status === 'JwtMissed') final = each
  return final
}

/** What the filter makes of a request. `request.path` is the normalized one; `facts` absent: nobody looked. */
export const filterTokens = (
  rules: readonly JwtRule[],
  request: HttpRequest,
  facts: readonly TokenFact[] | undefined,
): Filtered => {
  const state: State = { path: request.path, headers: [...request.headers], removed: new Set(), set: [] }
  const passed = (by?: JwtRule): Filtered => ({
    kind: 'passed',
    ...(state.claims === undefined ? {} : { claims: state.claims }),
    ...(by === undefined ? {} : { by }),
    path: state.path,
    set: state.set,
    removed: [...state.removed],
  })
  if (rules.length === 0 || isPreflight(request)) return passed()
  const outcomes: { status: JwtStatus; rule: JwtRule }[] = []
  for (const rule of rules) {
    const status = runRule(state, rule, facts ?? [])
    if (status === 'unknown') return { kind: 'unknown', rule }
    if (status === 'Ok') return passed(rule)
    outcomes.push({ status, rule })
  }
  // With several rules, each of them again with `allow_missing`: the first that found a bad token fails the request.
  const firstBad = outcomes.find(({ status }) => status !== 'JwtMissed')
  if (firstBad === undefined) return passed()
  const failed = worst([...outcomes, ...(rules.length > 1 ? [firstBad] : [])])
  return failed === undefined ? passed() : { kind: 'refused', ...failed }
}
