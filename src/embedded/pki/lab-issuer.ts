/**
 * Tokens for JWT labs, signed with a key that is the same everywhere (RS256, so the same claims give the same token).
 * Used by the verb `token` and by the image meshdojo/token-issuer.
 */
import type { JWK, JWTPayload } from 'jose'
import { labKey } from './lab-key.ts'

/** How long a token is good when nobody says: an hour. */
export const lifetime = 3600

export interface TokenWishes {
  iss: string
  sub: string
  aud?: readonly string[]
  /** Further claims; these win over the ones above and over `iat` and `exp`. */
  claims?: Readonly<Record<string, unknown>>
  /** Seconds; negative makes a token that has expired already. */
  lifetime?: number
}

/** The public half, as a key set. */
export const labJwks = (): { keys: JWK[] } => {
  const { kty, kid, alg, use, n, e } = labKey
  return { keys: [{ kty, kid, alg, use, n, e }] }
}

/** `now` in milliseconds. */
export const labToken = async (wishes: TokenWishes, now: number): Promise<string> => {
  const { importJWK, SignJWT } = await import('jose')
  const iat = Math.floor(now / 1000)
  const { iss, sub, aud = [] } = wishes
  const audience = aud.length === 0 ? {} : { aud: aud.length === 1 ? aud[0] : [...aud] }
  const standard = { iss, sub, ...audience, iat, exp: iat + (wishes.lifetime ?? lifetime) }
  const payload = { ...standard, ...wishes.claims } as JWTPayload
  const header = { alg: 'RS256', kid: labKey.kid, typ: 'JWT' }
  return new SignJWT(payload).setProtectedHeader(header).sign(await importJWK(labKey, 'RS256'))
}

/** `level=7`, `groups=["a","b"]`, `team=blue`: what reads as JSON is JSON, anything else is text. Undefined: no pair. */
export const readClaim = (pair: string): [name: string, value: unknown] | undefined => {
  const at = pair.indexOf('=')
  if (at <= 0) return undefined
  const [name, text] = [pair.slice(0, at), pair.slice(at + 1)]
  try {
    return [name, JSON.parse(text)]
  } catch {
    return [name, text]
  }
}

/** `90` and `90s` are seconds; `15m`, `2h`, `7d`; with a minus the token has expired. Undefined: none of these. */
export const readLifetime = (text: string): number | undefined => {
  const match = /^(-?\d+)([smhd]?)$/.exec(text)
  const unit = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] ?? '']
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit
}
