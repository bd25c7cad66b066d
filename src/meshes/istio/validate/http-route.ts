/** istiod's checks of one HTTP route of a VirtualService, in its order (pkg/config/validation/virtualservice.go). */
import { type Fields, fields, isFields, list, text } from '../read.ts'
import { destinations } from './destinations.ts'
import { duration } from './durations.ts'
import type { Findings } from './findings.ts'
import { cors, directResponse, fault, mirrors, redirect, retries, rewrite } from './http-actions.ts'
import { authority, headers } from './http-headers.ts'
import { httpMatches } from './http-match.ts'

const conflicts = (findings: Findings, route: Fields, delegate: boolean): void => {
  const has = (name: string): boolean => isFields(route[name])
  const routes = list(route.route).length > 0
  if (has('delegate') && !delegate) {
    if (has('redirect')) findings.error(`root HTTP route ${text(route.name) ?? ''} must not specify redirect`)
    if (routes) findings.error(`root HTTP route ${text(route.name) ?? ''} must not specify route`)
    return
  }
  if (delegate && has('delegate')) findings.error('delegate HTTP route cannot contain delegate')
  const instead = has('redirect') ? 'redirect' : has('directResponse') ? 'direct_response' : undefined
  if (instead !== undefined) {
    if (routes) findings.error(`HTTP route cannot contain both route and ${instead}`)
    if (has('fault')) findings.error(`HTTP route cannot contain both fault and ${instead}`)
    if (has('rewrite')) findings.error(`HTTP route rule cannot contain both rewrite and ${instead}`)
    if (instead === 'redirect' && has('directResponse'))
      findings.error('HTTP route rule cannot contain both direct_response and redirect')
  } else if (!routes) findings.error('HTTP route, redirect or direct_response is required')
  if (has('mirror') && list(route.mirrors).length > 0)
    findings.error('HTTP route cannot contain both mirror and mirrors')
}

/** @param delegate whether another VirtualService takes the route in */
export const httpRoute = (findings: Findings, value: unknown, delegate: boolean): void => {
  const route = fields(value)
  conflicts(findings, route, delegate)
  httpMatches(findings, route.match)
  headers(findings, route.headers)
  cors(findings, route.corsPolicy)
  fault(findings, route.fault)
  mirrors(findings, route)
  redirect(findings, route.redirect, list(route.match).map(fields))
  directResponse(findings, route.directResponse)
  retries(findings, route.retries)
  rewrite(findings, route.rewrite)
  authority(findings, route)
  destinations(findings, route.route, (weight) => headers(findings, fields(weight).headers))
  findings.error(duration(route.timeout))
}
