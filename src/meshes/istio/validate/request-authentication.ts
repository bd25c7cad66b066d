/** istiod's checks of a RequestAuthentication (pkg/config/validation/validation.go). Not modelled: the words about `jwks` that do not parse. */
import { type Fields, fields, list, text } from '../read.ts'
import type { Findings } from './findings.ts'
import { target } from './selectors.ts'

/** A set, or one key alone. */
const isKeySet = (text: string): boolean => {
  try {
    const value = fields(JSON.parse(text))
    return Array.isArray(value.keys) || typeof value.kty === 'string'
  } catch {
    return false
  }
}

const jwtRule = (value: unknown): string[] => {
  const rule = fields(value)
  const errors: string[] = []
  for (const audience of list(rule.audiences)) if (audience === '') errors.push('audience must be non-empty string')
  const uri = text(rule.jwksUri) ?? ''
  if (!text(rule.issuer) && uri === '') errors.push('issuer or jwksUri must be non-empty string')
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? ''
  if (uri !== '' && scheme !== 'http' && scheme !== 'https')
    errors.push(`URI scheme ${JSON.stringify(scheme)} is not supported`)
  const port = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*:([^/?#\]]*)(?:[/?#]|$)/i.exec(uri)?.[1] ?? ''
  if (!/^\d*$/.test(port)) errors.push(`parse ${JSON.stringify(uri)}: invalid port ":${port}" after host`)
  const jwks = text(rule.jwks) ?? ''
  if (jwks !== '' && !isKeySet(jwks)) errors.push('jwks parse error: it is no JSON Web Key Set')
  for (const location of list(rule.fromHeaders))
    if (!text(fields(location).name)) errors.push('location header name must be non-empty string')
  for (const name of list(rule.fromParams)) if (name === '') errors.push('location query must be non-empty string')
  for (const name of list(rule.fromCookies)) if (name === '') errors.push('cookie name must be non-empty string')
  for (const entry of list(rule.outputClaimToHeaders))
    if (!text(fields(entry).claim) || !text(fields(entry).header))
      errors.push('outputClaimToHeaders header and claim value must be non-empty string')
    else if (!/^[-_A-Za-z0-9]+$/.test(text(fields(entry).header) ?? ''))
      errors.push(`header name ${text(fields(entry).header)} is not a valid header name`)
  return errors
}

/** Private keys work, and have no business there. */
const privateKeys = (findings: Findings, jwks: string): void => {
  let set: unknown
  try {
    set = JSON.parse(jwks)
  } catch {
    return
  }
  list(fields(set).keys).forEach((key, index) => {
    if (fields(key).d !== undefined || fields(key).kty === 'oct')
      findings.warn(
        `jwks key at index ${index} contains private key material; only public keys are used for verification`,
      )
  })
}

export const requestAuthentication = (findings: Findings, spec: Fields): void => {
  target(findings, spec)
  for (const rule of list(spec.jwtRules)) {
    findings.list(jwtRule(rule))
    privateKeys(findings, text(fields(rule).jwks) ?? '')
  }
}
