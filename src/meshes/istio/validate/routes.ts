/** istiod's checks of one HTTP route of a VirtualService (pkg/config/validation/virtualservice.go, validation.go). */
import { type Fields, fields, isFields, labelMap, list, text, texts } from '../read.ts'
import { subsetName } from './destination-rule.ts'
import type { Findings } from './findings.ts'
import { fqdn, isDnsLabel, labelValues, portNumber, wildcardDomain } from './names.ts'

export const destination = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const host = text(value.host) ?? ''
  findings.error(host === '*' ? `invalid destination host ${host}` : wildcardDomain(host))
  if (text(value.subset)) subsetName(findings, text(value.subset) ?? '')
  if (isFields(value.port)) findings.error(portNumber(value.port.number))
}

/** Of HTTP, TCP and TLS routes. */
export const destinations = (findings: Findings, value: unknown): void => {
  let total = 0
  for (const entry of list(value)) {
    const weight = fields(entry)
    if (!isFields(weight.destination)) findings.list(['destination is required'])
    destination(findings, weight.destination)
    const share = typeof weight.weight === 'number' ? weight.weight : 0
    if (share < 0) findings.error(`weight ${share} < 0`)
    total += share
  }
  if (list(value).length > 1 && total === 0) findings.error('total destination weight = 0')
}

export const gatewayNames = (findings: Findings, names: readonly string[]): void => {
  for (const name of names) {
    const slash = name.indexOf('/')
    if (slash < 0) {
      const [short, home] = name.split('.')
      if (home !== undefined)
        findings.warn(
          `using legacy gatewayName format ${JSON.stringify(name)}; prefer the <namespace>/<name> format: ${JSON.stringify(`${home}/${short}`)}`,
        )
      findings.error(fqdn(name))
      return
    }
    const [namespace, gateway] = [name.slice(0, slash), name.slice(slash + 1)]
    if (namespace === '' || gateway === '') findings.error('config namespace and gateway name cannot be empty')
    if (!isDnsLabel(namespace)) findings.error(`invalid value for namespace: ${JSON.stringify(namespace)}`)
    if (!isDnsLabel(gateway)) findings.error(`invalid value for gateway name: ${JSON.stringify(gateway)}`)
  }
}

const pseudo = new Set([':method', ':scheme', ':authority', ':path', ':status'])
const headerName = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/

const matchedHeader = (findings: Findings, name: string): void => {
  if (name === '') findings.error('header name cannot be empty')
  else if (!name.startsWith('@request.auth.claims') && !pseudo.has(name) && !headerName.test(name))
    findings.error(`header name ${name} is not a valid header name`)
}

const stringMatch = (findings: Findings, value: unknown, where: string): void => {
  if (fields(value).prefix === '') findings.error(`${JSON.stringify(where)}: prefix string match should not be empty`)
}

const match = (findings: Findings, value: unknown): void => {
  const given = fields(value)
  for (const [name, header] of Object.entries(fields(given.headers))) {
    matchedHeader(findings, name)
    stringMatch(findings, header, 'headers')
  }
  for (const [name, header] of Object.entries(fields(given.withoutHeaders))) {
    matchedHeader(findings, name)
    stringMatch(findings, header, 'withoutHeaders')
  }
  for (const where of ['scheme', 'method', 'authority']) stringMatch(findings, given[where], where)
  for (const parameter of Object.values(fields(given.queryParams))) stringMatch(findings, parameter, 'queryParams')
  if (typeof given.port === 'number' && given.port !== 0) findings.error(portNumber(given.port))
  findings.list(labelValues(labelMap(given.sourceLabels)))
  gatewayNames(findings, texts(given.gateways))
  const namespace = text(given.sourceNamespace)
  if (namespace && !isDnsLabel(namespace)) findings.error(`sourceNamespace match ${namespace} is invalid`)
}

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

const headersSet = (findings: Findings, value: unknown): void => {
  const { request, response } = fields(value)
  const internal = (name: string): boolean => name.startsWith(':') || name.toLowerCase() === 'host'
  const prefixed = (name: string): string => `invalid header ${JSON.stringify(name)}: header cannot have ":" prefix`
  for (const name of [...Object.keys(fields(fields(request).add)), ...Object.keys(fields(fields(request).set))])
    if (name === '') findings.error('header name cannot be empty')
    else if (internal(name) && !/^(:authority|host)$/i.test(name)) findings.error(prefixed(name))
  const others = [
    ...texts(fields(request).remove),
    ...Object.keys(fields(fields(response).add)),
    ...Object.keys(fields(fields(response).set)),
    ...texts(fields(response).remove),
  ]
  for (const name of others)
    if (name === '') findings.error('header name cannot be empty')
    else if (name.toLowerCase() === 'host')
      findings.error(`invalid header ${JSON.stringify(name)}: cannot set Host header`)
    else if (internal(name)) findings.error(prefixed(name))
}

const status = (findings: Findings, value: unknown): void => {
  const code = typeof value === 'number' ? value : 0
  if (code < 200 || code > 600) findings.error(`HTTP status ${code} is not in range 200-599`)
}

const percentage = (findings: Findings, value: unknown): void => {
  const share = fields(value).value
  if (typeof share !== 'number') return
  if (share < 0 || share > 100 || (share > 0 && share < 0.0001))
    findings.error(`percentage ${share} is neither 0.0, nor in range [0.0001, 100.0]`)
}

const fault = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  if (!isFields(value.abort) && !isFields(value.delay))
    findings.list(['HTTP fault injection must have an abort and/or a delay'])
  if (isFields(value.abort)) {
    percentage(findings, value.abort.percentage)
    if (value.abort.httpStatus !== undefined) status(findings, value.abort.httpStatus)
    else if (value.abort.http2Error !== undefined) findings.error('HTTP/2 abort fault injection not supported yet')
    else if (value.abort.grpcStatus === undefined) findings.warn('abort configured, but error type not set')
  }
  if (isFields(value.delay)) {
    percentage(findings, value.delay.percentage)
    if (value.delay.exponentialDelay !== undefined) findings.list(['exponentialDelay not supported yet'])
  }
}

const retries = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const attempts = typeof value.attempts === 'number' ? value.attempts : 0
  if (attempts < 0) findings.list(['attempts cannot be negative'])
  if (
    attempts === 0 &&
    (value.perTryTimeout !== undefined || value.retryOn || value.retryRemoteLocalities !== undefined)
  )
    findings.error('http retry policy configured when attempts are set to 0 (disabled)')
}

/** The authority may be rewritten in one place only. */
const authority = (findings: Findings, route: Fields): void => {
  let current = text(fields(route.rewrite).authority) ?? ''
  const request = fields(fields(route.headers).request)
  for (const [name, value] of [...Object.entries(fields(request.set)), ...Object.entries(fields(request.add))]) {
    if (!/^(:authority|host)$/i.test(name)) continue
    if (current !== '') {
      const [have, wanted] = [JSON.stringify(current), JSON.stringify(value)]
      findings.error(`authority header cannot be set multiple times: have ${have}, attempting to set ${wanted}`)
      return
    }
    current = String(value)
  }
}

const rewrite = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const has = (name: string): boolean => Boolean(value[name])
  if (has('uri') && has('uriRegexRewrite')) findings.error('rewrite may only contain one of URI or UriRegexRewrite')
  else if (!has('uri') && !has('uriRegexRewrite') && !has('authority'))
    findings.error(
      'rewrite must specify at least one of URI, UriRegexRewrite, or authority. Only one of URI or UriRegexRewrite may be specified',
    )
}

export const httpRoute = (findings: Findings, value: unknown, delegate: boolean): void => {
  const route = fields(value)
  conflicts(findings, route, delegate)
  for (const each of list(route.match)) match(findings, each)
  headersSet(findings, route.headers)
  fault(findings, route.fault)
  destination(findings, route.mirror)
  if (isFields(route.directResponse)) status(findings, route.directResponse.status)
  retries(findings, route.retries)
  rewrite(findings, route.rewrite)
  authority(findings, route)
  for (const each of list(route.route)) headersSet(findings, fields(each).headers)
  destinations(findings, route.route)
}
