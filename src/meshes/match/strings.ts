/**
 * Istio's string patterns: `*` alone is presence, `*x` a suffix, `x*` a prefix, anything else exact. A `*` anywhere
 * else is an ordinary character. Upstream: pilot/pkg/security/authz/matcher/string.go and header.go.
 */

export type StringTest = (value: string) => boolean

/** `ignoreCase` is how host names are compared. `*` needs at least one character. */
export const stringPattern = (pattern: string, ignoreCase = false): StringTest => {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text)
  const folded = fold(pattern)
  if (folded === '*') return (value) => value.length > 0
  if (folded.startsWith('*')) return (value) => fold(value).endsWith(folded.slice(1))
  if (folded.endsWith('*')) return (value) => fold(value).startsWith(folded.slice(0, -1))
  return (value) => fold(value) === folded
}

/** For texts that go into a regular expression. */
export const quote = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
