/**
 * The bucket of a local rate limit. It fills evenly, not all at once at the end of an interval: Envoy's
 * RateLimitTokenBucket (source/extensions/filters/common/local_ratelimit/local_ratelimit_impl.cc).
 */
import { applies } from '../../meshes/chance.ts'
import type { RateLimit } from '../../meshes/verdict.ts'

export interface TokenBucket {
  /** What becomes of a request; only an enforced limit turns it away. */
  take(limit: RateLimit): Taken
}

/** `unasked`: the limit is not enabled for it. */
export type Taken = 'unasked' | 'ok' | 'over' | 'enforced'

/** `now` gives milliseconds since the epoch. A bucket starts full. */
export const createTokenBucket = (now: () => number): TokenBucket => {
  let tokens: number | undefined
  let at = now()
  let turn = 0
  return {
    take({ maxTokens, tokensPerFill, fillInterval, enabled, enforced }) {
      turn++
      if (!applies('enabled', enabled, turn)) return 'unasked'
      const time = now()
      tokens = Math.min(maxTokens, (tokens ?? maxTokens) + ((time - at) * tokensPerFill) / fillInterval)
      at = time
      if (tokens >= 1) {
        tokens--
        return 'ok'
      }
      return applies('enforced', enforced, turn) ? 'enforced' : 'over'
    },
  }
}
