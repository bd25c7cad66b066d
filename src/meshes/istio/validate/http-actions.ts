/** What an HTTP route does besides routing: CORS, faults, redirects, answers of its own, retries, rewrites, mirrors. */
import { parseDuration } from '../duration.ts'
import { type Fields, fields, isFields, list, text, texts } from '../read.ts'
import { destination } from './destinations.ts'
import { duration } from './durations.ts'
import type { Findings } from './findings.ts'
import { float, quoted } from './go-text.ts'
import { portNumber } from './names.ts'
import { regex, stringRegex } from './regex.ts'

const methods = new Set('GET HEAD POST PUT PATCH DELETE CONNECT OPTIONS TRACE *'.split(' '))

const corsHeader = (name: string): string | undefined => {
  if (name === '') return 'header name cannot be empty'
  return /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/.test(name) ? undefined : `header name ${name} is not a valid header name`
}

export const cors = (findings: Findings, value: unknown): void => {
  const policy = fields(value)
  for (const origin of list(policy.allowOrigins).map(fields))
    findings.error(
      text(origin.exact) || text(origin.prefix) || text(origin.regex)
        ? stringRegex(findings, origin, 'corsPolicy.allowOrigins')
        : "'' is not a valid match type for CORS allow origins",
    )
  for (const method of texts(policy.allowMethods))
    if (!methods.has(method)) findings.error(`${quoted(method)} is not a supported HTTP method`)
  for (const name of [...texts(policy.allowHeaders), ...texts(policy.exposeHeaders)]) findings.error(corsHeader(name))
  findings.error(duration(policy.maxAge))
  if ((parseDuration(text(policy.maxAge) ?? '') ?? 0n) % 1_000_000_000n > 0n)
    findings.list(['max_age duration is accurate only to seconds precision'])
}

const statusCode = (value: unknown): string | undefined => {
  const code = typeof value === 'number' ? value : 0
  return code < 200 || code > 600 ? `HTTP status ${code} is not in range 200-599` : undefined
}

const percentage = (value: unknown): string | undefined => {
  const share = fields(value).value
  if (typeof share !== 'number') return undefined
  const isFine = share >= 0 && share <= 100 && (share === 0 || share >= 0.0001)
  return isFine ? undefined : `percentage ${float(share)} is neither 0.0, nor in range [0.0001, 100.0]`
}

/** pkg/util/grpc/grpc.go */
const grpcStatuses = new Set(
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  ),
)

/** That an abort has no status is a warning which istiod loses on the way. */
const abort = (findings: Findings, value: Fields): void => {
  findings.error(percentage(value.percentage))
  const grpc = text(value.grpcStatus)
  if (value.httpStatus !== undefined) findings.error(statusCode(value.httpStatus))
  else if (value.http2Error !== undefined) findings.error('HTTP/2 abort fault injection not supported yet')
  else if (grpc !== undefined && !grpcStatuses.has(grpc))
    findings.error(
      `gRPC status ${quoted(grpc)} is not supported. See https://github.com/grpc/grpc/blob/master/doc/statuscodes.md for a list of supported codes, for example 'NOT_FOUND'`,
    )
}

export const fault = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  if (!isFields(value.abort) && !isFields(value.delay))
    findings.list(['HTTP fault injection must have an abort and/or a delay'])
  if (isFields(value.abort)) abort(findings, value.abort)
  if (!isFields(value.delay)) return
  findings.error(percentage(value.delay.percentage))
  findings.error(duration(value.delay.fixedDelay))
  if (value.delay.exponentialDelay === undefined) return
  findings.error(duration(value.delay.exponentialDelay))
  findings.list(['exponentialDelay not supported yet'])
}

export const mirrors = (findings: Findings, route: Fields): void => {
  const old = route.mirrorPercent ?? route.mirror_percent
  if (typeof old === 'number') {
    if (old > 100) findings.error(`mirror_percent must have a max value of 100 (it has ${old})`)
    findings.warn('using deprecated setting "mirrorPercent", use "mirrorPercentage" instead')
  }
  const share = (what: string, value: unknown): void => {
    const number = fields(value).value
    if (typeof number !== 'number') return
    if (number > 100) findings.error(`${what} must have a max value of 100 (it has ${number.toFixed(6)})`)
    if (number < 0) findings.error(`${what} must have a min value of 0 (it has ${number.toFixed(6)})`)
  }
  share('mirror_percentage', route.mirrorPercentage)
  destination(findings, route.mirror)
  for (const mirror of list(route.mirrors).map(fields)) {
    if (!isFields(mirror.destination)) {
      findings.error('destination is required for mirrors')
      continue
    }
    destination(findings, mirror.destination)
    share('mirror percentage', mirror.percentage)
  }
}

const redirectProblem = (redirect: Fields, matches: readonly Fields[]): string | undefined => {
  const has = (name: string): boolean => Boolean(text(redirect[name]))
  if (has('uri') && has('prefixRewrite')) return 'redirect may only specify one of uri or prefix_rewrite'
  if (has('prefixRewrite') && matches.some(({ uri }) => isFields(uri) && uri.prefix === undefined))
    return 'redirect prefix_rewrite requires all URI matches to use prefix match type'
  const port = redirect.port ?? redirect.derivePort
  if (!['uri', 'prefixRewrite', 'authority', 'scheme'].some(has) && port === undefined)
    return 'redirect must specify URI, authority, scheme, or port'
  const code = typeof redirect.redirectCode === 'number' ? redirect.redirectCode : 0
  if (code !== 0 && (code < 300 || code > 399)) return `${code} is not a valid redirect code, must be 3xx`
  if (has('scheme') && redirect.scheme !== 'http' && redirect.scheme !== 'https')
    return 'invalid redirect scheme, must be "http" or "https"'
  return typeof redirect.port === 'number' && redirect.port > 0 ? portNumber(redirect.port) : undefined
}

export const redirect = (findings: Findings, value: unknown, matches: readonly Fields[]): void => {
  if (isFields(value)) findings.error(redirectProblem(value, matches))
}

const kilobyte = 1024

export const directResponse = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const body = fields(value.body)
  const size =
    typeof body.bytes === 'string'
      ? Buffer.from(body.bytes, 'base64').length
      : Buffer.byteLength(text(body.string) ?? '')
  if (size > kilobyte * kilobyte)
    findings.error('large direct_responses may impact control plane performance, must be less than 1MB')
  else if (size > 100 * kilobyte) findings.warn('large direct_responses may impact control plane performance')
  findings.error(statusCode(value.status))
}

const retryReasons = new Set(
  '5xx gateway-error reset reset-before-request connect-failure retriable-4xx refused-stream retriable-status-codes retriable-headers envoy-ratelimited http3-post-connect-failure cancelled deadline-exceeded internal resource-exhausted unavailable'.split(
    ' ',
  ),
)
/** Those with a text in Go's net/http. */
const isKnownStatus = (text: string): boolean =>
  /^[+-]?0*(10[0-3]|20[0-8]|226|30[0-5]|30[78]|40\d|41[0-8]|42[1-689]|431|451|50[0-8]|51[01])$/.test(text) &&
  !text.startsWith('-')

export const retries = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const attempts = typeof value.attempts === 'number' ? value.attempts : 0
  const on = text(value.retryOn) ?? ''
  const isLimited = typeof value.perTryTimeout === 'string'
  if (attempts < 0) findings.list(['attempts cannot be negative'])
  if (attempts === 0 && (isLimited || on !== '' || typeof value.retryRemoteLocalities === 'boolean'))
    findings.error('http retry policy configured when attempts are set to 0 (disabled)')
  findings.error(duration(value.perTryTimeout))
  if (on !== '')
    for (const reason of on.split(','))
      if (!retryReasons.has(reason) && !isKnownStatus(reason))
        findings.error(`${quoted(reason)} is not a valid retryOn policy`)
  findings.error(duration(value.backoff))
}

const regexRewrite = (findings: Findings, value: unknown): string | undefined => {
  if (!isFields(value)) return undefined
  const [match, into] = [text(value.match), text(value.rewrite)]
  const wrong =
    match && into
      ? regex(findings, match, 'HTTPRewrite.UriRegexRewrite.Match')
      : 'UriRegexRewrite requires both Rewrite and Match fields to be specified'
  return wrong === undefined ? undefined : `UriRegexRewrite has errors\n${wrong}`
}

export const rewrite = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  const [uri, expression] = [text(value.uri), isFields(value.uriRegexRewrite)]
  if (uri && expression) findings.error('rewrite may only contain one of URI or UriRegexRewrite')
  else if (!uri && !expression && !text(value.authority))
    findings.error(
      'rewrite must specify at least one of URI, UriRegexRewrite, or authority. Only one of URI or UriRegexRewrite may be specified',
    )
  else findings.error(regexRewrite(findings, value.uriRegexRewrite))
}
