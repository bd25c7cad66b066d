/** `token`: a JWT of the labs' issuer, or its key set. Needs no cluster. */
import { labJwks, labToken, readClaim, readLifetime } from '../embedded/pki/lab-issuer.ts'
import { exit, type Io, print, UsageError } from './io.ts'

export interface TokenOptions {
  jwks?: boolean
  iss?: string
  sub?: string
  aud?: string[]
  claim?: string[]
  for: string
}

export const token = async (io: Io, options: TokenOptions): Promise<number> => {
  const { iss, sub, aud, claim: pairs = [] } = options
  if (options.jwks) {
    if (iss || sub || aud || pairs.length > 0) throw new UsageError('--jwks prints the key set: leave the rest out')
    print(io, JSON.stringify(labJwks(), null, 2))
    return exit.passed
  }
  if (!iss || !sub)
    throw new UsageError(
      `${iss ? '--sub' : '--iss'} is missing: meshdojo token --iss https://issuer.lab --sub alice, or meshdojo token --jwks`,
    )
  const lifetime = readLifetime(options.for)
  if (lifetime === undefined)
    throw new UsageError(`--for ${options.for} is no duration: 90s, 15m, 2h, 7d, or -5m for an expired token`)
  const claims = pairs.map((pair) => {
    const claim = readClaim(pair)
    if (claim === undefined)
      throw new UsageError(`--claim ${pair} is no pair: --claim team=blue, --claim 'groups=["a"]'`)
    return claim
  })
  print(io, await labToken({ iss, sub, aud, claims: Object.fromEntries(claims), lifetime }, Date.now()))
  return exit.passed
}
