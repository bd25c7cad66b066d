/**
 * Regular expressions as Go's RE2 reads them. Loaded on the first pattern, synchronously: validation is part of a write,
 * which is one turn.
 */
import { createRequire } from 'node:module'

export type Matcher = (text: string) => boolean

/** Finds a match anywhere in the text, as the API server does. @throws when the expression is not valid RE2 */
export const compilePattern = (pattern: string): Matcher => {
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js')
  const compiled = RE2JS.compile(pattern)
  return (text) => compiled.matcher(text).find()
}

/** What Go's regexp says of an expression that is none. */
export const regexProblem = (pattern: string): string | undefined => {
  try {
    compilePattern(pattern)
    return undefined
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    // Go quotes what it could not read, which is nothing here.
    return words.endsWith('backslash at end of expression') ? `${words}: \`\`` : words
  }
}
