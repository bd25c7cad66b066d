/** Tokens for rows: real ones, signed for the test at a fixed time. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** The time at which all rows happen. */
export const now = Date.UTC(2026, 5, 1)

/** Claims of a token; `exp`, `nbf` and `iat` are seconds from now. `$`-keys say how it is made. */
export interface TokenSpec {
  [claim: string]: unknown
  /** Which key signs: `lab` (default, in the key set), `other` (same kid, not in the set), `unknown` (foreign kid). */
  $key?: 'lab' | 'other' | 'unknown' | 'ec'
  /** What the header says instead of the true key id; null: nothing. */
  $kid?: string | null
  /** The token as it is. */
  $raw?: string
  /** Cut from the end. */
  $cut?: number
}

const makeKeys = async () => {
  const rsa = () => generateKeyPair('RS256', { extractable: true })
  const [lab, other, unknown, ec] = await Promise.all([
    rsa(),
    rsa(),
    rsa(),
    generateKeyPair('ES256', { extractable: true }),
  ])
  const publicKeys = [
    { ...(await exportJWK(lab.publicKey)), kid: 'lab' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256' },
  ]
  return { lab, other, unknown, ec, jwks: JSON.stringify({ keys: publicKeys }) }
}

let keys: ReturnType<typeof makeKeys> | undefined
const load = () => {
  keys ??= makeKeys()
  return keys
}

const timed = new Set(['exp', 'nbf', 'iat'])

const sign = async (spec: TokenSpec): Promise<string> => {
  if (spec.$raw !== undefined) return spec.$raw
  const all = await load()
  const which = spec.$key ?? 'lab'
  const entries = Object.entries(spec).filter(([name]) => !name.startsWith('$'))
  const claims = Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      timed.has(name) && typeof value === 'number' ? Math.floor(now / 1000) + value : value,
    ]),
  )
  const kid = spec.$kid === undefined ? (which === 'other' ? 'lab' : which) : spec.$kid
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: which === 'ec' ? 'ES256' : 'RS256', ...(kid === null ? {} : { kid }) })
    .sign(all[which].privateKey)
  return spec.$cut === undefined ? token : token.slice(0, -spec.$cut)
}

/** A function that puts tokens (`${good}`) and the key set (`${jwks}`) into every string of a value. */
export const filler = async (specs: Record<string, TokenSpec>): Promise<<T>(value: T) => T> => {
  const texts = new Map<string, string>([['jwks', (await load()).jwks]])
  for (const [name, spec] of Object.entries(specs)) texts.set(name, await sign(spec))
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(/\$\{(\w+)\}/g, (all, name: string) => texts.get(name) ?? all)
    if (Array.isArray(value)) return value.map(fill)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)]))
  }
  return fill as <T>(value: T) => T
}
