/** What the JWT filter did, in sentences. */
import type { Step } from '../verdict.ts'
import type { JwtRule } from './jwt/rules.ts'
import { httpStatus, type JwtStatus, statusText } from './jwt/status.ts'
import { type Fields, nameOf } from './read.ts'

const name = ({ evidence }: JwtRule): string => nameOf(evidence.object)

const issuerOf = (rule: JwtRule): string => (rule.issuer === '' ? 'any issuer' : rule.issuer)

export const tokenAccepted = (rule: JwtRule, claims: Fields | undefined): Step => ({
  at: 'server',
  outcome: 'pass',
  says: `${name(rule)} accepts the token of ${String(claims?.iss ?? issuerOf(rule))}, subject ${String(claims?.sub ?? 'none')}`,
  evidence: rule.evidence,
})

/** Where in the rule the reason stands. */
const fields: Partial<Record<JwtStatus, string>> = {
  JwtUnknownIssuer: 'issuer',
  JwtAudienceNotAllowed: 'audiences',
}

const keyField = (rule: JwtRule): string | undefined =>
  rule.jwks !== '' ? 'jwks' : rule.jwksUri !== '' ? 'jwksUri' : undefined

const fieldOf = (rule: JwtRule, status: JwtStatus): string | undefined => {
  const isOfKeys = status === 'JwtVerificationFail' || status.startsWith('Jwks')
  return isOfKeys ? keyField(rule) : fields[status]
}

export const tokenRefusal = (rule: JwtRule, status: JwtStatus): Step => {
  const field = fieldOf(rule, status)
  const hint =
    field === 'jwksUri' && status === 'JwtVerificationFail'
      ? '; istiod answers so too when it cannot fetch jwksUri'
      : ''
  return {
    at: 'server',
    outcome: 'deny',
    says: `${name(rule)} refuses the token (${httpStatus(status)}): ${statusText(status)}${hint}`,
    evidence: { ...rule.evidence, field: `${rule.evidence.field}${field === undefined ? '' : `.${field}`}` },
  }
}

export const tokenUnknown = (rule: JwtRule, looked: boolean): Step => ({
  at: 'server',
  outcome: 'unknown',
  says: looked
    ? `${name(rule)} judges the token of this request, and its keys (${rule.jwksUri || `those of ${rule.issuer}`}) could not be fetched from here`
    : `${name(rule)} judges the token of this request, and nobody has verified it`,
  evidence: rule.evidence,
})
