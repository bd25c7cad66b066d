/**
 * The tokens that a request carries where a rule looks for them. Upstream: envoyproxy/envoy
 * source/extensions/filters/http/jwt_authn/extractor.cc.
 */
import type { Locations } from './rules.ts'

/** What of a request matters here. Header names are lower-case; the path has its query. */
export interface Carrier {
  path: string
  headers: readonly (readonly [name: string, value: string])[]
}

export interface Found {
  token: string
  /** What to take out of the request when the token is not forwarded; cookies stay. */
  at: { header: string } | { param: string } | { cookie: string }
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Query parameters in order, decoded. */
const parameters = (path: string): [string, string][] => {
  const query = path.split('#', 1)[0]?.split('?').slice(1).join('?') ?? ''
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [decode(name), decode(value.join('='))]
    })
}

/** The path without a query parameter. Envoy writes the others back in the order of their names. */
export const withoutParameter = (path: string, name: string): string => {
  const kept = parameters(path).filter(([each]) => each !== name)
  const bare = path.split(/[?#]/, 1)[0] ?? ''
  const sorted = kept.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted.length === 0 ? bare : `${bare}?${sorted.map(([key, value]) => `${key}=${value}`).join('&')}`
}

const cookies = (headers: Carrier['headers']): [string, string][] =>
  headers
    .filter(([name]) => name === 'cookie')
    .flatMap(([, line]) => line.split(';'))
    .map((pair) => {
      const [name = '', ...value] = pair.trim().split('=')
      return [name, value.join('=').replace(/^"(.*)"$/, '$1')]
    })

/** After a prefix, whatever cannot belong to a token is skipped; a value without anything that can is taken whole. */
const afterPrefix = (value: string, prefix: string): string | undefined => {
  if (prefix === '') return value
  const at = value.indexOf(prefix)
  if (at < 0) return undefined
  const rest = value.slice(at + prefix.length)
  const start = rest.search(/[A-Za-z0-9_.-]/)
  return start < 0 ? value : rest.slice(start)
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Headers first, then parameters, then cookies, each in the order of their names. Envoy verifies from the end. */
export const findTokens = ({ headers, params, cookies: names }: Locations, request: Carrier): Found[] => {
  const found: Found[] = []
  for (const { name, prefix } of headers.toSorted((a, b) => byText(a.name + a.prefix, b.name + b.prefix)))
    for (const [key, value] of request.headers) {
      const token = key === name ? afterPrefix(value, prefix) : undefined
      if (token !== undefined) found.push({ token, at: { header: name } })
    }
  if (params.length > 0) {
    const given = parameters(request.path)
    for (const name of [...new Set(params)].sort()) {
      const first = given.find(([key]) => key === name)
      if (first !== undefined) found.push({ token: first[1], at: { param: name } })
    }
  }
  if (names.length > 0) {
    const given = cookies(request.headers)
    for (const name of [...new Set(names)].sort()) {
      const first = given.find(([key]) => key === name)
      if (first !== undefined) found.push({ token: first[1], at: { cookie: name } })
    }
  }
  return found
}
