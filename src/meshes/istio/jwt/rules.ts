/**
 * RequestAuthentication, from its spec to the rules that a workload's sidecar holds. Upstream:
 * pilot/pkg/security/authn/policy_applier.go (convertToEnvoyJwtConfig). `timeout` is not modelled.
 */
import type { KubeObject } from '../../../kube/api.ts'
import { hasLabels, type Labels } from '../../match/labels.ts'
import type { Evidence } from '../../verdict.ts'
import { fields, isFields, labelMap, list, refOf, text, texts } from '../read.ts'

/** Where a rule looks for tokens. Header names are lower-case. */
export interface Locations {
  headers: { name: string; prefix: string }[]
  params: string[]
  cookies: string[]
}

export interface JwtRule {
  evidence: Evidence
  /** Names the rule in a `TokenFact`. */
  key: string
  /** Empty: any. */
  issuer: string
  audiences: string[]
  /** Inline key set; wins over the URI. */
  jwks: string
  jwksUri: string
  locations: Locations
  forward: boolean
  /** Lower-case; empty: none. */
  payloadHeader: string
  claimHeaders: { header: string; claim: string }[]
  spaceDelimited: string[]
}

export interface RequestAuthentication {
  object: KubeObject
  labels: Record<string, string>
  rules: JwtRule[]
}

const defaults: Locations = {
  headers: [{ name: 'authorization', prefix: 'Bearer ' }],
  params: ['access_token'],
  cookies: [],
}

/** Any configured location switches both default ones off. */
const locationsOf = (rule: Readonly<Record<string, unknown>>): Locations => {
  const headers = list(rule.fromHeaders).map((entry) => ({
    name: (text(fields(entry).name) ?? '').toLowerCase(),
    prefix: text(fields(entry).prefix) ?? '',
  }))
  const [params, cookies] = [texts(rule.fromParams), texts(rule.fromCookies)]
  return headers.length + params.length + cookies.length === 0 ? defaults : { headers, params, cookies }
}

const readRule = (object: KubeObject, value: unknown, index: number): JwtRule => {
  const rule = fields(value)
  return {
    evidence: { object: refOf(object), field: `spec.jwtRules[${index}]`, rule: index },
    key: `${object.metadata.namespace ?? ''}/${object.metadata.name} ${index}`,
    issuer: text(rule.issuer) ?? '',
    audiences: texts(rule.audiences),
    jwks: text(rule.jwks) ?? '',
    jwksUri: text(rule.jwksUri) ?? text(rule.jwks_uri) ?? '',
    locations: locationsOf(rule),
    forward: rule.forwardOriginalToken === true,
    payloadHeader: (text(rule.outputPayloadToHeader) ?? '').toLowerCase(),
    claimHeaders: list(rule.outputClaimToHeaders).map((entry) => ({
      header: (text(fields(entry).header) ?? '').toLowerCase(),
      claim: text(fields(entry).claim) ?? '',
    })),
    spaceDelimited: [...new Set(['permission', 'scope', ...texts(rule.spaceDelimitedClaims)])].sort(),
  }
}

/** Undefined: it has targetRefs, so sidecars ignore it. */
export const readRequestAuthentication = (object: KubeObject): RequestAuthentication | undefined => {
  const spec = fields(object.spec)
  if (isFields(spec.targetRef) || list(spec.targetRefs).length > 0) return undefined
  return {
    object,
    labels: labelMap(fields(spec.selector).matchLabels),
    rules: list(spec.jwtRules).map((rule, index) => readRule(object, rule, index)),
  }
}

/**
 * The rules for a workload: those of its namespace and of the root one add up, in the order of their issuers; of one
 * issuer its namespace's come first (pilot/pkg/model/authentication.go, getConfigsForWorkload).
 */
export const rulesFor = (
  policies: ReadonlyMap<string, readonly RequestAuthentication[]>,
  about: { namespace: string; labels: Labels; root: string },
): JwtRule[] =>
  [...new Set([about.namespace, about.root])]
    .flatMap((namespace) => policies.get(namespace) ?? [])
    .filter((policy) => hasLabels(policy.labels, about.labels))
    .flatMap((policy) => policy.rules)
    .sort((a, b) => (a.issuer < b.issuer ? -1 : a.issuer > b.issuer ? 1 : 0))
