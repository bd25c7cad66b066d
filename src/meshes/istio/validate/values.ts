/** Checks of single values, in the words of istiod (pkg/config/security/security.go) and of Go's parsers that it uses. */
import { isTemplate } from '../../match/paths.ts'
import { isAddress, prefixProblem } from './addresses.ts'
import { asList } from './findings.ts'
import { quoted } from './go-text.ts'

type Check = (name: string, values: readonly string[]) => string | undefined

export const notEmpty: Check = (name, values) =>
  values.includes('') ? `empty value not allowed, found in ${name}` : undefined

/** All bad addresses and ranges. */
export const addresses = (values: readonly string[]): string[] =>
  values.flatMap((value) => {
    if (!value.includes('/')) return isAddress(value) ? [] : [`bad IP address (${value})`]
    const wrong = prefixProblem(value)
    return wrong === undefined ? [] : [`bad CIDR range (${value}): ${wrong}`]
  })

/** All bad port numbers. Zero is fine for istiod. */
export const ports = (values: readonly string[]): string[] =>
  values.flatMap((value) => {
    const parsing = `strconv.ParseUint: parsing ${quoted(value)}`
    if (!/^\d+$/.test(value)) return [`bad port (${value}): ${parsing}: invalid syntax`]
    if (Number(value) > 4294967295) return [`bad port (${value}): ${parsing}: value out of range`]
    return Number(value) > 65535 ? [`bad port (${value}): <nil>`] : []
  })

export const serviceAccounts: Check = (name, values) => {
  if (values.length > 16) return 'may not have more than 16 values'
  const form = "expected format 'serviceAccount' or 'namespace/serviceAccount', found"
  for (const value of values) {
    if (value === '') return `empty value not allowed, found in ${name}`
    if (value.includes('*')) return `wildcard not allowed, found in ${name}`
    const [namespace, account, more] = value.split('/')
    if (more !== undefined) return `${form} ${quoted(value)} in ${name}`
    if (value.length > 320) return `value cannot exceed 320 characters, found ${quoted(value)} in ${name}`
    if (account === undefined) continue
    if (namespace === '') return `${form} empty namespace ${quoted(value)} in ${name}`
    if (account === '') return `${form} empty serviceAccount ${quoted(value)} in ${name}`
  }
  return undefined
}

const wildcards: Check = (name, values) => {
  const empty = notEmpty(name, values)
  if (empty !== undefined) return empty
  for (const value of values) {
    const stars = value.split('*').length - 1
    if (stars > 1) return `at most one wildcard is allowed, found in ${name}: ${quoted(value)}`
    if (stars === 1 && !value.startsWith('*') && !value.endsWith('*'))
      return `wildcard is only allowed at the start or end, found in ${name}: ${quoted(value)}`
  }
  return undefined
}

export const trustDomains: Check = (name, values) => {
  const slashed = values.find((value) => value.includes('/'))
  return (
    wildcards(name, values) ??
    (slashed === undefined ? undefined : `trust domain must not contain '/', found in ${name}: ${quoted(slashed)}`)
  )
}

/** `{*}` and `{**}` stand for whole segments, `{**}` comes last, and nothing else may have braces. */
export const pathTemplates: Check = (name, values) => {
  for (const value of values) {
    const path = value.replace(/^\/+|\/+$/g, '')
    let ended = false
    for (const segment of path.split('/')) {
      const operator = segment === '{*}' || segment === '{**}'
      if (operator && ended)
        return `invalid or unsupported path ${path}, found in ${name}. {**} is not the last operator`
      if (segment === '{**}') ended = true
      if (operator) continue
      if (/[{}]/.test(segment))
        return `invalid or unsupported path ${path}, found in ${name}. Contains '{' or '}' beyond a supported path template`
      if (isTemplate(value) && !/^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/.test(segment))
        return `invalid or unsupported path ${path}, found in ${name}. Contains segment ${segment} with invalid string literal`
    }
  }
  return undefined
}

const bracketed = (key: string): string | undefined => {
  const open = key.indexOf('[')
  const fine = key.endsWith(']') && open > 0 && open < key.length - 2
  return fine ? undefined : `bad key (${key}): should have format a[b]`
}

const listed = (errors: readonly string[]): string | undefined => (errors.length === 0 ? undefined : asList(errors))

const free = new Set(
  'source.namespace source.principal request.auth.principal request.auth.audiences request.auth.presenter connection.sni'.split(
    ' ',
  ),
)

/** The key of a `when` condition together with one of its lists. */
export const condition: Check = (key, values) => {
  const empty = notEmpty(key, values)
  if (empty !== undefined) return empty
  if (free.has(key)) return undefined
  if (
    ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'].some((prefix) => key.startsWith(prefix))
  )
    return bracketed(key)
  if (['source.ip', 'remote.ip', 'destination.ip'].includes(key)) return listed(addresses(values))
  if (key === 'destination.port') return listed(ports(values))
  if (key === 'source.serviceAccount') return serviceAccounts(key, values)
  if (key === 'source.trustDomain') return wildcards(key, values)
  if (key === 'destination.namespace') return `attribute ${key} is replaced by the metadata.namespace`
  if (key.startsWith('destination.labels')) return `attribute ${key} is replaced by the workload selector`
  if (key === 'destination.name' || key === 'destination.user')
    return `deprecated attribute ${key}: only supported in v1alpha1`
  return `unknown attribute: ${key}`
}
