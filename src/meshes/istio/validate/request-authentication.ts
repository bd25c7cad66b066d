/** istiod's checks of a RequestAuthentication (pkg/config/validation/validation.go). */
import { type Fields, fields, list, text } from '../read.ts'
import { duration } from './durations.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { jwksProblem, privateKeys } from './jwks.ts'
import { target } from './selectors.ts'
import { urlProblem } from './urls.ts'

/** pkg/config/security/security.go (ParseJwksURI) */
const jwksUri = (uri: string): string | undefined => {
  if (uri === '') return undefined
  const wrong = urlProblem(uri)
  if (wrong !== undefined) return wrong
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? ''
  return scheme === 'http' || scheme === 'https' ? undefined : `URI scheme ${quoted(scheme)} is not supported`
}

const claimHeader = (value: Fields): string | undefined => {
  const [claim, header] = [text(value.claim), text(value.header)]
  if (!claim || !header) return 'outputClaimToHeaders header and claim value must be non-empty string'
  return /^[-_A-Za-z0-9]+$/.test(header) ? undefined : `header name ${header} is not a valid header name`
}

const jwtRule = (rule: Fields): string[] => {
  const [uri, jwks] = [text(rule.jwksUri) ?? text(rule.jwks_uri) ?? '', text(rule.jwks) ?? '']
  const empty = (values: unknown, words: string): string[] =>
    list(values).flatMap((value) => (value === '' ? [`${words} must be non-empty string`] : []))
  const names = list(rule.fromHeaders).map((location) => text(fields(location).name) ?? '')
  const found = (problem: string | undefined): string[] => (problem === undefined ? [] : [problem])
  return [
    ...empty(rule.audiences, 'audience'),
    ...(!text(rule.issuer) && uri === '' ? ['issuer or jwksUri must be non-empty string'] : []),
    ...found(jwksUri(uri)),
    ...(jwks === '' ? [] : found(jwksProblem(jwks))),
    ...empty(names, 'location header name'),
    ...empty(rule.fromParams, 'location query'),
    ...empty(rule.fromCookies, 'cookie name'),
    ...list(rule.outputClaimToHeaders).flatMap((entry) => found(claimHeader(fields(entry)))),
    ...found(duration(rule.timeout)),
  ]
}

export const requestAuthentication = (findings: Findings, spec: Fields): void => {
  target(findings, spec)
  for (const rule of list(spec.jwtRules).map(fields)) {
    findings.list(jwtRule(rule))
    for (const index of privateKeys(text(rule.jwks) ?? ''))
      findings.warn(
        `jwks key at index ${index} contains private key material; only public keys are used for verification`,
      )
  }
}
