/**
 * Whether one token is good for one rule: form, issuer, time, audience, signature, in Envoy's order. Upstream:
 * envoyproxy/envoy source/extensions/filters/http/jwt_authn/authenticator.cc; google/jwt_verify_lib src/verify.cc,
 * src/check_audience.cc.
 */
import { isOfKind, type Key, mayMatch, readKeys } from './keys.ts'
import { type ParsedToken, parseToken } from './parse.ts'
import type { JwtRule } from './rules.ts'
import type { JwtStatus } from './status.ts'

/** Seconds that clocks may differ. */
const skew = 60

/** Scheme and a last slash do not count. */
const bareAudience = (audience: string): string => audience.replace(/^https?:\/\//, '').replace(/\/$/, '')

const audienceAllowed = (allowed: readonly string[], token: ParsedToken): boolean => {
  const wanted = new Set(allowed.map(bareAudience))
  return wanted.size === 0 || token.audiences.some((audience) => wanted.has(bareAudience(audience)))
}

const hasSigned = async (key: Key, token: ParsedToken): Promise<boolean> => {
  if (!isOfKind(key, token)) return false
  const { flattenedVerify, importJWK } = await import('jose')
  const [header, payload, signature] = token.sections
  try {
    const secret = await importJWK(key.jwk, token.alg)
    await flattenedVerify({ protected: header, payload, signature }, secret, { algorithms: [token.alg] })
    return true
  } catch {
    return false
  }
}

const verifySignature = async (keys: readonly Key[], token: ParsedToken): Promise<JwtStatus> => {
  const candidates = keys.filter((key) => mayMatch(key, token))
  if (candidates.length === 0) return 'JwksKidAlgMismatch'
  for (const key of candidates) if (await hasSigned(key, token)) return 'Ok'
  return 'JwtVerificationFail'
}

/**
 * What Envoy would say of the token. `now` in milliseconds; `keySet` gives the rule's key set, when it comes to that:
 * `undefined` when it could not be found out.
 */
export const verifyToken = async (
  token: string,
  rule: Pick<JwtRule, 'issuer' | 'audiences'>,
  now: number,
  keySet: () => Promise<string | undefined>,
): Promise<JwtStatus | undefined> => {
  const parsed = parseToken(token)
  if ('status' in parsed) return parsed.status
  if (rule.issuer !== '' && rule.issuer !== parsed.issuer) return 'JwtUnknownIssuer'
  const seconds = Math.floor(now / 1000)
  if (seconds + skew < parsed.notBefore) return 'JwtNotYetValid'
  if (parsed.expires !== 0 && seconds > parsed.expires + skew) return 'JwtExpired'
  if (!audienceAllowed(rule.audiences, parsed)) return 'JwtAudienceNotAllowed'
  const set = await keySet()
  if (set === undefined) return undefined
  const keys = readKeys(set)
  return keys.length === 0 ? 'JwksNoValidKeys' : verifySignature(keys, parsed)
}
