/**
 * RequestAuthentication, only as far as to know whether a request carries a token that it would judge. Tokens
 * themselves are not validated here: a request with one is `unknown`. Upstream: policy_applier.go, Envoy's extractor.cc.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { HttpRequest } from '../call.ts'
import { hasLabels, type Labels } from '../match/labels.ts'
import type { Evidence } from '../verdict.ts'
import { fields, isFields, labelMap, list, refOf, text, texts } from './read.ts'

const headerValues = (request: HttpRequest, name: string): string[] =>
  request.headers.filter(([key]) => key === name.toLowerCase()).map(([, value]) => value)

const parameterNames = (request: HttpRequest): string[] => {
  const query = request.path.split('#', 1)[0]?.split('?').slice(1).join('?') ?? ''
  return query.split('&').map((pair) => pair.split('=', 1)[0] ?? '')
}

const cookieNames = (request: HttpRequest): string[] =>
  headerValues(request, 'cookie').flatMap((line) => line.split(';').map((pair) => pair.trim().split('=', 1)[0] ?? ''))

/** Any configured location switches both default ones off. */
const carriesToken = (rule: unknown, request: HttpRequest): boolean => {
  const { fromHeaders, fromParams, fromCookies } = fields(rule)
  const custom = list(fromHeaders).length + list(fromParams).length + list(fromCookies).length > 0
  if (!custom)
    return (
      headerValues(request, 'authorization').some((value) => value.startsWith('Bearer ')) ||
      parameterNames(request).includes('access_token')
    )
  return (
    list(fromHeaders).some((entry) => {
      const prefix = text(fields(entry).prefix) ?? ''
      return headerValues(request, text(fields(entry).name) ?? '').some((value) => value.includes(prefix))
    }) ||
    texts(fromParams).some((name) => parameterNames(request).includes(name)) ||
    texts(fromCookies).some((name) => cookieNames(request).includes(name))
  )
}

/** The rule that would have to judge a token of this request; undefined: there is none, and the filter does nothing. */
export const tokenDoubt = (
  policies: readonly KubeObject[],
  about: { namespace: string; labels: Labels; root: string; request: HttpRequest },
): Evidence | undefined => {
  for (const object of policies) {
    const spec = fields(object.spec)
    const inScope = object.metadata.namespace === about.namespace || object.metadata.namespace === about.root
    const targeted = isFields(spec.targetRef) || list(spec.targetRefs).length > 0
    if (!inScope || targeted || !hasLabels(labelMap(fields(spec.selector).matchLabels), about.labels)) continue
    const index = list(spec.jwtRules).findIndex((rule) => carriesToken(rule, about.request))
    if (index >= 0) return { object: refOf(object), field: `spec.jwtRules[${index}]` }
  }
  return undefined
}
