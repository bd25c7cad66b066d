/**
 * JSON Web Key Sets as Envoy reads them: keys that it cannot use are left out. Upstream: google/jwt_verify_lib
 * src/jwks.cc, src/verify.cc (which keys a token is held against). Not modelled: sets of X.509 certificates.
 */
import type { JWK } from 'jose'
import { isFields } from '../read.ts'
import { fromBase64Url, type ParsedToken } from './parse.ts'

export interface Key {
  jwk: JWK
  /** Empty: any. */
  kid: string
  alg: string
}

const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

const bytes = (value: unknown): Uint8Array | undefined =>
  typeof value === 'string' && value !== '' ? fromBase64Url(value) : undefined

const usable = (jwk: JWK): JWK | undefined => {
  const alg = jwk.alg ?? ''
  switch (jwk.kty) {
    case 'RSA':
      return (alg === '' || /^(RS|PS)/.test(alg)) && bytes(jwk.n) && bytes(jwk.e)
        ? { kty: 'RSA', n: jwk.n, e: jwk.e }
        : undefined
    case 'EC': {
      if (alg !== '' && !alg.startsWith('ES')) return undefined
      const crv = jwk.crv ?? curves[alg] ?? (alg === '' ? 'P-256' : '')
      if (alg !== '' && curves[alg] !== crv) return undefined
      const known = Object.values(curves).includes(crv)
      return known && bytes(jwk.x) && bytes(jwk.y) ? { kty: 'EC', crv, x: jwk.x, y: jwk.y } : undefined
    }
    case 'oct':
      return (alg === '' || /^HS(256|384|512)$/.test(alg)) && bytes(jwk.k) ? { kty: 'oct', k: jwk.k } : undefined
    case 'OKP':
      return (alg === '' || alg === 'EdDSA') && jwk.crv === 'Ed25519' && bytes(jwk.x)?.length === 32
        ? { kty: 'OKP', crv: 'Ed25519', x: jwk.x }
        : undefined
    default:
      return undefined
  }
}

/** The usable keys of a set; none when the text is no set. */
export const readKeys = (text: string): Key[] => {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    return []
  }
  const given = isFields(set) && Array.isArray(set.keys) ? set.keys : []
  return given.filter(isFields).flatMap((entry): Key[] => {
    const jwk = usable(entry as JWK)
    const of = (value: unknown): string => (typeof value === 'string' ? value : '')
    return jwk === undefined ? [] : [{ jwk, kid: of(entry.kid), alg: of(entry.alg) }]
  })
}

/** Whether the token may have been signed by the key, going by what both say. */
export const mayMatch = (key: Key, token: ParsedToken): boolean =>
  (token.kid === '' || key.kid === '' || token.kid === key.kid) && (key.alg === '' || key.alg === token.alg)

const families: Record<string, RegExp> = { RSA: /^(RS|PS)/, EC: /^ES/, oct: /^HS/, OKP: /^EdDSA$/ }

/** Whether the key is of the kind that the token's algorithm needs. */
export const isOfKind = (key: Key, token: ParsedToken): boolean => {
  const { kty = '', crv } = key.jwk
  const family = families[kty]
  if (!family?.test(token.alg)) return false
  return kty !== 'EC' || curves[token.alg] === crv
}
