/** Regular expressions of routes (pkg/config/validation/validation.go, validateStringMatchRegexp and validateStringRegexp). */
import { fields, text } from '../read.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'

/** istiod's limit stands for Envoy's on the size of the program. */
export const regex = (findings: Findings, expression: string, where: string): string | undefined => {
  if (Buffer.byteLength(expression) > 1024) return `${quoted(where)}: regex is too large, max length allowed is 1024`
  const wrong = findings.regexProblem(expression)
  return wrong === undefined
    ? undefined
    : `${quoted(where)}: ${wrong}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)`
}

/** Of a StringMatch, if it is one by expression. */
export const stringRegex = (findings: Findings, value: unknown, where: string): string | undefined => {
  const expression = text(fields(value).regex)
  if (expression === undefined) return undefined
  if (expression === '') return `${quoted(where)}: regex string match should not be empty`
  return regex(findings, expression, where)
}
