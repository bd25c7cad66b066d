/** URLs as curl reads them: a scheme guessed, dot segments resolved, bad ones refused in curl's words. */
import ipaddr from 'ipaddr.js'

export interface Target {
  scheme: 'http' | 'https' | 'telnet'
  /** Without brackets, lower case. */
  host: string
  /** The host as it goes into the `Host` header. */
  shownHost: string
  port: number
  /** Path and query as sent. */
  path: string
  /** `user:password` from the URL. */
  credentials?: string
  fragment?: string
  /** The whole URL, normalised. */
  url: string
}

export interface BadUrl {
  exitCode: 1 | 3
  says: string
}

const ports = { http: 80, https: 443, telnet: 23 } as const

/** `/a/../b/./c` becomes `/b/c`, the query left alone. */
export const removeDots = (path: string): string => {
  const cut = path.indexOf('?')
  const [before, query] = cut < 0 ? [path, ''] : [path.slice(0, cut), path.slice(cut)]
  const out: string[] = []
  const segments = before.split('/').slice(1)
  segments.forEach((segment, at) => {
    const isLast = at === segments.length - 1
    const dots = segment.replace(/%2e/gi, '.')
    if (dots === '..') out.pop()
    if (dots === '.' || dots === '..') {
      if (isLast) out.push('')
    } else out.push(segment)
  })
  return `/${out.join('/')}${query}`
}

/** Spaces and bytes beyond ASCII are escaped; control characters make a URL malformed. */
const escapePath = (path: string): string => path.replace(/[^\x21-\x7e]/gu, (char) => encodeURIComponent(char))

export const parseUrl = (written: string, options: { pathAsIs?: boolean } = {}): Target | BadUrl => {
  if (/[\x00-\x1f\x7f ]/.test(written)) return { exitCode: 3, says: 'URL rejected: Malformed input to a URL function' }
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/?\/?/.exec(written)
  const named = scheme?.[1]?.toLowerCase()
  const rest = scheme && written.includes('://') ? written.slice(scheme[0].replace(/\/{3}$/, '//').length) : written
  if (scheme && written.includes('://') && named !== 'http' && named !== 'https' && named !== 'telnet')
    return { exitCode: 1, says: `Protocol "${named}" not supported` }
  const parts = /^([^/?#]*)([^#]*)(?:#(.*))?$/s.exec(rest)
  const authority = parts?.[1] ?? ''
  const at = authority.lastIndexOf('@')
  const credentials = at < 0 ? undefined : decodeURIComponent(authority.slice(0, at))
  const hostPort = authority.slice(at + 1)
  const split = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(hostPort)
  if (!split) return { exitCode: 3, says: 'URL rejected: Port number was not a decimal number between 0 and 65535' }
  const shownHost = split[1] ?? ''
  if (shownHost === '') return { exitCode: 3, says: 'URL rejected: No host part in the URL' }
  const portText = split[2]
  if (portText && (!/^\d+$/.test(portText) || Number(portText) > 65535))
    return { exitCode: 3, says: 'URL rejected: Port number was not a decimal number between 0 and 65535' }
  if (shownHost.startsWith('[') && !ipaddr.isValid(shownHost.slice(1, -1)))
    return { exitCode: 3, says: 'URL rejected: Bad IPv6 address' }
  if (!shownHost.startsWith('[') && /[\s"#%<>\\^`{|}]/.test(shownHost))
    return { exitCode: 3, says: 'URL rejected: Bad hostname' }
  const kind = (named as Target['scheme'] | undefined) ?? 'http'
  const port = portText ? Number(portText) : ports[kind]
  const raw = escapePath(parts?.[2] || '/')
  const absolute = raw.startsWith('/') ? raw : `/${raw}`
  const path = options.pathAsIs ? absolute : removeDots(absolute)
  const shown = port === ports[kind] ? shownHost : `${shownHost}:${port}`
  return {
    scheme: kind,
    host: shownHost.replace(/^\[|\]$/g, '').toLowerCase(),
    shownHost: shown,
    port,
    path,
    credentials,
    fragment: parts?.[3],
    url: `${kind}://${credentials === undefined ? '' : `${authority.slice(0, at)}@`}${portText ? `${shownHost}:${portText}` : shownHost}${path}`,
  }
}

/** Where a `Location` header leads from there. */
export const follow = (from: Target, location: string): string => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return location
  const origin = `${from.scheme}://${from.shownHost}`
  if (location.startsWith('//')) return `${from.scheme}:${location}`
  if (location.startsWith('/')) return `${origin}${location}`
  if (location.startsWith('?')) return `${origin}${from.path.replace(/\?.*$/s, '')}${location}`
  return `${origin}${from.path.replace(/\?.*$/s, '').replace(/[^/]*$/, '')}${location}`
}

/** `{a,b}` and `[1-3]` in a URL, expanded. Undefined: a bracket or brace that does not fit. */
export const expandGlob = (url: string): string[] | undefined => {
  const glob = /\{([^{}]*)\}|\[(\d+)-(\d+)(?::(\d+))?\]|\[([a-zA-Z])-([a-zA-Z])(?::(\d+))?\]/.exec(url)
  if (!glob) return /[{}]|\[(?![0-9a-fA-F:.]+\])/.test(url) ? undefined : [url]
  const [whole, words, low, high, step, first, last, stride] = glob
  const every: string[] = []
  if (words !== undefined) every.push(...words.split(','))
  else if (low !== undefined && high !== undefined) {
    for (let n = Number(low); n <= Number(high) && every.length < 1000; n += Number(step ?? 1) || 1)
      every.push(String(n).padStart(low.startsWith('0') ? low.length : 0, '0'))
  } else
    for (let code = first!.charCodeAt(0); code <= last!.charCodeAt(0); code += Number(stride ?? 1) || 1)
      every.push(String.fromCharCode(code))
  const tails = expandGlob(url.slice(glob.index + whole.length))
  return tails && every.flatMap((word) => tails.map((tail) => url.slice(0, glob.index) + word + tail))
}
