/**
 * Routes that no request can reach, in istiod's words (pkg/config/validation/validation.go, analyzeUnreachableHTTPRules
 * and its like for TCP and TLS). Whether prefixes cover each other is istiod's own notion (coveredValidation): it is
 * not always Envoy's, but it is what the warning goes by.
 */
import { type Fields, fields, isFields, list, text } from '../read.ts'
import type { Findings } from './findings.ts'
import { quoted } from './go-text.ts'

const nameOf = (value: Fields, index: number): string =>
  text(value.name) ? quoted(text(value.name) ?? '') : `#${index}`

const mapFields = new Set(['headers', 'withoutHeaders', 'queryParams', 'sourceLabels'])

/** What protobuf keeps of a message: fields that say no more than their absence are not there. */
const kept = (value: unknown, isMap = false): unknown => {
  if (Array.isArray(value)) return value.map((each) => kept(each))
  if (!isFields(value)) return value
  const isOneof = ['exact', 'prefix', 'regex'].some((name) => value[name] !== undefined)
  const isEmpty = (each: unknown): boolean =>
    each === null || each === undefined || (!isOneof && (each === '' || each === 0 || each === false))
  return Object.entries(value)
    .filter(([name, each]) => {
      if (isMap) return true
      if (isEmpty(each) || (Array.isArray(each) && each.length === 0)) return false
      return !(mapFields.has(name) && Object.keys(fields(each)).length === 0)
    })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, kept(each, !isMap && mapFields.has(name))])
}

const keyOf = (match: Fields): string => {
  const { name: _name, ...rest } = match
  return JSON.stringify(kept(rest))
}

/** A match on a prefix of the path, as far as istiod compares such. */
interface Prefixed {
  route: string
  match: string
  prefix: string
  port: number
  method: string
  authority: string
  maps: Record<string, string>[]
}

const stringMatch = (value: unknown): string => {
  const { exact, prefix } = fields(value)
  if (exact) return `exact:${exact}`
  return prefix ? `prefix:${prefix}` : ''
}

const prefixed = (match: Fields, route: string, name: string): Prefixed | undefined => {
  const prefix = text(fields(match.uri).prefix)
  if (!prefix) return undefined
  const map = (value: unknown): Record<string, string> =>
    Object.fromEntries(Object.entries(fields(value)).map(([key, each]) => [key, stringMatch(each)]))
  return {
    route,
    match: name,
    prefix,
    port: typeof match.port === 'number' ? match.port : 0,
    method: stringMatch(match.method) || 'exact:GET',
    authority: stringMatch(match.authority),
    maps: [match.headers, match.queryParams, match.withoutHeaders].map(map),
  }
}

const covers = (first: Prefixed, later: Prefixed): boolean =>
  later.prefix.startsWith(first.prefix) &&
  later.port === first.port &&
  first.method.startsWith(later.method) &&
  first.authority.startsWith(later.authority) &&
  first.maps.every((map, index) => {
    const other = later.maps[index] ?? {}
    return (
      Object.keys(map).length === Object.keys(other).length &&
      Object.entries(map).every(([key, value]) => Object.hasOwn(other, key) && value.startsWith(other[key] ?? ''))
    )
  })

/** @param http only HTTP routes and matches have names, and only HTTP matches prefixes */
export const unreachable = (findings: Findings, given: readonly unknown[], http: boolean): void => {
  const routes = given.map(fields)
  const name = (value: Fields, index: number): string => nameOf(http ? value : {}, index)
  const unused = (rule: string, reason: string): void =>
    findings.warn(`virtualService rule ${rule} not used (${reason})`)
  const ineffective = (rule: string, match: string, by: string): void =>
    findings.warn(`virtualService rule ${rule} match ${match} is not used (duplicate/overlapping match in rule ${by})`)
  const seen = new Map<string, number>()
  const prefixes: Prefixed[] = []
  let open = false
  routes.forEach((route, index) => {
    const rule = name(route, index)
    const matches = list(route.match).map(fields)
    if (matches.length === 0) {
      if (open) unused(rule, 'only the last rule can have no matches')
      open = true
      return
    }
    let duplicates = 0
    matches.forEach((match, at) => {
      if (open) {
        unused(rule, 'route without matches defined before')
        return
      }
      const key = keyOf(match)
      const before = seen.get(key)
      if (before !== undefined) {
        duplicates++
        ineffective(rule, name(match, at), name(routes[before] ?? {}, before))
        return
      }
      seen.set(key, index)
      const prefix = http ? prefixed(match, rule, name(match, at)) : undefined
      if (prefix !== undefined) prefixes.push(prefix)
    })
    if (duplicates === matches.length) unused(rule, 'all matches used by prior rules')
  })
  prefixes.forEach((first, index) => {
    for (const later of prefixes.slice(index + 1))
      if (later.prefix !== first.prefix && covers(first, later))
        ineffective(
          later.route,
          `${later.match} of prefix ${later.prefix}`,
          `${first.match} of prefix ${first.prefix} on ${first.route}`,
        )
  })
}
