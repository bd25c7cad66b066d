/** istiod's checks of a RequestAuthentication. Not modelled: whether `jwks` parses, header name syntax, `timeout`. */
import { type Fields, fields, list, text } from '../read.ts'
import type { Findings } from './findings.ts'
import { target } from './selectors.ts'

const jwtRule = (value: unknown): string[] => {
  const rule = fields(value)
  const errors: string[] = []
  for (const audience of list(rule.audiences)) if (audience === '') errors.push('audience must be non-empty string')
  const uri = text(rule.jwksUri) ?? ''
  if (!text(rule.issuer) && uri === '') errors.push('issuer or jwksUri must be non-empty string')
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? ''
  if (uri !== '' && scheme !== 'http' && scheme !== 'https')
    errors.push(`URI scheme ${JSON.stringify(scheme)} is not supported`)
  for (const location of list(rule.fromHeaders))
    if (!text(fields(location).name)) errors.push('location header name must be non-empty string')
  for (const name of list(rule.fromParams)) if (name === '') errors.push('location query must be non-empty string')
  for (const name of list(rule.fromCookies)) if (name === '') errors.push('cookie name must be non-empty string')
  for (const entry of list(rule.outputClaimToHeaders))
    if (!text(fields(entry).claim) || !text(fields(entry).header))
      errors.push('outputClaimToHeaders header and claim value must be non-empty string')
  return errors
}

export const requestAuthentication = (findings: Findings, spec: Fields): void => {
  target(findings, spec)
  for (const rule of list(spec.jwtRules)) findings.list(jwtRule(rule))
}
