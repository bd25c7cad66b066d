/**
 * Paths and locations that a VirtualService's HTTP route makes of a request. Upstream:
 * pilot/pkg/networking/core/route/route.go (ApplyRedirect, applyHTTPRouteDestination), envoy
 * source/common/router/config_impl.cc (newUri, processRequestHost, rewritePathHeader).
 */
import type { HttpRequest } from '../call.ts'
import { withoutPort } from '../match/hosts.ts'
import { withoutQuery } from '../match/paths.ts'
import { type Fields, fields, text } from './read.ts'

const queryOf = (path: string): string => path.slice(withoutQuery(path).length)

/** A path whose part that the match compared is replaced: a prefix, or the whole of an exact or regex path. With its query. */
const replaced = (path: string, by: string, match: Fields | undefined): string => {
  const compared = fields(match?.uri)
  const prefix = text(compared.prefix)
  const isWhole = prefix === undefined && (text(compared.exact) !== undefined || text(compared.regex) !== undefined)
  return by + (isWhole ? '' : withoutQuery(path).slice((prefix ?? '/').length)) + queryOf(path)
}

/** The path after `rewrite`. */
export const rewritePath = (path: string, rewrite: Fields, match: Fields | undefined): string => {
  const bare = withoutQuery(path)
  const pattern = fields(rewrite.uriRegexRewrite)
  if (text(pattern.match) !== undefined) {
    const replacement = (text(pattern.rewrite) ?? '').replace(/\$/g, '$$$$').replace(/\\(\d)/g, '$$$1')
    return bare.replace(new RegExp(text(pattern.match) ?? '', 'g'), replacement) + path.slice(bare.length)
  }
  const uri = text(rewrite.uri)
  return uri === undefined || uri === '' ? path : replaced(path, uri, match)
}

/** A proxy that redirects: where it listens, and the scheme that it was asked by. */
export interface Redirecting {
  scheme: 'http' | 'https'
  port: number
}

/** The request's own host, without a port that another one or the old scheme's default replaces. */
const hostAsked = (authority: string, asked: { scheme: string; from: string; hasPort: boolean }): string => {
  const isDefault = authority.endsWith(asked.from === 'https' ? ':443' : ':80')
  return asked.hasPort || (asked.scheme !== asked.from && isDefault) ? withoutPort(authority) : authority
}

/** Where `redirect` sends the client. istiod leaves the usual port of a scheme out. */
export const redirectTo = (
  redirect: Fields,
  request: HttpRequest,
  match: Fields | undefined,
  by: Redirecting,
): string => {
  const scheme = text(redirect.scheme) || by.scheme
  const wanted = text(redirect.derivePort) === 'FROM_REQUEST_PORT' ? by.port : Number(redirect.port ?? 0)
  const isUsual = (wanted === 80 && scheme === 'http') || (wanted === 443 && scheme === 'https')
  const port = wanted > 0 && !isUsual ? `:${wanted}` : ''
  const host =
    text(redirect.authority) || hostAsked(request.authority, { scheme, from: by.scheme, hasPort: port !== '' })
  const [uri, prefix] = [text(redirect.uri), text(redirect.prefixRewrite)]
  const rest = (): string => (uri ? uri + (uri.includes('?') ? '' : queryOf(request.path)) : request.path)
  return `${scheme}://${host}${port}${prefix ? replaced(request.path, prefix, match) : rest()}`
}
