/** Conditions on the claims of an accepted token. Upstream: pilot/pkg/security/authz/model/generator.go, util.go. */
import { type StringTest, stringPattern } from '../match/strings.ts'
import type { Attribute, Test } from './attribute.ts'
import { type Fields, isFields } from './read.ts'

/** `iss/sub`, split at the last slash; `*` at one end (pilot/pkg/security/authz/model/generator.go). */
const requestPrincipal = (value: string): Test => {
  const slash = value.lastIndexOf('/')
  const [issuer, subject] = slash < 0 ? [value, ''] : [value.slice(0, slash), value.slice(slash + 1)]
  const both = (iss: StringTest, sub: StringTest): Test => {
    const matches = (claim: unknown, test: StringTest): boolean => typeof claim === 'string' && test(claim)
    return ({ claims }) => claims !== undefined && matches(claims.iss, iss) && matches(claims.sub, sub)
  }
  const any = stringPattern('*')
  const exactly =
    (text: string): StringTest =>
    (seen) =>
      seen === text
  const ending =
    (text: string): StringTest =>
    (seen) =>
      seen.endsWith(text)
  const starting =
    (text: string): StringTest =>
    (seen) =>
      seen.startsWith(text)
  if (value === '*') return both(any, any)
  if (value.startsWith('*')) {
    if (slash < 0) return both(any, ending(value.slice(1)))
    return both(issuer === '*' ? any : ending(issuer.slice(1)), exactly(subject))
  }
  if (value.endsWith('*')) {
    if (slash < 0) return both(starting(value.slice(0, -1)), any)
    return both(exactly(issuer), subject === '*' ? any : starting(subject.slice(0, -1)))
  }
  return both(exactly(issuer), exactly(subject))
}

/** A claim's text, or one of its texts; other types never match. */
const claimMatches = (claim: unknown, test: StringTest): boolean =>
  Array.isArray(claim)
    ? claim.some((each) => typeof each === 'string' && test(each))
    : typeof claim === 'string' && test(claim)

/** A claim by its path; undefined: there is no such claim, or no token. */
export const claimAt = (claims: Fields | undefined, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isFields(value) ? value[name] : undefined), claims)

const noToken = 'no validated token'

/** `request.auth.claims[a][b]`, the audiences and the presenter: one claim by its path. */
export const claimAttribute = (path: readonly string[]): Attribute => ({
  httpOnly: true,
  compile: (value) => {
    const test = stringPattern(value)
    return ({ claims }) => claimMatches(claimAt(claims, path), test)
  },
  seen: ({ claims }) => {
    const value = claimAt(claims, path)
    return claims === undefined ? noToken : value === undefined ? 'no such claim' : JSON.stringify(value)
  },
})

/** `requestPrincipals` and `request.auth.principal`. */
export const principalOfToken: Attribute = {
  httpOnly: true,
  compile: requestPrincipal,
  seen: ({ claims }) => (claims === undefined ? noToken : `${String(claims.iss)}/${String(claims.sub)}`),
}

/** `[a][b]` is a path of claims; anything else between the outer brackets is one name (model/util.go). */
export const claimPath = (brackets: string): string[] | undefined => {
  if (/^(\[[^[\]]*\])+$/.test(brackets)) return [...brackets.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')
  return /^\[.*\]$/s.test(brackets) ? [brackets.slice(1, -1)] : undefined
}
