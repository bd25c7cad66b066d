/** `match` of an HTTP route (pkg/config/validation/virtualservice.go, validateHTTPRouteMatchRequest). */
import { type Fields, fields, labelMap, list, text, texts } from '../read.ts'
import { gatewayNames } from './destinations.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'
import { isDnsLabel, labelProblems, portNumber } from './names.ts'
import { stringRegex } from './regex.ts'

const pseudo = new Set([':method', ':scheme', ':authority', ':path', ':status'])
const headerName = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/

/** `@request.auth.claims.sub` or `@request.auth.claims[sub]` (pkg/jwt/routing.go, ToRoutingClaim). */
export const isClaim = (name: string): boolean => /^@request\.auth\.claims(\..+|\[.+\])$/is.test(name)

const matchedHeader = (name: string): string | undefined => {
  if (name === '') return 'header name cannot be empty'
  const isFine = isClaim(name) || pseudo.has(name) || headerName.test(name)
  return isFine ? undefined : `header name ${name} is not a valid header name`
}

const stringMatch = (findings: Findings, value: unknown, where: string): void => {
  if (fields(value).prefix === '') findings.error(`${quoted(where)}: prefix string match should not be empty`)
  else findings.error(stringRegex(findings, value, where))
}

const request = (findings: Findings, given: Fields): void => {
  for (const [name, header] of Object.entries(fields(given.headers))) {
    findings.error(matchedHeader(name))
    stringMatch(findings, header, 'headers')
  }
  for (const [name, header] of Object.entries(fields(given.withoutHeaders))) {
    findings.error(matchedHeader(name))
    // A star is no expression there: it asks for presence.
    if (fields(header).regex !== '*') stringMatch(findings, header, 'withoutHeaders')
  }
  // An empty prefix is fine for a URI.
  findings.error(stringRegex(findings, given.uri, 'uri'))
  for (const where of ['scheme', 'method', 'authority']) stringMatch(findings, given[where], where)
  for (const parameter of Object.values(fields(given.queryParams))) stringMatch(findings, parameter, 'queryParams')
}

const source = (findings: Findings, given: Fields): void => {
  if (typeof given.port === 'number' && given.port !== 0) findings.error(portNumber(given.port))
  findings.list(labelProblems(labelMap(given.sourceLabels)))
  gatewayNames(findings, texts(given.gateways))
  const namespace = text(given.sourceNamespace)
  if (namespace && !isDnsLabel(namespace)) findings.error(`sourceNamespace match ${namespace} is invalid`)
}

export const httpMatches = (findings: Findings, value: unknown): void =>
  findings.quietly(() => {
    const matches = list(value).map(fields)
    for (const match of matches) request(findings, match)
    for (const match of matches) source(findings, match)
  })
